"""SRTP and SRTCP: AES-GCM (RFC 7714) in a lean form of our own, AES-CM with HMAC-SHA1 (RFC 3711) through libsrtp.

An SFU encrypts the same payload once per subscriber, so sending takes header and payload apart and the 48-bit packet
index from the caller, who has it anyway; nothing is looked up per packet.
"""

from dataclasses import dataclass, field
from typing import Literal, Protocol

import pylibsrtp
from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers import Cipher, algorithms, modes
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from classroom.rtp.packet import MalformedPacket, header_length
from classroom.rtp.sequence import Unwrapper

ProfileName = Literal["SRTP_AEAD_AES_128_GCM", "SRTP_AEAD_AES_256_GCM", "SRTP_AES128_CM_SHA1_80"]

REPLAY_WINDOW = 1024  # packets; a NACKed packet may come a second late
MAX_STREAMS = 128  # SSRCs per peer; a peer that makes up more is not helped
_SRTCP_ENCRYPTED = 1 << 31


class SrtpRejected(MalformedPacket):
    """A protected packet that is forged, replayed or cut off."""


@dataclass(frozen=True, slots=True)
class SrtpProfile:
    name: ProfileName
    key_bytes: int
    salt_bytes: int
    libsrtp: int

    @property
    def gcm(self) -> bool:
        return "GCM" in self.name


# In our order of preference: 128 bits are enough and the cheapest.
PROFILES: tuple[SrtpProfile, ...] = (
    SrtpProfile("SRTP_AEAD_AES_128_GCM", 16, 12, pylibsrtp.Policy.SRTP_PROFILE_AEAD_AES_128_GCM),
    SrtpProfile("SRTP_AEAD_AES_256_GCM", 32, 12, pylibsrtp.Policy.SRTP_PROFILE_AEAD_AES_256_GCM),
    SrtpProfile("SRTP_AES128_CM_SHA1_80", 16, 14, pylibsrtp.Policy.SRTP_PROFILE_AES128_CM_SHA1_80),
)


@dataclass(frozen=True, slots=True)
class SrtpKeys:
    """Master keys of one association: what we send with, and what the other side sends with."""

    profile: SrtpProfile
    local_key: bytes = field(repr=False)
    local_salt: bytes = field(repr=False)
    remote_key: bytes = field(repr=False)
    remote_salt: bytes = field(repr=False)


class SrtpSender(Protocol):
    """Protects what we send."""

    def rtp(self, header: bytes, payload: bytes, ssrc: int, index: int) -> bytes:
        """The protected packet. `index` is 65,536 × rollover counter + sequence number, as RFC 3711 § 3.3.1 has it."""

    def rtcp(self, data: bytes) -> bytes: ...


class SrtpReceiver(Protocol):
    """Opens what the other side sends. Both raise `SrtpRejected`."""

    def rtp(self, data: bytes) -> bytes: ...

    def rtcp(self, data: bytes) -> bytes: ...


def srtp_sender(keys: SrtpKeys) -> SrtpSender:
    if keys.profile.gcm:
        return GcmSender(keys.local_key, keys.local_salt)
    return _LibsrtpSender(keys)


def srtp_receiver(keys: SrtpKeys) -> SrtpReceiver:
    if keys.profile.gcm:
        return GcmReceiver(keys.remote_key, keys.remote_salt)
    return _LibsrtpReceiver(keys)


def derive(master_key: bytes, master_salt: bytes, label: int, length: int) -> bytes:
    """Session key material (RFC 3711 § 4.3 with a key derivation rate of 0).

    RFC 7714 § 11: the shorter salt of AES-GCM is padded on the right.
    """
    block = bytearray(master_salt.ljust(14, b"\0") + b"\0\0")
    block[7] ^= label
    encryptor = Cipher(algorithms.AES(master_key), modes.CTR(bytes(block))).encryptor()
    return encryptor.update(bytes(length))


class GcmSender:
    """`key`, `cipher` and `nonce_base` are public for the egress loops, which inline `rtp`."""

    __slots__ = ("_rtcp_cipher", "_rtcp_index", "_rtcp_salt", "cipher", "key", "salt")

    def __init__(self, master_key: bytes, master_salt: bytes) -> None:
        size = len(master_key)
        self.key = derive(master_key, master_salt, 0, size)
        self.cipher = AESGCM(self.key)
        self.salt = int.from_bytes(derive(master_key, master_salt, 2, 12))
        self._rtcp_cipher = AESGCM(derive(master_key, master_salt, 3, size))
        self._rtcp_salt = int.from_bytes(derive(master_key, master_salt, 5, 12))
        self._rtcp_index = 0

    def nonce_base(self, ssrc: int) -> int:
        """`(nonce_base ^ index).to_bytes(12)` is the IV of RFC 7714 § 8.1 for the packet with this index."""
        return self.salt ^ ssrc << 48

    def rtp(self, header: bytes, payload: bytes, ssrc: int, index: int) -> bytes:
        nonce = (self.salt ^ ssrc << 48 ^ index).to_bytes(12)
        return header + self.cipher.encrypt(nonce, payload, header)

    def rtcp(self, data: bytes) -> bytes:
        index = self._rtcp_index = (self._rtcp_index + 1) & 0x7FFFFFFF
        trailer = (_SRTCP_ENCRYPTED | index).to_bytes(4)
        nonce = (self._rtcp_salt ^ int.from_bytes(data[4:8]) << 48 ^ index).to_bytes(12)
        return data[:8] + self._rtcp_cipher.encrypt(nonce, data[8:], data[:8] + trailer) + trailer


