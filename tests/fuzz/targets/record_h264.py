"""H264 packets on their way into a recording; each piece of an input is a flag byte and a payload."""

from collections.abc import Iterator

from tests.fakes.camera import H264, SPS_720P
from tests.fuzz.pictures import attack
from tests.fuzz.target import join, split

MAX_BYTES = 600


def run(data: bytes) -> None:
    attack(H264, split(data))


def seeds() -> Iterator[bytes]:
    sets = b"\x78\x00\x1b" + SPS_720P + b"\x00\x04\x68\xce\x3c\x80"
    yield join([b"\x00" + sets, b"\x02\x7c\x85first", b"\x02\x7c\x05middle", b"\x03\x7c\x45last"])
    yield join(
        [b"\x00" + sets, b"\x03\x65whole", b"\x01\x41next", b"\x05\x41after a loss", b"\x01\x1c\x05no beginning"]
    )
