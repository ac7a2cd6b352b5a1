"""A WebRTC client reduced to what a load test needs: connects, sends RTP, counts what arrives, decrypts nothing.

It offers (WHIP, WHEP) or answers (Janus) and speaks just enough ICE.
"""

import asyncio
import contextlib
import secrets
import socket
import struct
from collections.abc import Callable

from aioice import stun

from classroom.rtp.sdp import SessionDescription, parse_sdp
from classroom.webrtc.dtls import DtlsCertificate, DtlsEndpoint, DtlsRole
from classroom.webrtc.srtp import SrtpSender, srtp_sender
from tests.fakes.camera import SPS_720P

H264 = 102
RECEIVE_BUFFER_BYTES = 4 * 1024 * 1024
_SO_RCVBUFFORCE = 33  # asm-generic/socket.h
CHECK_EVERY_S = 0.05
CONSENT_EVERY_S = 2.5
_CERTIFICATE = DtlsCertificate()

_OFFER = """v=0
o=- 1 1 IN IP4 127.0.0.1
s=-
t=0 0
a=group:BUNDLE {mid}
m=video 9 UDP/TLS/RTP/SAVPF {h264}
c=IN IP4 0.0.0.0
a=mid:{mid}
a=ice-ufrag:{ufrag}
a=ice-pwd:{password}
a=fingerprint:sha-256 {fingerprint}
a=setup:{setup}
a={direction}
a=rtcp-mux
a=rtpmap:{h264} H264/90000
a=fmtp:{h264} level-asymmetry-allowed=1;packetization-mode=1;profile-level-id=42e01f
a=rtcp-fb:{h264} nack
a=rtcp-fb:{h264} nack pli
{ssrc}"""


class LoadPeer:
    """One client. `received` counts RTP packets, `on_rtp` (if set) also gets their protected bytes."""

    def __init__(self) -> None:
        self.received = 0
        self.received_bytes = 0
        self.on_rtp: Callable[[bytes], None] | None = None
        self.on_sent: Callable[[], None] = lambda: None
        self.ssrc = secrets.randbelow(1 << 32)
        self.profile = ""
        self.connected = asyncio.Event()
        self._ufrag, self._password = secrets.token_hex(4), secrets.token_hex(12)
        self._remote: SessionDescription | None = None
        self._address = ("", 0)
        self._dtls: DtlsEndpoint | None = None
        self._sender: SrtpSender | None = None
        self._controlling = True  # whoever offers controls ICE
        self._checked = False
        self._socket = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        self._socket.setblocking(False)
        with contextlib.suppress(PermissionError):  # what counts as missing shall be the server's doing, not ours
            self._socket.setsockopt(socket.SOL_SOCKET, _SO_RCVBUFFORCE, RECEIVE_BUFFER_BYTES)
        self._socket.bind(("0.0.0.0", 0))
        self._loop = asyncio.get_running_loop()
        self._loop.add_reader(self._socket.fileno(), self._read)
        self._timer: asyncio.TimerHandle | None = None

    @property
    def server(self) -> tuple[str, int]:
        return self._address

    @property
    def remote_ufrag(self) -> str:
        """What ICE checks to the server name it by."""
        assert self._remote is not None
        return self._remote.get("ice-ufrag", self._remote.media[0]) or ""

    def send_raw(self, data: bytes, address: tuple[str, int]) -> None:
        """Any bytes from this client's own address."""
        self._socket.sendto(data, address)

    def offer(self, direction: str) -> str:
        return self._describe(direction, "0", "actpass", H264)

    def answer(self, offer: str) -> str:
        """Answer a server's offer of H.264 (Janus), receiving."""
        description = parse_sdp(offer)
        section = description.media[0]
        payload_type = next(codec.payload_type for codec in section.codecs if codec.is_("H264"))
        self._controlling = False
        self.connect(offer)
        return self._describe("recvonly", section.mid, "active", payload_type)

    def connect(self, remote: str) -> None:
        """Begin with the server's description."""
        self._remote = description = parse_sdp(remote)
        section = description.media[0]
        candidates = [line.split() for line in section.all("candidate")]
        candidate = next(words for words in candidates if words[2].lower() == "udp" and "." in words[4])
        self._address = (candidate[4], int(candidate[5]))
        role: DtlsRole = "server" if description.get("setup", section) == "active" else "client"
        self._dtls = DtlsEndpoint(_CERTIFICATE, role, description.fingerprints)
        self._check()

    def send(self, packets: list[tuple[bytes, bytes, int]]) -> None:
        """Send RTP packets as (header, payload, index)."""
        assert self._sender is not None
        for header, payload, index in packets:
            self.on_sent()
            self._transmit(self._sender.rtp(header, payload, self.ssrc, index))

    def close(self) -> None:
        if self._timer is not None:
            self._timer.cancel()
        if self._dtls is not None:
            for datagram in self._dtls.close():
                self._transmit(datagram)
        self._loop.remove_reader(self._socket.fileno())
        self._socket.close()

    def _describe(self, direction: str, mid: str, setup: str, payload_type: int) -> str:
        return _OFFER.format(
            mid=mid,
            h264=payload_type,
            ufrag=self._ufrag,
            password=self._password,
            fingerprint=_CERTIFICATE.fingerprint,
            setup=setup,
            direction=direction,
            ssrc=f"a=ssrc:{self.ssrc} cname:load\n" if direction == "sendonly" else "",
        ).replace("\n", "\r\n")

    def _check(self) -> None:
        """An ICE check that nominates; again until it is answered, then to keep consent."""
        assert self._remote is not None
        section = self._remote.media[0]
        message = stun.Message(stun.Method.BINDING, stun.Class.REQUEST)
        message.attributes["USERNAME"] = f"{self._remote.get('ice-ufrag', section)}:{self._ufrag}"
        message.attributes["PRIORITY"] = 1
        if self._controlling:
            message.attributes["ICE-CONTROLLING"] = 1
            message.attributes["USE-CANDIDATE"] = None
        else:
            message.attributes["ICE-CONTROLLED"] = 1
        message.add_message_integrity((self._remote.get("ice-pwd", section) or "").encode())
        self._transmit(bytes(message))
        if self._dtls is not None and self._checked and not self.connected.is_set():
            timeout = self._dtls.timeout_s()
            if timeout is not None and timeout <= 0:
                self._transmit_all(self._dtls.handle_timeout())
        delay = CONSENT_EVERY_S if self.connected.is_set() else CHECK_EVERY_S
        self._timer = self._loop.call_later(delay, self._check)

    def _read(self) -> None:
        receive = self._socket.recv
        while True:
            try:
                data = receive(2_048)
            except (BlockingIOError, ConnectionError):
                return
            first = data[0] if data else 0xFF
            if 128 <= first <= 191:
                self._media(data)
            elif 20 <= first <= 63:
                self._handshake(data)
            elif first <= 3:
                self._stun(data)

    def _media(self, data: bytes) -> None:
        """SRTP or SRTCP."""
        if not 192 <= data[1] <= 223:
            self.received += 1
            self.received_bytes += len(data)
            if self.on_rtp is not None:
                self.on_rtp(data)

    def _handshake(self, data: bytes) -> None:
        assert self._dtls is not None
        self._transmit_all(self._dtls.receive(data))
        if self._dtls.keys is not None and self._sender is None:
            self.profile = self._dtls.keys.profile.name
            self._sender = srtp_sender(self._dtls.keys)
            self.connected.set()

    def _stun(self, data: bytes) -> None:
        message = stun.parse_message(data)
        if message.message_class is stun.Class.REQUEST:  # a full ICE agent checks us too
            response = stun.Message(stun.Method.BINDING, stun.Class.RESPONSE, message.transaction_id)
            response.attributes["XOR-MAPPED-ADDRESS"] = self._address
            response.add_message_integrity(self._password.encode())
            self._transmit(bytes(response))
        elif not self._checked and self._dtls is not None:
            self._checked = True
            self._transmit_all(self._dtls.start())

    def _transmit_all(self, datagrams: list[bytes]) -> None:
        for datagram in datagrams:
            self._transmit(datagram)

    def _transmit(self, data: bytes) -> None:
        self._socket.sendto(data, self._address)


