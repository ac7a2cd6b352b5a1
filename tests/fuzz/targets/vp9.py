"""VP9 payloads (RFC 9628) of one stream; each piece of an input is a packet."""

from collections.abc import Iterator

from media_server.sfu.codecs.vp9 import Vp9
from tests.fuzz.payload import attack
from tests.fuzz.target import join, split

MAX_BYTES = 300


def run(data: bytes) -> None:
    attack(Vp9(), [(chunk, {}) for chunk in split(data)])


def seeds() -> Iterator[bytes]:
    keyframe = bytes.fromhex("824983420013f00b70")
    yield join([b"\x8c\x81\x23" + keyframe, b"\x84\x81\x24" + keyframe])
    # Flexible and not, with layers, references and a scalability structure of two sizes.
    yield join([b"\xaa\x81\x23\x00\x05\x30\x01\x40\x00\xf0\x02\x80\x01\xe0" + keyframe])
    yield join([b"\xf8\x81\x24\x22\x03\x04" + keyframe, b"\xb8\x11\x22" + keyframe])
