"""AV1 packets on their way into a recording; each piece of an input is a flag byte and a payload."""

from collections.abc import Iterator

from tests.fakes.camera import AV1
from tests.fuzz.pictures import attack
from tests.fuzz.target import join, split

MAX_BYTES = 600


def run(data: bytes) -> None:
    attack(AV1, split(data))


def seeds() -> Iterator[bytes]:
    sequence = bytes.fromhex("080000000a5c0600")
    yield join([b"\x00\x18" + sequence, b"\x02\x50\x30\x10frame", b"\x03\x90goes on", b"\x01\x10\x30\x30next"])
    yield join([b"\x01\x08\x08" + sequence + b"\x03\x30\x10\x00", b"\x05\x10\x30\x30", b"\x01\xc0"])
