"""A capture's surroundings under virtual time: a clock that jumps to whatever is waited for, and a sink that keeps."""

import threading
from collections.abc import Callable

from room_agent.capture.frames import Opened, Picture, Sound


class VirtualBeat:
    """`wait_until` moves time at once, so minutes of a recording play in the time it takes to decode them."""

    def __init__(self, start_s: float = 1000.0, unix_s: float = 1_790_000_000.0) -> None:
        self._now_s = start_s
        self._offset_s = unix_s - start_s

    def now(self) -> float:
        return self._now_s

    def unix(self) -> float:
        return self._now_s + self._offset_s

    def wait_until(self, moment_s: float, stop: threading.Event) -> bool:
        self._now_s = max(self._now_s, moment_s)
        return not stop.is_set()

    def advance(self, seconds: float) -> None:
        self._now_s += seconds


class KeepingSink:
    """Keeps everything and sets `stop` when `enough` says so."""

    def __init__(self, enough: Callable[["KeepingSink"], bool]) -> None:
        self.stop = threading.Event()
        self.what: list[Opened] = []
        self.pictures: list[Picture] = []
        self.sounds: list[Sound] = []
        self._enough = enough

    def opened(self, what: Opened) -> None:
        self.what.append(what)

    def picture(self, picture: Picture) -> None:
        self.pictures.append(picture)
        self._check()

    def sound(self, sound: Sound) -> None:
        self.sounds.append(sound)
        self._check()

    def _check(self) -> None:
        if self._enough(self):
            self.stop.set()
