"""The egress loop pinned to a slow, obvious reference, and what a receiver makes of it."""

import random
import struct

import pytest
from hypothesis import given
from hypothesis import strategies as st

from classroom.rtp.packet import RtpPacket, parse_rtp
from classroom.webrtc.srtp import PROFILES, SrtpKeys, SrtpProfile, srtp_receiver, srtp_sender
from media_server.sfu.downlink import Downlink, Format, Run
from media_server.sfu.extensions import (
    ABS_SEND_TIME,
    AUDIO_LEVEL,
    MAX_ONE_BYTE_VALUE,
    MID,
    ORIENTATION,
    PASSED_ON,
    ExtensionLayout,
)
from media_server.sfu.history import MediaPacket
from media_server.transport.egress import DownlinkWriter, abs_send_time
from tests.fakes.camera import H264

packets = st.builds(
    lambda index, timestamp, marker, payload: MediaPacket(
        RtpPacket(96, index & 0xFFFF, timestamp & 0xFFFFFFFF, 9, payload, marker=marker), index, timestamp, False
    ),
    st.integers(70_000, 200_000),
    st.integers(2**32, 2**34),
    st.booleans(),
    st.binary(min_size=1, max_size=1_200),
)
runs = st.lists(
    st.builds(
        Run, st.lists(packets, min_size=1, max_size=5), st.integers(-60_000, 60_000), st.integers(-(2**31), 2**31)
    ),
    min_size=1,
    max_size=4,
)

STAMPED = ExtensionLayout({ABS_SEND_TIME: 3})


def keys_for(profile: SrtpProfile) -> SrtpKeys:
    key, salt = bytes(range(profile.key_bytes)), bytes(range(profile.salt_bytes))
    return SrtpKeys(profile, key, salt, key, salt)


def downlink(*, rtx: bool) -> Downlink:
    return Downlink("v", "teacher", "video", [Format(H264, 103 if rtx else None)], random.Random(1))


def reference(run_list: list[Run], to: Downlink, stamp: tuple[int, int] | None) -> list[tuple[RtpPacket, int]]:
    """RFC 3550 and RFC 8285, the slow way: the packets in the clear, with their SRTP indices."""
    out = []
    for run in run_list:
        for packet in run.packets:
            index = packet.index + run.index_offset
            extension = b"" if stamp is None else bytes((stamp[0] << 4 | 2,)) + stamp[1].to_bytes(3)
            rewritten = RtpPacket(
                to.payload_type,
                index % 2**16,
                (packet.timestamp + run.timestamp_offset) % 2**32,
                to.ssrc,
                packet.payload,
                marker=packet.marker != 0,
                profile=0xBEDE if stamp else 0,
                extension=extension,
            )
            out.append((rewritten, index))
    return out


@pytest.mark.parametrize("profile", [each for each in PROFILES if each.gcm], ids=lambda profile: profile.name)
@pytest.mark.parametrize("stamped", [True, False])
@given(run_list=runs, send_time=st.integers(0, 0xFFFFFF))
def test_the_bytes_are_those_of_the_reference(
    profile: SrtpProfile, stamped: bool, run_list: list[Run], send_time: int
) -> None:
    to, sender = downlink(rtx=True), srtp_sender(keys_for(profile))
    layout = STAMPED if stamped else ExtensionLayout({})
    written = DownlinkWriter(sender, to, layout).write(run_list, send_time)
    expected = []
    for packet, index in reference(run_list, to, (3, send_time) if stamped else None):
        header = packet.pack()[: -len(packet.payload)]
        expected.append(sender.rtp(header, packet.payload, to.ssrc, index))
    assert written == expected


@pytest.mark.parametrize("profile", PROFILES, ids=lambda profile: profile.name)
def test_a_receiver_opens_first_transmissions_and_repairs(profile: SrtpProfile) -> None:
    keys = keys_for(profile)
    to = downlink(rtx=True)
    writer, receiver = DownlinkWriter(srtp_sender(keys), to, STAMPED), srtp_receiver(keys)
    source = [MediaPacket(RtpPacket(96, 0, 0, 9, bytes((n,)) * 20), 70_000 + n, 2**32 + n, False) for n in range(5)]
    first = [parse_rtp(receiver.rtp(data)) for data in writer.write([Run(source, -69_000, 7)], 42)]
    assert [packet.sequence for packet in first] == list(range(1_000, 1_005))
    assert first[0].extensions() == {3: (42).to_bytes(3)}
    repairs = [parse_rtp(receiver.rtp(data)) for data in writer.write_repairs([Run(source[1:3], -69_000, 7)], 43)]
    # RFC 4588 § 4: another SSRC and sequence, the same timestamp, the original sequence number in front.
    assert {packet.ssrc for packet in repairs} == {to.rtx_ssrc}
    assert [packet.payload_type for packet in repairs] == [103, 103]
    assert [struct.unpack("!H", packet.payload[:2])[0] for packet in repairs] == [1_001, 1_002]
    assert [packet.payload[2:] for packet in repairs] == [packet.payload for packet in first[1:3]]
    assert [packet.timestamp for packet in repairs] == [packet.timestamp for packet in first[1:3]]
    assert repairs[1].sequence == repairs[0].sequence + 1


