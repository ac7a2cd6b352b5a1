"""The bus of several processes: Redis.

Events go over pub/sub, one channel per type: a hint that is lost while a subscriber's connection is away, which is why
a subscription then yields `None`. Presence is keys with a time to live. Each subscription has a connection of its own:
its order is then the server's, and a slow one holds up no other.
"""

import asyncio
import random
from collections.abc import AsyncIterator, Iterator
from contextlib import contextmanager
from typing import Any, Self
from urllib.parse import urlsplit

from pydantic import ValidationError
from redis.asyncio import Redis
from redis.asyncio.client import PubSub
from redis.asyncio.retry import Retry
from redis.backoff import NoBackoff
from redis.exceptions import RedisError

from classroom.bus.delivery import QUEUE_LIMIT, Inbox
from classroom.bus.interface import Subscription
from classroom.clock import Clock
from classroom.errors import BadSettings, Unavailable
from classroom.logs import get_logger
from classroom.messages.events import BusEvent, bus_events

log = get_logger(__name__)

# A Redis may serve others too: everything of ours begins with this.
PREFIX = "qianshou:"
ANSWER_WITHIN_S = 5.0
# A connection that is silent this long is asked for a sign of life, so that a cut cable is noticed.
PING_EVERY_S = 5.0
FIRST_RETRY_S = 0.1
LONGEST_RETRY_S = 5.0
CANCEL_AGAIN_S = 0.2
SCAN_BATCH = 500


def _channel(event_type: type[BusEvent]) -> str:
    return f"{PREFIX}event:{event_type.model_fields['type'].default}"


def _escaped(prefix: str) -> str:
    """`prefix` for MATCH, where * ? [ ] and backslash are special."""
    return "".join("\\" + c if c in "*?[]\\" else c for c in prefix)


class RedisSubscription:
    """See `Subscription`. A reader task fills the inbox; when it had to connect again it leaves a `None` there."""

    def __init__(self, bus: "RedisBus", types: tuple[type[BusEvent], ...]) -> None:
        self._bus = bus
        self._channels = [_channel(event_type) for event_type in types]
        self._inbox = Inbox(bus.queue_limit)
        self._reader: asyncio.Task[None] | None = None

    async def __aenter__(self) -> Self:
        with _reaching(self._bus.where):
            pubsub = await self._connect()
        self._reader = asyncio.get_running_loop().create_task(self._read(pubsub), name="bus subscription")
        self._bus.open.add(self)
        return self

    async def __aexit__(self, *args: object) -> None:
        await self.close()

    def __aiter__(self) -> AsyncIterator[BusEvent | None]:
        return self._inbox.__aiter__()

    async def close(self) -> None:
        """Unsubscribe and end the iteration."""
        self._bus.open.discard(self)
        while self._reader is not None and not self._reader.done():
            # more than once: a cancellation that meets a timeout of the client library is lost there
            self._reader.cancel()
            await asyncio.wait([self._reader], timeout=CANCEL_AGAIN_S)
        self._inbox.close()

    async def _connect(self) -> PubSub:
        """Subscribed, and confirmed so by the server: from now on nothing is missed."""
        pubsub = self._bus.listening.pubsub()
        try:
            async with asyncio.timeout(ANSWER_WITHIN_S):
                await pubsub.subscribe(*self._channels)
                confirmed = 0
                while confirmed < len(self._channels):
                    message = await pubsub.get_message(timeout=ANSWER_WITHIN_S)
                    if message is not None and message["type"] == "subscribe":
                        confirmed += 1
                    elif message is not None:
                        self._take(message)
        except BaseException:
            await pubsub.aclose()  # type: ignore[no-untyped-call]
            raise
        return pubsub

    async def _read(self, pubsub: PubSub) -> None:
        try:
            while True:
                try:
                    await self._listen(pubsub)
                except (RedisError, OSError) as error:
                    log.warning("bus connection lost", bus=self._bus.where, error=type(error).__name__)
                await pubsub.aclose()  # type: ignore[no-untyped-call]
                pubsub = await self._reconnect()
                self._inbox.lose()
        finally:
            await pubsub.aclose()  # type: ignore[no-untyped-call]

    async def _listen(self, pubsub: PubSub) -> None:
        silent = False
        while True:
            message = await pubsub.get_message(timeout=self._bus.ping_every_s)
            if message is not None:
                silent = False
                self._take(message)
            elif silent:
                raise TimeoutError("no answer to a ping")
            else:
                silent = True
                await pubsub.ping()

    async def _reconnect(self) -> PubSub:
        delay_s = FIRST_RETRY_S
        while True:
            try:
                return await self._connect()
            except (RedisError, OSError):
                # jitter spreads load, it is no secret
                await self._bus.clock.sleep(delay_s * random.uniform(0.5, 1.0))
                delay_s = min(delay_s * 2, LONGEST_RETRY_S)

    def _take(self, message: dict[str, Any]) -> None:
        if message["type"] != "message":
            return
        try:
            self._inbox.put(bus_events.validate_json(message["data"]))
        except ValidationError:
            # a process of another version: what it says cannot be read, but something has changed
            log.warning("bus event not understood", channel=message["channel"])
            self._inbox.lose()


