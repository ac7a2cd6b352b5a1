"""Boxes (ISO/IEC 14496-12 § 4.2): written from parts, and found without trusting a size."""

import struct
from collections.abc import Iterator
from typing import NamedTuple

from classroom.errors import BadInput

_LARGE_HEADER_BYTES = 16
HEADER_BYTES = 8
_SIZE = struct.Struct(">I4s")


class MalformedMp4(BadInput):
    """Bytes that are not the MP4 they should be."""

    def __init__(self, reason: str) -> None:
        super().__init__("mp4_malformed", reason=reason)


class Box(NamedTuple):
    """Where a box lies: it begins at `start`, its content at `body`, and what follows it at `end`."""

    kind: bytes
    start: int
    body: int
    end: int


def box(kind: bytes, *parts: bytes) -> bytes:
    """A box with these parts as content, shorter than 4 GiB."""
    content = b"".join(parts)
    return _SIZE.pack(HEADER_BYTES + len(content), kind) + content


def full_box(kind: bytes, version: int, flags: int, *parts: bytes) -> bytes:
    return box(kind, (version << 24 | flags).to_bytes(4), *parts)


def boxes(data: bytes, start: int = 0, end: int | None = None) -> Iterator[Box]:
    """The boxes between `start` and `end` in order. Raises `MalformedMp4` at the first that does not fit."""
    end = len(data) if end is None else end
    while start < end:
        if end - start < HEADER_BYTES:
            raise MalformedMp4("box is cut off")
        size, kind = _SIZE.unpack_from(data, start)
        body = start + HEADER_BYTES
        if size == 1:  # "largesize"
            if end - start < _LARGE_HEADER_BYTES:
                raise MalformedMp4("box is cut off")
            body = start + _LARGE_HEADER_BYTES
            size = int.from_bytes(data[start + HEADER_BYTES : body])
        elif size == 0:  # "box extends to end of file": nobody can tell whether that is all of it
            raise MalformedMp4("box without a size")
        if size < body - start or start + size > end:
            raise MalformedMp4("box is cut off")
        yield Box(kind, start, body, start + size)
        start += size


def find(data: bytes, within: Box | None, *path: bytes) -> Box:
    """The first box at this path of kinds, in all of `data` or within a box. Raises `MalformedMp4`."""
    found = within or Box(b"", 0, 0, len(data))
    for kind in path:
        inner = next((each for each in boxes(data, found.body, found.end) if each.kind == kind), None)
        if inner is None:
            raise MalformedMp4(f"no {kind.decode('latin-1')}")
        found = inner
    return found


class Fields:
    """Reads the fields of a box in order. Raises `MalformedMp4` beyond its end."""

    def __init__(self, data: bytes, at: Box, skip: int = 0) -> None:
        self._data = data
        self._position = at.body + skip
        self._end = at.end

    @property
    def left(self) -> int:
        """Bytes."""
        return self._end - self._position

    def number(self, size: int, *, signed: bool = False) -> int:
        return int.from_bytes(self.take(size), signed=signed)

    def take(self, size: int) -> bytes:
        if size > self.left:
            raise MalformedMp4("box is too short")
        self._position += size
        return self._data[self._position - size : self._position]

    def version_and_flags(self) -> tuple[int, int]:
        word = self.number(4)
        return word >> 24, word & 0xFFFFFF
