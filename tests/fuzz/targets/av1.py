"""AV1 payloads with dependency descriptors; each piece of an input is a packet, its descriptor's length first."""

from collections.abc import Iterator

from media_server.sfu.codecs.av1 import Av1
from media_server.sfu.codecs.dependency import DEPENDENCY_DESCRIPTOR
from media_server.sfu.codecs.payload import Extensions
from tests.fuzz.payload import attack
from tests.fuzz.target import join, split

MAX_BYTES = 400


def packet(chunk: bytes) -> tuple[bytes, Extensions]:
    length = chunk[0] if chunk else 0
    descriptor, payload = chunk[1 : 1 + length], chunk[1 + length :]
    return payload, {DEPENDENCY_DESCRIPTOR: descriptor} if length else {}


def run(data: bytes) -> None:
    attack(Av1(), [packet(chunk) for chunk in split(data)])


def seeds() -> Iterator[bytes]:
    # Aggregation header with N set, then a sequence header as libaom writes it.
    payload = bytes.fromhex("180a0b0000000427fe1ff6cc0680")
    # L1T1 and L2T1 structures as libwebrtc writes them.
    structures = [bytes.fromhex("c00001801003d0") + bytes(6), bytes.fromhex("80000180008214ea860408140800") + bytes(8)]
    yield join([b"\0" + payload])
    for structure in structures:
        head = bytes((len(structure),)) + structure
        yield join([head + payload, b"\x03\x40\x00\x02" + payload, b"\x03\x81\x00\x03" + payload])
