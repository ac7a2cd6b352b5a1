"""Packets of every codec become the pictures that were encoded; after a loss nothing until a keyframe."""

import base64
import io
from functools import cache

import av
import pytest
from hypothesis import given
from hypothesis import strategies as st

from classroom.codecs.h264 import split_nals
from classroom.codecs.vp9_hiding import Layers
from classroom.fmp4.fragment import Sample, write_fragment
from classroom.fmp4.header import write_header
from classroom.rtp.packet import RtpPacket
from classroom.rtp.sdp import Codec
from media_server.recording.core.pictures import Picture, Pictures
from media_server.sfu.encoding import Encoding
from media_server.sfu.history import MediaPacket
from tests.fakes.camera import AV1, H264, VP8, VP9
from tests.fakes.encoded import encoded_pictures
from tests.fakes.packetisers import PACKETISERS, av1_aggregated

CODECS = {"H264": H264, "VP8": VP8, "VP9": VP9, "AV1": AV1}
ENCODERS = {"H264": "libx264", "VP8": "libvpx", "VP9": "libvpx-vp9", "AV1": "libsvtav1"}
OPTIONS = {
    "H264": {"preset": "ultrafast", "tune": "zerolatency", "profile": "baseline"},
    "AV1": {"preset": "12", "svtav1-params": "lookahead=0:pred-struct=1:lp=1"},
}
COUNT, WIDTH, HEIGHT = 4, 160, 96


@cache
def encoded(codec: str) -> list[bytes]:
    return encoded_pictures(ENCODERS[codec], COUNT, WIDTH, HEIGHT, OPTIONS.get(codec))


def packets(codec: str, payloads: list[list[bytes]], *, marker: bool = True) -> list[MediaPacket]:
    """As an encoding hands them to its tap."""
    encoding = Encoding("", 1, CODECS[codec], video=True)
    found = []
    sequence = 0
    for number, each in enumerate(payloads):
        for part, payload in enumerate(each, 1):
            last = marker and part == len(each)
            packet = encoding.receive(RtpPacket(96, sequence, number * 3_000, 1, payload, marker=last), number / 30)
            assert packet is not None
            found.append(packet)
            sequence += 1
    return found


def cut(codec: str, size: int = 200) -> list[list[bytes]]:
    return [PACKETISERS[codec](each, size) for each in encoded(codec)]


def decoded(found: list[Picture]) -> list[tuple[int, int]]:
    """Width and height of what FFmpeg decodes of the pictures as a file."""
    assert found[0].format is not None
    samples = [Sample(each.data, 3_000, each.format is not None) for each in found]
    file = write_header(found[0].format) + write_fragment(1, 0, samples)
    with av.open(io.BytesIO(file), "r") as container:
        return [(frame.width, frame.height) for frame in container.decode(video=0)]


@pytest.mark.parametrize("codec", CODECS)
def test_what_was_encoded_is_decoded_again(codec: str) -> None:
    found = list(Pictures(CODECS[codec]).take(packets(codec, cut(codec))))
    assert [each.format is not None for each in found] == [True, False, False, False]
    assert [each.timestamp - found[0].timestamp for each in found] == [0, 3_000, 6_000, 9_000]
    assert decoded(found) == [(WIDTH, HEIGHT)] * COUNT


@pytest.mark.parametrize("codec", CODECS)
def test_a_sender_that_sets_no_marker(codec: str) -> None:
    reader = Pictures(CODECS[codec])
    found = list(reader.take(packets(codec, [*cut(codec), cut(codec)[1]], marker=False)))
    assert decoded(found) == [(WIDTH, HEIGHT)] * COUNT


def test_several_units_in_one_av1_packet() -> None:
    payloads = [av1_aggregated(each) for each in encoded("AV1")]
    assert decoded(list(Pictures(AV1).take(packets("AV1", payloads)))) == [(WIDTH, HEIGHT)] * COUNT


RESILIENT = {"error-resilient": "1", "deadline": "realtime", "cpu-used": "8", "lag-in-frames": "0"}


def vp9_layers(frames: list[list[bytes]]) -> list[list[bytes]]:
    """Pictures of spatial layers as RTP payloads (RFC 9628 § 4.2): L, not flexible; B and E about each frame."""
    first = [0x2C, *[0x6C] * (len(frames) - 1)]  # P = 0 only in the first picture
    return [
        [bytes((head, layer << 1, 0)) + data for layer, data in enumerate(each)]
        for head, each in zip(first, frames, strict=True)
    ]


def test_of_spatial_layers_only_the_highest_is_shown() -> None:
    # Each picture of an ordinary stream beside the one before, as if they were layers. So nothing may depend on
    # whether the one before was shown: of frames of one size that is so when they are made to bear errors.
    frames = encoded_pictures("libvpx-vp9", 8, WIDTH, HEIGHT, RESILIENT)
    payloads = vp9_layers([frames[number : number + 2] for number in range(0, 8, 2)])
    found = list(Pictures(VP9).take(packets("VP9", payloads)))
    assert [each.format is not None for each in found] == [True, False, False, False]
    assert pictures_of([each.data for each in found]) == pictures_of(frames)[1::2]


