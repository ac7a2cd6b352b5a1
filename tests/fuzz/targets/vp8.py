"""VP8 payloads (RFC 7741) of one stream; each piece of an input is a packet."""

from collections.abc import Iterator

from media_server.sfu.codecs.vp8 import Vp8
from tests.fuzz.payload import attack
from tests.fuzz.target import join, split

MAX_BYTES = 300


def run(data: bytes) -> None:
    attack(Vp8(), [(chunk, {}) for chunk in split(data)])


def seeds() -> Iterator[bytes]:
    picture = bytes.fromhex("500100 9d012a4001f000".replace(" ", ""))
    yield join([b"\x10" + picture])
    yield join([b"\x90\xf0\x81\x23\x07\x20" + picture, b"\x80\xf0\x81\x23\x07\x20" + picture])
    yield join([b"\x90\x80\x11" + picture, b"\x90\x80\x7f\x01"])
