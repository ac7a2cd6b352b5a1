"""The bus of a single process."""

from collections.abc import AsyncIterator
from typing import Self

from classroom.bus.delivery import QUEUE_LIMIT, Inbox
from classroom.bus.interface import Subscription
from classroom.clock import Clock
from classroom.messages.events import BusEvent


class MemorySubscription:
    """See `Subscription`."""

    def __init__(
        self, inboxes: dict[type[BusEvent], list[Inbox]], types: tuple[type[BusEvent], ...], limit: int
    ) -> None:
        self._inboxes = inboxes
        self._types = types
        self._inbox = Inbox(limit)

    async def __aenter__(self) -> Self:
        for event_type in self._types:
            self._inboxes.setdefault(event_type, []).append(self._inbox)
        return self

    async def __aexit__(self, *args: object) -> None:
        for event_type in self._types:
            self._inboxes[event_type].remove(self._inbox)
        self._inbox.close()

    def __aiter__(self) -> AsyncIterator[BusEvent | None]:
        return self._inbox.__aiter__()


class MemoryBus:
    """See `Bus`. Presence expires by `clock`."""

    def __init__(self, clock: Clock, queue_limit: int = QUEUE_LIMIT) -> None:
        self._clock = clock
        self._queue_limit = queue_limit
        self._inboxes: dict[type[BusEvent], list[Inbox]] = {}
        self._presence: dict[str, tuple[float, str]] = {}

    async def start(self) -> None:
        """Nothing to connect to."""

    async def close(self) -> None:
        """End every subscription."""
        for inboxes in self._inboxes.values():
            for inbox in inboxes:
                inbox.close()

    async def publish(self, event: BusEvent) -> None:
        for inbox in self._inboxes.get(type(event), ()):
            inbox.put(event)

    def subscribe(self, *types: type[BusEvent]) -> Subscription:
        return MemorySubscription(self._inboxes, types, self._queue_limit)

    async def put(self, key: str, value: str, ttl_s: float) -> None:
        self._presence[key] = (self._clock.monotonic() + ttl_s, value)

    async def get(self, key: str) -> str | None:
        self._expire()
        entry = self._presence.get(key)
        return entry[1] if entry else None

    async def delete(self, key: str) -> None:
        self._presence.pop(key, None)

    async def list(self, prefix: str) -> dict[str, str]:
        self._expire()
        return {key: value for key, (_, value) in sorted(self._presence.items()) if key.startswith(prefix)}

    def _expire(self) -> None:
        now = self._clock.monotonic()
        for key in [key for key, (deadline, _) in self._presence.items() if deadline <= now]:
            del self._presence[key]