def test_spatial_layers_that_are_streams_of_their_own() -> None:
    small, large = (encoded_pictures("libvpx-vp9", COUNT, *size) for size in ((80, 48), (WIDTH, HEIGHT)))
    pairs = [[*pair] for pair in zip(small, large, strict=True)]
    found = list(Pictures(VP9).take(packets("VP9", vp9_layers([*pairs[:2], pairs[2][:1], *pairs[2:]]))))
    assert [each.data for each in found] == large
    assert decoded(found) == [(WIDTH, HEIGHT)] * COUNT


@pytest.mark.parametrize("options", [{}, RESILIENT])
def test_a_hidden_frame_stays_as_it_is_and_its_header_is_moved_by_a_bit(options: dict[str, str]) -> None:
    layers, again = Layers(), Layers()
    for frame in encoded_pictures("libvpx-vp9", COUNT, WIDTH, HEIGHT, options):
        hidden = layers.hidden(frame)
        assert again.hidden(hidden) == hidden != frame
        assert hidden[-20:] == frame[-20:]
        assert len(frame) <= len(hidden) <= len(frame) + 1


def pictures_of(frames: list[bytes]) -> list[bytes]:
    """What FFmpeg shows of VP9 frames."""
    decoder = av.CodecContext.create("vp9", "r")
    shown = [picture for frame in [*frames, None] for picture in decoder.decode(av.Packet(frame) if frame else None)]
    return [picture.to_ndarray().tobytes() for picture in shown]


def test_parameter_sets_only_in_the_sdp() -> None:
    nals = [split_nals(each) for each in encoded("H264")]
    sets = [nal for nal in nals[0] if nal[0] & 0x1F in (7, 8)]
    parameters = {**H264.parameters, "sprop-parameter-sets": ",".join(base64.b64encode(nal).decode() for nal in sets)}
    reader = Pictures(Codec(102, "H264", 90_000, 1, parameters))
    packet = packets("H264", [[nal for nal in nals[0] if nal not in sets]])
    packet[0].keyframe = True  # with the sets unseen the forwarder cannot tell
    assert [each.format is not None for each in reader.take(packet)] == [True]


@pytest.mark.parametrize("codec", CODECS)
def test_after_a_loss_nothing_until_the_next_keyframe(codec: str) -> None:
    reader = Pictures(CODECS[codec])
    payloads = cut(codec)
    stream = packets(codec, [*payloads, *payloads])
    hole = next(number for number, packet in enumerate(stream) if packet.timestamp > stream[0].timestamp)
    found = [*reader.take([*stream[:hole], None, *stream[hole + 1 :]])]
    assert not reader.waiting
    assert [(each.format is not None, each.after_loss) for each in found] == [
        (True, False),
        (True, True),
        *[(False, False)] * 3,
    ]


def test_what_comes_before_the_first_keyframe_is_left_out() -> None:
    reader = Pictures(VP8)
    payloads = cut("VP8")
    found = list(reader.take(packets("VP8", [*payloads[1:], *payloads])))
    assert len(found) == COUNT
    assert decoded(found) == [(WIDTH, HEIGHT)] * COUNT


def test_a_malformed_picture_counts_as_lost() -> None:
    reader = Pictures(H264)
    payloads = cut("H264")
    broken = [payloads[1][0], b"\x1c\x05end of a unit that never began"]
    found = list(reader.take(packets("H264", [payloads[0], broken, payloads[2], payloads[0]])))
    assert [each.format is not None for each in found] == [True, True]
    assert reader.malformed == 1


def test_a_picture_without_end_is_given_up() -> None:
    reader = Pictures(VP8, largest_bytes=500)
    endless = [b"\x90" + b"\0" * 400, b"\x80" + b"\0" * 400]
    endless[0] = cut("VP8")[0][0] + b"\0" * 300
    assert not list(reader.take(packets("VP8", [endless])))
    assert reader.malformed == 1
    assert reader.waiting


@pytest.mark.parametrize("codec", CODECS)
@given(garbage=st.lists(st.tuples(st.binary(min_size=1, max_size=40), st.booleans(), st.booleans()), max_size=8))
def test_garbage_raises_nothing(codec: str, garbage: list[tuple[bytes, bool, bool]]) -> None:
    reader = Pictures(CODECS[codec])
    encoding = Encoding("", 1, CODECS[codec], video=True)
    for number, (payload, marker, keyframe) in enumerate(garbage):
        packet = encoding.receive(RtpPacket(96, number, number // 2 * 3_000, 1, payload, marker=marker), 0.0)
        if packet is not None:
            packet.keyframe = keyframe
            list(reader.take([packet]))
