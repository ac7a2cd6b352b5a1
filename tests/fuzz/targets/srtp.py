"""Protected packets: forged, replayed, cut off, and authentic ones with anything inside.

Each piece of an input is one datagram. Its first byte says what happens to the rest: taken as it is, or protected
first, so that the fuzzer gets past the authentication that would stop it.
"""

import contextlib
from collections.abc import Iterator

from classroom.rtp.packet import MalformedPacket, RtpPacket, header_length
from classroom.rtp.rtcp import PictureLoss
from classroom.webrtc.srtp import MAX_STREAMS, PROFILES, GcmReceiver, GcmSender, SrtpKeys, SrtpRejected, srtp_receiver
from tests.fuzz.target import join, split

MAX_BYTES = 600
FORGED_RTP, FORGED_RTCP, RTP, RTCP = range(4)
KEY, SALT = bytes(16), bytes(12)
LIBSRTP_KEYS = SrtpKeys(PROFILES[2], KEY, bytes(14), KEY, bytes(14))


def run(data: bytes) -> None:
    gcm, libsrtp = GcmReceiver(KEY, SALT), srtp_receiver(LIBSRTP_KEYS)
    sender = GcmSender(KEY, SALT)
    for chunk in split(data):
        action, body = chunk[0] % 4 if chunk else 0, chunk[1:]
        if action == FORGED_RTP:
            for receiver in (gcm, libsrtp):
                with contextlib.suppress(MalformedPacket):
                    receiver.rtp(body)
        elif action == FORGED_RTCP:
            for receiver in (gcm, libsrtp):
                with contextlib.suppress(MalformedPacket):
                    receiver.rtcp(body)
        elif action == RTP:
            with contextlib.suppress(MalformedPacket):
                authentic_rtp(sender, gcm, body)
        elif len(body) >= 8:
            protected = sender.rtcp(body)
            with contextlib.suppress(SrtpRejected):
                assert gcm.rtcp(protected) == body
                gcm.rtcp(protected)
                raise AssertionError("an SRTCP packet was accepted twice")
    assert len(gcm._streams) <= MAX_STREAMS
    assert len(gcm._rtcp_windows) <= MAX_STREAMS


def authentic_rtp(sender: GcmSender, receiver: GcmReceiver, packet: bytes) -> None:
    length = header_length(packet)
    ssrc, index = int.from_bytes(packet[8:12]), int.from_bytes(packet[2:4])
    protected = sender.rtp(packet[:length], packet[length:], ssrc, index)
    assert receiver.rtp(protected) == packet
    receiver.rtp(protected)
    raise AssertionError("an SRTP packet was accepted twice")


def seeds() -> Iterator[bytes]:
    rtp = [RtpPacket(102, sequence, 0, 7, b"payload").pack() for sequence in (1, 2, 65_535, 1_026, 3)]
    rtcp = PictureLoss(1, 7).pack()
    yield join([bytes((RTP,)) + packet for packet in rtp])
    yield join([bytes((RTCP,)) + rtcp] * 3)
    yield join([bytes((FORGED_RTP,)) + rtp[0] + bytes(16), bytes((FORGED_RTCP,)) + rtcp + bytes(20)])