class _ReplayWindow:
    """The packet indices seen lately (RFC 3711 § 3.3.2)."""

    __slots__ = ("_bits", "_highest")

    def __init__(self) -> None:
        self._highest = -1
        self._bits = 0

    def fresh(self, index: int) -> bool:
        behind = self._highest - index
        return behind < 0 or (behind < REPLAY_WINDOW and not self._bits >> behind & 1)

    def add(self, index: int) -> None:
        ahead = index - self._highest
        if ahead > 0:
            # A jump beyond the window empties it; shifting by millions of bits would cost memory.
            self._bits = (self._bits << ahead | 1) & _WINDOW_MASK if ahead < REPLAY_WINDOW else 1
            self._highest = index
        else:
            self._bits |= 1 << -ahead


_WINDOW_MASK = (1 << REPLAY_WINDOW) - 1


class _Stream:
    """What a receiver remembers of one SSRC."""

    __slots__ = ("sequence", "window")

    def __init__(self) -> None:
        self.sequence = Unwrapper(16)
        self.window = _ReplayWindow()


class GcmReceiver:
    __slots__ = ("_rtcp_cipher", "_rtcp_salt", "_rtcp_windows", "_rtp_cipher", "_rtp_salt", "_streams")

    def __init__(self, master_key: bytes, master_salt: bytes) -> None:
        size = len(master_key)
        self._rtp_cipher = AESGCM(derive(master_key, master_salt, 0, size))
        self._rtp_salt = int.from_bytes(derive(master_key, master_salt, 2, 12))
        self._rtcp_cipher = AESGCM(derive(master_key, master_salt, 3, size))
        self._rtcp_salt = int.from_bytes(derive(master_key, master_salt, 5, 12))
        self._streams: dict[int, _Stream] = {}
        self._rtcp_windows: dict[int, _ReplayWindow] = {}

    def rtp(self, data: bytes) -> bytes:
        length = header_length(data)
        ssrc = int.from_bytes(data[8:12])
        stream = self._streams.get(ssrc) or _Stream()
        sequence = int.from_bytes(data[2:4])
        # The unwrapper starts one cycle above zero; a packet from before the first one would have a negative index.
        index = stream.sequence.peek(sequence) - 0x10000
        if index < 0 or not stream.window.fresh(index):
            raise SrtpRejected("SRTP packet was seen before")
        header = data[:length]
        try:
            nonce = (self._rtp_salt ^ ssrc << 48 ^ index).to_bytes(12)
            payload = self._rtp_cipher.decrypt(nonce, data[length:], header)
        except (InvalidTag, OverflowError) as error:
            raise SrtpRejected("SRTP packet is not authentic") from error
        if ssrc not in self._streams:
            if len(self._streams) >= MAX_STREAMS:
                raise SrtpRejected("too many SSRCs")
            self._streams[ssrc] = stream
        stream.sequence.unwrap(sequence)
        stream.window.add(index)
        return header + payload

    def rtcp(self, data: bytes) -> bytes:
        if len(data) < 28:
            raise SrtpRejected("SRTCP packet is cut off")
        trailer = int.from_bytes(data[-4:])
        index, ssrc = trailer & 0x7FFFFFFF, int.from_bytes(data[4:8])
        window = self._rtcp_windows.get(ssrc) or _ReplayWindow()
        if not window.fresh(index):
            raise SrtpRejected("SRTCP packet was seen before")
        nonce = (self._rtcp_salt ^ ssrc << 48 ^ index).to_bytes(12)
        try:
            if trailer & _SRTCP_ENCRYPTED:
                body = self._rtcp_cipher.decrypt(nonce, data[8:-4], data[:8] + data[-4:])
            else:  # RFC 7714 § 9.2: authenticated only
                self._rtcp_cipher.decrypt(nonce, data[-20:-4], data[:-20] + data[-4:])
                body = data[8:-20]
        except InvalidTag as error:
            raise SrtpRejected("SRTCP packet is not authentic") from error
        if ssrc not in self._rtcp_windows:
            if len(self._rtcp_windows) >= MAX_STREAMS:
                raise SrtpRejected("too many SSRCs")
            self._rtcp_windows[ssrc] = window
        window.add(index)
        return data[:8] + body


class _LibsrtpSender:
    def __init__(self, keys: SrtpKeys) -> None:
        policy = pylibsrtp.Policy(
            key=keys.local_key + keys.local_salt,
            ssrc_type=pylibsrtp.Policy.SSRC_ANY_OUTBOUND,
            srtp_profile=keys.profile.libsrtp,
        )
        policy.allow_repeat_tx = True  # NACK without RTX sends a packet again
        policy.window_size = REPLAY_WINDOW
        self._session = pylibsrtp.Session(policy)

    def rtp(self, header: bytes, payload: bytes, ssrc: int, index: int) -> bytes:
        return bytes(self._session.protect(header + payload))

    def rtcp(self, data: bytes) -> bytes:
        return bytes(self._session.protect_rtcp(data))


class _LibsrtpReceiver:
    def __init__(self, keys: SrtpKeys) -> None:
        policy = pylibsrtp.Policy(
            key=keys.remote_key + keys.remote_salt,
            ssrc_type=pylibsrtp.Policy.SSRC_ANY_INBOUND,
            srtp_profile=keys.profile.libsrtp,
        )
        policy.window_size = REPLAY_WINDOW
        self._session = pylibsrtp.Session(policy)

    def rtp(self, data: bytes) -> bytes:
        header_length(data)
        try:
            return bytes(self._session.unprotect(data))
        except pylibsrtp.Error as error:
            raise SrtpRejected(f"SRTP: {error}") from error

    def rtcp(self, data: bytes) -> bytes:
        try:
            return bytes(self._session.unprotect_rtcp(data))
        except pylibsrtp.Error as error:
            raise SrtpRejected(f"SRTCP: {error}") from error
