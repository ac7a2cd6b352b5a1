"""Recording from RTP, pure: packets and time in, fragments of MP4 out. No sockets, no files, no clocks.

Glossary
- **Stream**: what is tapped from one encoding: its packets in order, put together, each with its time.
- **Picture**: what is decoded and shown at once, as a file keeps it; its **format** is what a decoder needs before it.
- **Moment**: a picture or a packet of sound with its time on the server's clock.
- **Publication**: one publisher's source, for as long as it is published; another one is another publication.
- **Track writer**: lays moments end to end: what is missing is concealed, what a publisher's absence leaves is a gap.
"""
