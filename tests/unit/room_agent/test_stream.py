import secrets

from hypothesis import given
from hypothesis import strategies as st

from classroom.rtp.packet import parse_rtp
from classroom.rtp.rtcp import unix_time
from classroom.webrtc.srtp import PROFILES, SrtpKeys, SrtpReceiver, SrtpSender, srtp_receiver, srtp_sender
from room_agent.uplink.stream import RtpStream, StreamFormat

FORMAT = StreamFormat(102, 90_000, {1: b"0", 2: b"m"}, 3)


def pair() -> tuple[SrtpSender, SrtpReceiver]:
    profile = PROFILES[0]
    key, salt = secrets.token_bytes(profile.key_bytes), secrets.token_bytes(profile.salt_bytes)
    keys = SrtpKeys(profile, key, salt, key, salt)
    return srtp_sender(keys), srtp_receiver(keys)


def test_packets_carry_what_was_negotiated() -> None:
    sender, receiver = pair()
    stream = RtpStream(77, FORMAT, 1000, 10)
    packet = parse_rtp(receiver.rtp(stream.protect(sender, b"payload", 5000, True, 12.5)))
    assert (packet.payload_type, packet.ssrc, packet.timestamp, packet.marker) == (102, 77, 6000, True)
    assert packet.payload == b"payload"
    assert packet.extensions() == {1: b"0", 2: b"m", 3: int(12.5 * (1 << 18)).to_bytes(3)}
    assert len(packet.pack()) - len(packet.payload) == FORMAT.header_bytes


def test_a_stream_without_extensions_has_a_plain_header() -> None:
    sender, receiver = pair()
    plain = StreamFormat(111, 48_000, {}, 0)
    packet = parse_rtp(receiver.rtp(RtpStream(1, plain, 0, 10).protect(sender, b"x", 0, False, 0.0)))
    assert packet.profile == 0
    assert plain.header_bytes == 12


@given(st.integers(0, 0xFFFFFFFF))
def test_sequence_numbers_survive_the_wrap(offset: int) -> None:
    sender, receiver = pair()
    stream = RtpStream(1, FORMAT, offset, 4)
    stream._index = 65_530
    numbers = [parse_rtp(receiver.rtp(stream.protect(sender, b"x", 0, False, 0.0))).sequence for _ in range(10)]
    assert numbers == [65_530, 65_531, 65_532, 65_533, 65_534, 65_535, 0, 1, 2, 3]


def test_a_nack_is_answered_with_the_same_bytes_but_not_twice_in_a_round_trip() -> None:
    sender, _ = pair()
    stream = RtpStream(1, FORMAT, 0, 3)
    sent = [stream.protect(sender, bytes((number,)), 0, False, 0.0) for number in range(5)]
    first = int.from_bytes(sent[0][2:4])
    lost = tuple((first + number) & 0xFFFF for number in range(5))
    # Only the last three are still kept.
    assert stream.lost(lost, 1.0) == sent[2:]
    assert stream.lost(lost, 1.01) == []
    assert stream.lost(lost, 1.04) == sent[2:]
    assert stream.packets_resent == 6


@given(st.floats(0, 1e6), st.floats(0, 2.0))
def test_a_sender_report_tells_the_rtp_time_of_now(captured_s: float, later_s: float) -> None:
    sender, _ = pair()
    stream = RtpStream(9, FORMAT, 0xFFFFFF00, 3)
    assert stream.report(captured_s, 0.0) is None
    ticks = round(captured_s * 90_000)
    stream.protect(sender, b"12345", ticks, False, 0.0)
    stream.at(ticks, captured_s)
    report = stream.report(captured_s + later_s, 1_790_000_000.25)
    assert report is not None
    ahead = (report.rtp_timestamp - stream.timestamp(ticks)) & 0xFFFFFFFF
    assert abs(ahead - later_s * 90_000) <= 1
    assert abs(unix_time(report.ntp_time) - 1_790_000_000.25) < 1e-4
    assert (report.packet_count, report.octet_count) == (1, 5)
