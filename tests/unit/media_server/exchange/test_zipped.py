"""ZIP files laid out without being made, read by Python's own reader."""

import io
import zipfile
import zlib
from datetime import UTC, datetime

from hypothesis import given
from hypothesis import strategies as st

from media_server.exchange.zipped import ZipMember, Zipped, zip_up

AT = datetime(2026, 9, 1, 8, 30, 58, tzinfo=UTC)
names = st.text(st.characters(exclude_characters="/\\\0:", exclude_categories=["Cs"]), min_size=1, max_size=20)


def bytes_of(zipped: Zipped, contents: dict[str, bytes], start: int, stop: int) -> bytes:
    return b"".join(
        (part if isinstance(part, bytes) else contents[part.name])[first:last]
        for part, first, last in zipped.between(start, stop)
    )


@given(st.dictionaries(names, st.binary(max_size=60), max_size=5), st.integers(0, 400), st.integers(0, 400))
def test_what_is_laid_out_is_a_zip_file_and_so_is_every_range_of_it(
    contents: dict[str, bytes], first: int, length: int
) -> None:
    zipped = zip_up([ZipMember(name, len(data), zlib.crc32(data), AT) for name, data in contents.items()])
    whole = bytes_of(zipped, contents, 0, zipped.size)
    assert len(whole) == zipped.size
    with zipfile.ZipFile(io.BytesIO(whole)) as found:
        assert found.testzip() is None
        assert {info.filename: found.read(info) for info in found.infolist()} == contents
        assert {info.date_time for info in found.infolist()} <= {(2026, 9, 1, 8, 30, 58)}
    stop = min(zipped.size, first + length)
    assert bytes_of(zipped, contents, first, stop) == whole[first:stop]


class Sparse(io.RawIOBase):
    """A file of many gigabytes, of which nothing but the parts between members is there: members read as zeros."""

    def __init__(self, zipped: Zipped) -> None:
        self._zipped, self._at = zipped, 0

    def readable(self) -> bool:
        return True

    def seekable(self) -> bool:
        return True

    def seek(self, offset: int, whence: int = 0) -> int:
        self._at = offset + {0: 0, 1: self._at, 2: self._zipped.size}[whence]
        return self._at

    def tell(self) -> int:
        return self._at

    def read(self, size: int = -1) -> bytes:
        stop = self._zipped.size if size < 0 else min(self._zipped.size, self._at + size)
        parts = self._zipped.between(self._at, stop)
        self._at = stop
        return b"".join(
            part[first:last] if isinstance(part, bytes) else bytes(last - first) for part, first, last in parts
        )


def test_files_beyond_four_gigabytes_are_found_again() -> None:
    sizes = {"大.mp4": 5 << 30, "小.txt": 3, "later.mp4": 0xFFFF_FFFF}
    members = [ZipMember(name, size, zlib.crc32(bytes(3)), AT) for name, size in sizes.items()]
    with zipfile.ZipFile(Sparse(zip_up(members))) as found:
        assert {info.filename: info.file_size for info in found.infolist()} == sizes
        assert found.read("小.txt") == bytes(3)


def test_more_files_than_sixteen_bits_count_are_found_again() -> None:
    members = [ZipMember(str(number), 0, 0, AT) for number in range(70_000)]
    zipped = zip_up(members)
    with zipfile.ZipFile(io.BytesIO(bytes_of(zipped, {str(n): b"" for n in range(70_000)}, 0, zipped.size))) as found:
        assert len(found.infolist()) == 70_000
