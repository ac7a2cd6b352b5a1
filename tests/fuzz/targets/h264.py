"""H.264 payloads: what the forwarder reads of them."""

from collections.abc import Iterator

from media_server.sfu.codecs.h264 import begins_keyframe, nal_units, picture_size
from tests.fakes.camera import SPS_720P, FakeCamera

MAX_BYTES = 200


def run(data: bytes) -> None:
    begins_keyframe(data)
    size = picture_size(data)
    assert size is None or len(size) == 2
    assert sum(len(unit) for _, unit in nal_units(data)) <= len(data)


def seeds() -> Iterator[bytes]:
    yield SPS_720P
    yield bytes((0x78,)) + 2 * (len(SPS_720P).to_bytes(2) + SPS_720P)
    for packet in FakeCamera(1, packet_bytes=20).take():
        yield packet.payload
    # High profile with scaling lists and cropping.
    yield bytes.fromhex("67640028acd940780227e5c044000003000400000300f03c60c658")
    yield bytes.fromhex("676400281affffffffffffffffffffffffffffffffff")
