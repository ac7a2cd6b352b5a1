"""VP8 packets on their way into a recording; each piece of an input is a flag byte and a payload."""

from collections.abc import Iterator

from tests.fakes.camera import VP8
from tests.fuzz.pictures import attack
from tests.fuzz.target import join, split

MAX_BYTES = 600


def run(data: bytes) -> None:
    attack(VP8, split(data))


def seeds() -> Iterator[bytes]:
    keyframe = b"\x10\x00\x00\x9d\x01\x2a\x40\x01\xb4\x00"
    yield join([b"\x00\x10" + keyframe, b"\x03\x00rest", b"\x01\x10\x11\x00\x00next"])
    yield join([b"\x01\x90\xe0\x81\x23\x07\x00" + keyframe, b"\x05\x10\x11\x00", b"\x01\x80\xff"])
