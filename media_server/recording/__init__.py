"""Recording what publishers send, from the packets that reach this server and without transcoding.

`core` is pure and turns packets into fragments; around it stand what listens, writes and hands over.
"""
