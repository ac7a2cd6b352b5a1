"""A ZIP file that is never made: where its bytes come from, known before any of them is read.

APPNOTE.TXT 6.3.10. Nothing is compressed (films cannot be), so every size is known, and any range can be sent alone.
"""

import struct
from bisect import bisect_right
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime

_UTF8_NAME = 0x0800  # § 4.4.4 bit 11
_ZIP64 = 45  # § 4.4.3: version needed for 64-bit sizes
_PLAIN = 20
_UNIX = 3 << 8
_FILE_MODE = 0o100644 << 16
_MAX_32 = 0xFFFF_FFFF
_ZIP64_EXTRA = 0x0001
_EARLIEST = (1980, 1, 1, 0, 0, 0)  # § 4.4.6 counts years from there


@dataclass(frozen=True, slots=True)
class ZipMember:
    """`name` with `/` between folders; `crc` is CRC-32 of the file's bytes, `changed_at` in local time."""

    name: str
    size: int
    crc: int
    changed_at: datetime


@dataclass(frozen=True, slots=True)
class Zipped:
    """Parts in a row: bytes, or the whole file of a member; `offsets` say where each begins."""

    parts: tuple[bytes | ZipMember, ...]
    offsets: tuple[int, ...]
    size: int

    def between(self, start: int, stop: int) -> Iterator[tuple[bytes | ZipMember, int, int]]:
        """What the bytes from `start` to before `stop` are made of, and which part of each."""
        index = max(0, bisect_right(self.offsets, start) - 1)
        for part, offset in zip(self.parts[index:], self.offsets[index:], strict=True):
            if offset >= stop:
                return
            length = part.size if isinstance(part, ZipMember) else len(part)
            first, last = max(0, start - offset), min(length, stop - offset)
            if first < last:
                yield part, first, last


def zip_up(members: Sequence[ZipMember]) -> Zipped:
    """Members in order."""
    parts: list[bytes | ZipMember] = []
    offsets: list[int] = []
    at = 0

    def put(part: bytes | ZipMember) -> None:
        nonlocal at
        parts.append(part)
        offsets.append(at)
        at += part.size if isinstance(part, ZipMember) else len(part)

    directory = []
    for member in members:
        directory.append(_directory_header(member, at))
        put(_local_header(member))
        put(member)
    begin, listing = at, b"".join(directory)
    put(listing + _end(len(members), len(listing), begin))
    return Zipped(tuple(parts), tuple(offsets), at)


def _moment(member: ZipMember) -> tuple[int, int]:
    """§ 4.4.6: time and date as MS-DOS wrote them."""
    year, month, day, hour, minute, second = max(member.changed_at.timetuple()[:6], _EARLIEST)
    return hour << 11 | minute << 5 | second // 2, (year - 1980) << 9 | month << 5 | day


def _local_header(member: ZipMember) -> bytes:
    """§ 4.3.7."""
    name, large = member.name.encode(), member.size >= _MAX_32
    extra = struct.pack("<HHQQ", _ZIP64_EXTRA, 16, member.size, member.size) if large else b""
    size = _MAX_32 if large else member.size
    fields = (_ZIP64 if large else _PLAIN, _UTF8_NAME, 0, *_moment(member), member.crc, size, size)
    return b"PK\3\4" + struct.pack("<HHHHHIIIHH", *fields, len(name), len(extra)) + name + extra


def _directory_header(member: ZipMember, offset: int) -> bytes:
    """§ 4.3.12; § 4.5.3: only what does not fit stands in the extra field, in this order."""
    name, large, far = member.name.encode(), member.size >= _MAX_32, offset >= _MAX_32
    wide = struct.pack("<QQ", member.size, member.size) if large else b""
    wide += struct.pack("<Q", offset) if far else b""
    extra = struct.pack("<HH", _ZIP64_EXTRA, len(wide)) + wide if wide else b""
    size = _MAX_32 if large else member.size
    needed = _ZIP64 if wide else _PLAIN
    fields = (_UNIX | needed, needed, _UTF8_NAME, 0, *_moment(member), member.crc, size, size, len(name), len(extra))
    rest = (0, 0, 0, _FILE_MODE, min(offset, _MAX_32))
    return b"PK\1\2" + struct.pack("<HHHHHHIIIHHHHHII", *fields, *rest) + name + extra


def _end(count: int, length: int, begin: int) -> bytes:
    """§ 4.3.14 – 16. The 64-bit records stand there when they are needed, as old programs stumble over them."""
    wide = b""
    if count >= 0xFFFF or length >= _MAX_32 or begin >= _MAX_32:
        wide = b"PK\6\6" + struct.pack("<QHHIIQQQQ", 44, _UNIX | _ZIP64, _ZIP64, 0, 0, count, count, length, begin)
        wide += b"PK\6\7" + struct.pack("<IQI", 0, begin + length, 1)
    few = min(count, 0xFFFF)
    return wide + b"PK\5\6" + struct.pack("<HHHHIIH", 0, 0, few, few, min(length, _MAX_32), min(begin, _MAX_32), 0)