def h264_payload(part: int, parts: int, size: int, *, keyframe: bool, body: bytes, label: bytes = b"") -> bytes:
    """One of the `parts` (two or more) packets of a made-up picture (RFC 6184), `size` bytes; `label` ends it.

    A keyframe begins with its parameter sets, as every encoder's first one does: without them nobody could start.
    """
    if keyframe and part == 0:
        head = b"\x78" + len(SPS_720P).to_bytes(2) + SPS_720P  # STAP-A
        rest = size - len(head) - 2
        head += rest.to_bytes(2) + b"\x68"  # the picture parameter set
    else:
        flags = 0x80 if part == (1 if keyframe else 0) else 0x40 if part == parts - 1 else 0
        head = bytes((0x7C, flags | (5 if keyframe else 1)))  # FU-A
    return head + body[: size - len(head) - len(label)] + label


class FrameSource:
    """RTP packets of made-up H.264 pictures of given packet sizes; a keyframe every `gop` pictures."""

    def __init__(self, ssrc: int, payload_type: int, sizes: list[list[int]], gop: int) -> None:
        """`sizes`: the payload bytes of the packets of each picture, in a cycle."""
        self._ssrc, self._payload_type, self._sizes, self._gop = ssrc, payload_type, sizes, gop
        self._body = secrets.token_bytes(2_000)
        self._index = 0
        self._picture = 0

    def next(self, timestamp_step: int) -> list[tuple[bytes, bytes, int]]:
        sizes = self._sizes[self._picture % len(self._sizes)]
        keyframe = self._picture % self._gop == 0
        packets = []
        for number, size in enumerate(sizes):
            last = number == len(sizes) - 1
            payload = h264_payload(number, len(sizes), size, keyframe=keyframe, body=self._body)
            timestamp = self._picture * timestamp_step & 0xFFFFFFFF
            second = self._payload_type | (0x80 if last else 0)
            header = struct.pack("!BBHII", 0x80, second, self._index & 0xFFFF, timestamp, self._ssrc)
            packets.append((header, payload, self._index))
            self._index += 1
        self._picture += 1
        return packets