def test_without_rtx_a_repeated_packet_is_the_same_to_the_last_byte() -> None:
    """AES-GCM breaks when one nonce protects two different packets, so no time of sending goes into them."""
    to, keys = downlink(rtx=False), keys_for(PROFILES[0])
    layout = ExtensionLayout({ABS_SEND_TIME: 3, MID: 4}, mid="1", repeatable=True)
    writer = DownlinkWriter(srtp_sender(keys), to, layout)
    run = Run([MediaPacket(RtpPacket(96, 0, 0, 9, b"picture"), 70_000, 2**32, False)], 0, 0)
    assert writer.write([run], 1) == writer.write_repairs([run], 2)


def test_abs_send_time_is_6_18_fixed_point() -> None:
    assert abs_send_time(1.5) == 3 << 17
    assert abs_send_time(64.0) == 0


def test_each_subscriber_reads_the_extensions_it_negotiated_under_its_own_ids() -> None:
    keys = keys_for(PROFILES[0])
    extensions = {AUDIO_LEVEL: b"\x9e", ORIENTATION: b"\x01", "urn:unknown": b"?"}
    packet = MediaPacket(RtpPacket(96, 0, 0, 9, b"picture"), 70_000, 2**32, False, extensions=extensions)
    for ids, plain, expected in (
        ({ABS_SEND_TIME: 3, AUDIO_LEVEL: 5}, {3: b"\0\0*"}, {3: b"\0\0*", 5: b"\x9e"}),
        ({AUDIO_LEVEL: 1, ORIENTATION: 14}, {}, {1: b"\x9e", 14: b"\x01"}),
        ({}, {}, {}),
    ):
        to = downlink(rtx=True)
        writer, receiver = DownlinkWriter(srtp_sender(keys), to, ExtensionLayout(ids)), srtp_receiver(keys)
        bare = MediaPacket(RtpPacket(96, 0, 0, 9, b"picture"), 70_001, 2**32, False)
        datagrams = writer.write([Run([packet, bare], -69_000, 0)], 42) + writer.write_repairs(
            [Run([packet], -69_000, 0)], 42
        )
        opened = [parse_rtp(receiver.rtp(data)) for data in datagrams]
        assert [each.extensions() for each in opened] == [expected, plain, expected]
        assert [each.payload[-7:] for each in opened] == [b"picture"] * 3


def test_packets_name_their_section_until_the_subscriber_has_heard() -> None:
    keys, to = keys_for(PROFILES[0]), downlink(rtx=True)
    layout = ExtensionLayout({MID: 4}, mid="v")
    writer, receiver = DownlinkWriter(srtp_sender(keys), to, layout), srtp_receiver(keys)

    def sent(index: int) -> dict[int, bytes]:
        packet = MediaPacket(RtpPacket(96, 0, 0, 9, b"picture"), 70_000 + index, 2**32, False)
        [data] = writer.write([Run([packet], -69_000, 0)], 0)
        return parse_rtp(receiver.rtp(data)).extensions()

    assert sent(0) == {4: b"v"}
    layout.heard()
    assert sent(1) == {}


@given(
    st.dictionaries(st.sampled_from(PASSED_ON), st.binary(max_size=40), max_size=4),
    st.booleans(),
    st.booleans(),
)
def test_whatever_a_publisher_writes_is_read_as_it_was_or_left_out(
    extensions: dict[str, bytes], mixed: bool, stamped: bool
) -> None:
    ids = {uri: number for number, uri in enumerate(PASSED_ON, 2)} | ({ABS_SEND_TIME: 1} if stamped else {})
    packed = ExtensionLayout(ids, mixed=mixed).pack(extensions, 7)
    header = RtpPacket(96, 0, 0, 9, b"").pack()
    found = parse_rtp(bytes((header[0] | (0x10 if packed else 0),)) + header[1:] + packed).extensions()
    readable = {uri: value for uri, value in extensions.items() if mixed or 1 <= len(value) <= MAX_ONE_BYTE_VALUE}
    assert found == {ids[uri]: value for uri, value in readable.items()} | ({1: b"\0\0\7"} if stamped else {})
