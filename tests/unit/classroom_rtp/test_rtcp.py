import contextlib
import struct

import aiortc.rtp
import pytest
from hypothesis import given
from hypothesis import strategies as st

from classroom.rtp.packet import MalformedPacket
from classroom.rtp.rtcp import (
    PAUSE,
    PAUSED,
    RESUME,
    Bye,
    FullIntra,
    Nack,
    PictureLoss,
    ReceiverReference,
    ReceiverReport,
    ReferenceDelay,
    Remb,
    ReportBlock,
    RtcpPacket,
    SenderReport,
    SourceDescription,
    StreamPause,
    compact_ntp,
    ntp_time,
    pack_compound,
    parse_compound,
    unix_time,
)

u32 = st.integers(0, 0xFFFFFFFF)
blocks = st.lists(
    st.builds(ReportBlock, u32, st.integers(0, 255), st.integers(-0x800000, 0x7FFFFF), u32, u32, u32, u32), max_size=4
).map(tuple)
packets = st.one_of(
    st.builds(SenderReport, u32, st.integers(0, 2**64 - 1), u32, u32, u32, blocks),
    st.builds(ReceiverReport, u32, blocks),
    st.builds(SourceDescription, u32, st.text(st.characters(min_codepoint=32, max_codepoint=126), max_size=40)),
    st.builds(Bye, st.lists(u32, max_size=5).map(tuple)),
    st.builds(PictureLoss, u32, u32),
    st.builds(FullIntra, u32, u32, st.integers(0, 255)),
    st.builds(StreamPause, u32, u32, st.sampled_from([PAUSE, RESUME, PAUSED]), st.integers(0, 0xFFFF)),
    st.builds(ReceiverReference, u32, st.integers(0, 2**64 - 1)),
    st.builds(ReferenceDelay, u32, u32, u32, u32),
)


@given(st.lists(packets, max_size=5))
def test_what_is_packed_is_parsed(compound: list[RtcpPacket]) -> None:
    assert parse_compound(pack_compound(compound)) == compound


@given(u32, u32, st.sets(st.integers(0, 200), min_size=1, max_size=60), st.integers(0, 0xFFFF))
def test_nacks_name_every_lost_packet_even_across_the_wrap(a: int, b: int, offsets: set[int], first: int) -> None:
    lost = tuple((first + offset) & 0xFFFF for offset in sorted(offsets))
    [parsed] = parse_compound(Nack(a, b, lost).pack())
    assert parsed == Nack(a, b, lost)


@given(u32, st.integers(0, 10**10), st.lists(u32, max_size=4).map(tuple))
def test_remb_keeps_18_bits_of_precision(sender: int, bitrate: int, ssrcs: tuple[int, ...]) -> None:
    [parsed] = parse_compound(Remb(sender, bitrate, ssrcs).pack())
    assert isinstance(parsed, Remb)
    assert parsed.ssrcs == ssrcs
    assert parsed.bitrate_bps <= bitrate <= parsed.bitrate_bps * (1 + 2**-17) + 1


def test_an_independent_parser_agrees() -> None:
    compound: list[RtcpPacket] = [
        SenderReport(7, ntp_time(1_000.5), 90_000, 10, 1_000, (ReportBlock(8, 12, -3, 70_000, 5, 6, 7),)),
        SourceDescription(7, "room"),
        Nack(1, 7, (3, 4, 20)),
        PictureLoss(1, 7),
    ]
    sender, description, nack, loss = aiortc.rtp.RtcpPacket.parse(pack_compound(compound))
    assert isinstance(sender, aiortc.rtp.RtcpSrPacket)
    assert isinstance(description, aiortc.rtp.RtcpSdesPacket)
    assert isinstance(nack, aiortc.rtp.RtcpRtpfbPacket)
    assert isinstance(loss, aiortc.rtp.RtcpPsfbPacket)
    assert (sender.ssrc, sender.sender_info.rtp_timestamp, sender.reports[0].packets_lost) == (7, 90_000, -3)
    assert description.chunks[0].items == [(1, b"room")]
    assert nack.lost == [3, 4, 20]
    assert (loss.fmt, loss.media_ssrc) == (1, 7)


@given(st.binary(max_size=120))
def test_garbage_is_refused_in_one_way(data: bytes) -> None:
    with contextlib.suppress(MalformedPacket):
        parse_compound(data)


@given(st.integers(0, 31), st.integers(192, 223), st.binary(max_size=60))
def test_garbage_in_a_well_formed_frame(count: int, kind: int, body: bytes) -> None:
    body += bytes(-len(body) % 4)
    for version in (0x80, 0xA0):
        with contextlib.suppress(MalformedPacket):
            parse_compound(struct.pack("!BBH", version | count, kind, len(body) // 4) + body)


def test_unknown_packets_are_passed_over() -> None:
    unknown = struct.pack("!BBHI", 0x80, 207, 1, 0)
    assert parse_compound(unknown + PictureLoss(1, 2).pack()) == [PictureLoss(1, 2)]


def test_a_cut_off_packet_is_refused() -> None:
    with pytest.raises(MalformedPacket, match="cut off"):
        parse_compound(PictureLoss(1, 2).pack()[:-4])


def test_ntp() -> None:
    assert unix_time(ntp_time(1_760_000_000.25)) == pytest.approx(1_760_000_000.25, abs=1e-6)
    assert compact_ntp(0x1234_5678_9ABC_DEF0) == 0x5678_9ABC
