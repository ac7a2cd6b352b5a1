"""What must travel between processes: events and presence.

`memory` by default, `redis_bus` when outgrown; one conformance suite.
"""
