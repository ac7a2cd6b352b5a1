"""SRTP against the vectors of the RFCs, and against libsrtp as an independent implementation."""

import pylibsrtp
import pytest
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from hypothesis import given
from hypothesis import strategies as st

from classroom.rtp.packet import MalformedPacket, RtpPacket
from classroom.rtp.rtcp import PictureLoss, ReceiverReport, pack_compound
from classroom.webrtc.srtp import (
    MAX_STREAMS,
    PROFILES,
    REPLAY_WINDOW,
    GcmReceiver,
    GcmSender,
    SrtpKeys,
    SrtpProfile,
    SrtpRejected,
    derive,
    srtp_receiver,
    srtp_sender,
)

GCM = [profile for profile in PROFILES if profile.gcm]


def keys_for(profile: SrtpProfile) -> SrtpKeys:
    key, salt = bytes(range(profile.key_bytes)), bytes(range(100, 100 + profile.salt_bytes))
    return SrtpKeys(profile, key, salt, key, salt)


def packet(sequence: int, ssrc: int = 0x1234, payload: bytes = b"payload") -> RtpPacket:
    return RtpPacket(96, sequence & 0xFFFF, 1000, ssrc, payload)


def protect(sender: object, rtp: RtpPacket, index: int) -> bytes:
    data = rtp.pack()
    return sender.rtp(data[:12], data[12:], rtp.ssrc, index)  # type: ignore[attr-defined, no-any-return]


def test_key_derivation_vectors_of_rfc_3711() -> None:
    """RFC 3711 § B.3."""
    key, salt = bytes.fromhex("E1F97A0D3E018BE0D64FA32C06DE4139"), bytes.fromhex("0EC675AD498AFEEBB6960B3AABE6")
    assert derive(key, salt, 0, 16).hex().upper() == "C61E7A93744F39EE10734AFE3FF7A087"
    assert derive(key, salt, 2, 14).hex().upper() == "30CBBC08863D8C85D49DB34A9AE1"
    assert derive(key, salt, 1, 94).hex().upper().startswith("CEBE321F6FF7716B6FD4AB49AF256A15")


def test_packet_vector_of_rfc_7714() -> None:
    """RFC 7714 § 16.1.1 gives session keys, so the cipher and the IV are checked without the key derivation."""
    sender = GcmSender(bytes(16), bytes(12))
    sender.cipher = AESGCM(bytes(range(16)))
    sender.salt = int.from_bytes(bytes.fromhex("517569642070726f2071756f"))
    header = bytes.fromhex("8040f17b8041f8d35501a0b2")
    payload = bytes.fromhex("47616c6c696120657374206f6d6e69732064697669736120696e207061727465732074726573")
    assert sender.rtp(header, payload, 0x5501A0B2, 0xF17B).hex() == (
        "8040f17b8041f8d35501a0b2"
        "f24de3a3fb34de6cacba861c9d7e4bcabe633bd50d294e6f42a5f47a51c7d19b36de3adf8833"
        "899d7f27beb16a9152cf765ee4390cce"
    )


@pytest.mark.parametrize("profile", PROFILES, ids=lambda profile: profile.name)
def test_libsrtp_reads_what_we_send_across_rollovers(profile: SrtpProfile) -> None:
    keys = keys_for(profile)
    policy = pylibsrtp.Policy(
        key=keys.local_key + keys.local_salt,
        ssrc_type=pylibsrtp.Policy.SSRC_ANY_INBOUND,
        srtp_profile=profile.libsrtp,
    )
    independent, sender = pylibsrtp.Session(policy), srtp_sender(keys)
    for index in [*range(65_530, 65_540), *range(70_000, 200_000, 10_000)]:
        rtp = packet(index)
        assert independent.unprotect(protect(sender, rtp, index)) == rtp.pack()
    control = pack_compound([ReceiverReport(5), PictureLoss(5, 6)])
    for _ in range(3):
        assert independent.unprotect_rtcp(sender.rtcp(control)) == control


@pytest.mark.parametrize("profile", PROFILES, ids=lambda profile: profile.name)
def test_we_read_what_libsrtp_sends_in_any_order(profile: SrtpProfile) -> None:
    keys = keys_for(profile)
    policy = pylibsrtp.Policy(
        key=keys.local_key + keys.local_salt,
        ssrc_type=pylibsrtp.Policy.SSRC_ANY_OUTBOUND,
        srtp_profile=profile.libsrtp,
    )
    independent, receiver = pylibsrtp.Session(policy), srtp_receiver(keys)
    packets = [packet(index) for index in range(65_500, 65_600)]
    protected = [independent.protect(rtp.pack()) for rtp in packets]
    order = [0, *range(50, 100), *range(1, 50)]
    assert [receiver.rtp(protected[n]) for n in order] == [packets[n].pack() for n in order]
    control = pack_compound([ReceiverReport(5)])
    assert receiver.rtcp(independent.protect_rtcp(control)) == control


@pytest.mark.parametrize("profile", PROFILES, ids=lambda profile: profile.name)
def test_replays_forgeries_and_garbage_are_rejected(profile: SrtpProfile) -> None:
    keys = keys_for(profile)
    sender, receiver = srtp_sender(keys), srtp_receiver(keys)
    good = protect(sender, packet(1), 1)
    receiver.rtp(good)
    forged = bytearray(protect(sender, packet(2), 2))
    forged[-1] ^= 1
    control = sender.rtcp(pack_compound([ReceiverReport(5)]))
    receiver.rtcp(control)
    for data in (good, bytes(forged), good[:20], b"", b"\x80"):
        with pytest.raises(MalformedPacket):
            receiver.rtp(data)
    for data in (control, control[:-1], b"\x80\xc9" + bytes(40)):
        with pytest.raises(SrtpRejected):
            receiver.rtcp(data)
    receiver.rtp(protect(sender, packet(2), 2))  # a forgery does not shut the true packet out


@pytest.mark.parametrize("profile", GCM, ids=lambda profile: profile.name)
def test_a_packet_older_than_the_replay_window_is_rejected(profile: SrtpProfile) -> None:
    keys = keys_for(profile)
    sender, receiver = srtp_sender(keys), srtp_receiver(keys)
    receiver.rtp(protect(sender, packet(100), 100))
    receiver.rtp(protect(sender, packet(100 + REPLAY_WINDOW), 100 + REPLAY_WINDOW))
    receiver.rtp(protect(sender, packet(101), 101))
    with pytest.raises(SrtpRejected):
        receiver.rtp(protect(sender, packet(99), 99))


def test_a_peer_cannot_make_us_remember_ssrcs_without_end() -> None:
    keys = keys_for(GCM[0])
    sender, receiver = srtp_sender(keys), srtp_receiver(keys)
    for ssrc in range(MAX_STREAMS):
        receiver.rtp(protect(sender, packet(1, ssrc), 1))
    with pytest.raises(SrtpRejected, match="too many"):
        receiver.rtp(protect(sender, packet(1, MAX_STREAMS), 1))
    receiver.rtp(protect(sender, packet(2, 0), 2))


@given(st.binary(max_size=100))
def test_garbage_never_raises_anything_else(data: bytes) -> None:
    receiver = GcmReceiver(bytes(16), bytes(12))
    for read in (receiver.rtp, receiver.rtcp):
        with pytest.raises(MalformedPacket):
            read(b"\x80" + data)


def test_keys_do_not_show_in_logs() -> None:
    assert "local_key" not in repr(keys_for(GCM[0]))
