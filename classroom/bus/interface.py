"""The bus every service talks to."""

from collections.abc import AsyncIterator
from typing import Protocol, Self

from classroom.messages.events import BusEvent


class Subscription(Protocol):
    """An open subscription; leave the `async with` block to unsubscribe.

    Iterating gives events in the order one publisher sent them, or `None`: events may have been missed (the queue
    was full, or the connection was away) and whatever is derived from them must be read again.
    """

    async def __aenter__(self) -> Self: ...
    async def __aexit__(self, *args: object) -> None: ...
    def __aiter__(self) -> AsyncIterator[BusEvent | None]: ...


class Bus(Protocol):
    """Events (best effort, never blocking the publisher) and presence (keys that vanish after their time to live)."""

    async def start(self) -> None: ...
    async def close(self) -> None: ...

    async def publish(self, event: BusEvent) -> None:
        """Send to every current subscriber of the event's type. Raises `Unavailable("bus_unreachable")`."""

    def subscribe(self, *types: type[BusEvent]) -> Subscription:
        """Events of these types from the moment the block is entered."""

    async def put(self, key: str, value: str, ttl_s: float) -> None:
        """Set a presence key for `ttl_s` seconds."""

    async def get(self, key: str) -> str | None: ...
    async def delete(self, key: str) -> None: ...

    async def list(self, prefix: str) -> dict[str, str]:
        """All live presence keys that start with `prefix`."""
