"""The bounds of the HTTP edge, in one place; a test reaches each of them."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class HttpLimits:
    """Defaults are for production; tests pass smaller ones."""

    json_body_bytes: int = 64 * 1024
    # aiohttp reads nothing beyond this whatever a handler asks for.
    any_body_bytes: int = 8 * 1024 * 1024
    # A body that trickles in slower than this holds a handler for nothing (slowloris).
    body_timeout_s: float = 20.0
    hello_timeout_s: float = 10.0
    # A browser on a line that can no longer take a megabyte of JSON is gone; it reconnects and gets fresh snapshots.
    # Characters, not bytes: counting them costs nothing, and JSON of ours is mostly ASCII.
    socket_queue_characters: int = 1024 * 1024
    socket_queue_messages: int = 512
    # An agent sends levels of four sources ten times a second beside previews and state; a page a few a minute.
    socket_messages_per_s: float = 100.0
    socket_messages_burst: int = 300
    socket_heartbeat_s: float = 20.0
    # Unreadable frames before the server stops answering them one by one.
    socket_bad_frames: int = 20
    # How long a signed-out session may keep an open socket.
    socket_recheck_s: float = 30.0
    socket_close_timeout_s: float = 1.0
    # A county may reach us through one address; what this stops is one machine gone wrong.
    sockets_per_address: int = 2000