class RedisBus:
    """See `Bus`. `url` is redis://, rediss:// or unix://."""

    def __init__(
        self, url: str, clock: Clock, queue_limit: int = QUEUE_LIMIT, ping_every_s: float = PING_EVERY_S
    ) -> None:
        self.clock = clock
        self.queue_limit = queue_limit
        self.ping_every_s = ping_every_s
        self.where = _without_password(url)
        self.open: set[RedisSubscription] = set()
        # A command that met a restarted server is worth one more try; a subscription must not be mended behind its
        # back, because it has to know that it was away.
        self._asking = _client(url, retries=1)
        self.listening = _client(url, retries=0)

    async def start(self) -> None:
        """Raises `Unavailable("bus_unreachable")`."""
        with _reaching(self.where):
            await self._asking.ping()

    async def close(self) -> None:
        """End every subscription and all connections."""
        for subscription in list(self.open):
            await subscription.close()
        await self.listening.aclose()
        await self._asking.aclose()

    async def publish(self, event: BusEvent) -> None:
        with _reaching(self.where):
            await self._asking.publish(_channel(type(event)), event.model_dump_json())

    def subscribe(self, *types: type[BusEvent]) -> Subscription:
        return RedisSubscription(self, types)

    async def put(self, key: str, value: str, ttl_s: float) -> None:
        with _reaching(self.where):
            await self._asking.set(PREFIX + key, value, px=max(1, round(ttl_s * 1000)))

    async def get(self, key: str) -> str | None:
        with _reaching(self.where):
            value = await self._asking.get(PREFIX + key)
        return None if value is None else str(value)

    async def delete(self, key: str) -> None:
        with _reaching(self.where):
            await self._asking.delete(PREFIX + key)

    async def list(self, prefix: str) -> dict[str, str]:
        with _reaching(self.where):
            keys = sorted({key async for key in self._asking.scan_iter(_escaped(PREFIX + prefix) + "*", SCAN_BATCH)})
            values = await self._asking.mget(keys) if keys else []
        # a key may expire between the two questions
        pairs = zip(keys, values, strict=True)
        return {str(key).removeprefix(PREFIX): str(value) for key, value in pairs if value is not None}


@contextmanager
def _reaching(where: str) -> Iterator[None]:
    try:
        yield
    except (RedisError, OSError, TimeoutError) as error:
        raise Unavailable("bus_unreachable", bus=where) from error


def _client(url: str, retries: int) -> Redis:
    try:
        client: Redis = Redis.from_url(
            url,
            decode_responses=True,
            retry=Retry(NoBackoff(), retries),
            socket_timeout=ANSWER_WITHIN_S,
            socket_connect_timeout=ANSWER_WITHIN_S,
        )
    except ValueError as error:
        raise BadSettings("bus_url_wrong", bus=_without_password(url), problem=str(error)) from None
    return client


def _without_password(url: str) -> str:
    parts = urlsplit(url)
    host = parts.netloc.rpartition("@")[2]
    return parts._replace(netloc=host, query="").geturl()
