"""Bits of a header, most significant first."""

from collections.abc import Iterator
from contextlib import contextmanager

from classroom.errors import BadInput


class MalformedStream(BadInput):
    """Bytes of a picture or a sound that are not what their codec's specification promises."""

    def __init__(self, codec: str, reason: str) -> None:
        super().__init__("stream_malformed", codec=codec, reason=reason)


@contextmanager
def reading(codec: str) -> Iterator[None]:
    """Running out of bits inside the block is `MalformedStream`."""
    try:
        yield
    except IndexError:
        raise MalformedStream(codec, "header is cut off") from None


class BitReader:
    """Reads fixed and variable-length codes; IndexError at the end of the data."""

    __slots__ = ("_data", "position")

    def __init__(self, data: bytes) -> None:
        self._data = data
        self.position = 0  # in bits

    def bit(self) -> int:
        value = self._data[self.position >> 3] >> (7 - (self.position & 7)) & 1
        self.position += 1
        return value

    def bits(self, count: int) -> int:
        value = 0
        for _ in range(count):
            value = value << 1 | self.bit()
        return value

    def exp_golomb(self) -> int:
        """ue(v), H.264 § 9.1; AV1's uvlc() is the same code."""
        zeros = 0
        while not self.bit():
            zeros += 1
            if zeros > 32:
                raise IndexError("Exp-Golomb code is too long")
        return (1 << zeros) - 1 + self.bits(zeros)

    def signed_exp_golomb(self) -> int:
        code = self.exp_golomb()
        return (code + 1) // 2 if code & 1 else -(code // 2)

    def non_symmetric(self, count: int) -> int:
        """ns(n), AV1 § 4.10.7: a value below `count`."""
        width = count.bit_length()
        short = (1 << width) - count
        value = self.bits(width - 1)
        if value < short:
            return value
        return (value << 1) - short + self.bit()
