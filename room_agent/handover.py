"""Bounded hand-over between threads, and from threads to the event loop. Nobody ever waits to put something in."""

import asyncio
import contextlib
import threading
from collections import deque
from collections.abc import Callable
from typing import Generic, TypeVar

T = TypeVar("T")


class Newest(Generic[T]):
    """A place for one item. A new one replaces one that nobody took yet: late pictures are worth nothing."""

    def __init__(self) -> None:
        self._changed = threading.Condition()
        self._item: T | None = None
        self._closed = False
        self.dropped = 0

    def put(self, item: T) -> None:
        with self._changed:
            if self._item is not None:
                self.dropped += 1
            self._item = item
            self._changed.notify()

    def take(self) -> T | None:
        """Blocks until there is an item; None once closed."""
        with self._changed:
            while self._item is None and not self._closed:
                self._changed.wait()
            item, self._item = self._item, None
            return None if self._closed else item

    def close(self) -> None:
        with self._changed:
            self._closed = True
            self._changed.notify_all()


class ToLoop(Generic[T]):
    """Calls `receive` in the event loop for every item put in from other threads, in order.

    At most `limit` items wait; when the loop does not keep up, the oldest are dropped and counted.
    """

    def __init__(self, loop: asyncio.AbstractEventLoop, receive: Callable[[T], None], limit: int) -> None:
        self._loop = loop
        self._receive = receive
        self._lock = threading.Lock()
        self._items: deque[T] = deque(maxlen=limit)
        self._woken = False
        self._closed = False
        self.dropped = 0

    def put(self, item: T) -> None:
        with self._lock:
            if self._closed:
                return
            if len(self._items) == self._items.maxlen:
                self.dropped += 1
            self._items.append(item)
            if self._woken:
                return
            self._woken = True
            with contextlib.suppress(RuntimeError):  # the loop is gone: so is everybody who would receive this
                self._loop.call_soon_threadsafe(self._drain)

    def close(self) -> None:
        """Nothing is received after this; call it in the loop, before the loop ends."""
        with self._lock:
            self._closed = True
            self._items.clear()

    def _drain(self) -> None:
        with self._lock:
            items = list(self._items)
            self._items.clear()
            self._woken = False
        for item in items:
            self._receive(item)
