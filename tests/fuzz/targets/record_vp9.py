"""VP9 packets on their way into a recording; each piece of an input is a flag byte and a payload."""

from collections.abc import Iterator

from tests.fakes.camera import VP9, VP9_KEYFRAME
from tests.fuzz.pictures import attack
from tests.fuzz.target import join, split

MAX_BYTES = 600


def run(data: bytes) -> None:
    attack(VP9, split(data))


def seeds() -> Iterator[bytes]:
    yield join([b"\x00\x88\x23" + VP9_KEYFRAME, b"\x03\x84\x23rest", b"\x01\xcc\x24\x86\x00next"])
    # Two spatial layers in one picture, with a scalability structure of two sizes.
    structure = b"\x30\x01\x40\x00\xb4\x02\x80\x01\x68"
    yield join([b"\x00\xae\x05\x00\x07" + structure + VP9_KEYFRAME, b"\x03\xac\x05\x03\x07\x86\x00upper"])
