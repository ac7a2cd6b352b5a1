"""One SSRC on its way out: RTP headers, the counters of its sender reports, and the packets kept for NACK."""

from collections import OrderedDict
from dataclasses import dataclass

from classroom.rtp.packet import HEADER_BYTES, ONE_BYTE_PROFILE, pack_one_byte_extensions
from classroom.rtp.rtcp import SenderReport, ntp_time
from classroom.webrtc.srtp import SrtpSender

_RESEND_INTERVAL_S = 0.03  # a NACK repeated within a round trip asks for what is already on its way


@dataclass(frozen=True, slots=True)
class StreamFormat:
    """What the answer settled for a stream. `extensions` are constant elements; `send_time_id` is 0 when unused."""

    payload_type: int
    clock_rate: int
    extensions: dict[int, bytes]
    send_time_id: int

    @property
    def header_bytes(self) -> int:
        """Length of every RTP header of the stream."""
        return HEADER_BYTES + 4 + len(self._extension_body(0.0)) if self._has_extensions else HEADER_BYTES

    @property
    def _has_extensions(self) -> bool:
        return bool(self.extensions or self.send_time_id)

    def _extension_body(self, now_s: float) -> bytes:
        elements = dict(self.extensions)
        if self.send_time_id:
            # abs-send-time: 6.18 bits fixed point seconds
            elements[self.send_time_id] = (int(now_s * (1 << 18)) & 0xFFFFFF).to_bytes(3)
        return pack_one_byte_extensions(elements)

    def header(self, sequence: int, timestamp: int, ssrc: int, marker: bool, now_s: float) -> bytes:
        first, extension = 0x80, b""
        if self._has_extensions:
            body = self._extension_body(now_s)
            first, extension = 0x90, ONE_BYTE_PROFILE.to_bytes(2) + (len(body) // 4).to_bytes(2) + body
        second = marker << 7 | self.payload_type
        fixed = bytes((first, second)) + sequence.to_bytes(2) + timestamp.to_bytes(4) + ssrc.to_bytes(4)
        return fixed + extension


class RtpStream:
    """Packets get their sequence numbers when they leave, so what the pacer drops leaves no hole."""

    def __init__(self, ssrc: int, form: StreamFormat, timestamp_offset: int, history_packets: int) -> None:
        self.ssrc = ssrc
        self.format = form
        self.packets_sent = 0
        self.octets_sent = 0
        self.packets_resent = 0
        self._timestamp_offset = timestamp_offset
        # RFC 3711 § 3.3.1 wants the first sequence number below 2^15, lest an early loss confuse the rollover counter.
        self._index = timestamp_offset & 0x7FFF
        self._history: OrderedDict[int, tuple[bytes, float]] = OrderedDict()
        self._history_packets = history_packets
        self._last_media_s: float | None = None
        self._last_ticks = 0

    def timestamp(self, ticks: int) -> int:
        """The RTP timestamp of a moment counted in the stream's clock."""
        return (ticks + self._timestamp_offset) & 0xFFFFFFFF

    def protect(self, srtp: SrtpSender, payload: bytes, ticks: int, marker: bool, now_s: float) -> bytes:
        """The next packet, kept in the history as it was sent."""
        sequence = self._index & 0xFFFF
        header = self.format.header(sequence, self.timestamp(ticks), self.ssrc, marker, now_s)
        datagram = srtp.rtp(header, payload, self.ssrc, self._index)
        self._index += 1
        self.packets_sent += 1
        self.octets_sent += len(payload)
        self._history[sequence] = (datagram, float("-inf"))
        self._history.move_to_end(sequence)
        if len(self._history) > self._history_packets:
            self._history.popitem(last=False)
        return datagram

    def lost(self, sequences: tuple[int, ...], now_s: float) -> list[bytes]:
        """The datagrams to send again for a NACK.

        The very same bytes: encrypting a changed header under the same index would give the key away (RFC 7714 § 9.1
        forbids reusing an IV), and an unchanged one gives the same bytes anyway.
        """
        again = []
        for sequence in sequences:
            kept = self._history.get(sequence)
            if kept is not None and now_s - kept[1] >= _RESEND_INTERVAL_S:
                self._history[sequence] = (kept[0], now_s)
                self.packets_resent += 1
                again.append(kept[0])
        return again

    def at(self, ticks: int, media_s: float) -> None:
        """The media clock: `ticks` were reached at `media_s` on the captures' clock."""
        self._last_ticks, self._last_media_s = ticks, media_s

    def report(self, now_s: float, unix_s: float) -> SenderReport | None:
        """A sender report for this moment: `now_s` on the captures' clock is `unix_s`. None before the first media."""
        if self._last_media_s is None:
            return None
        ticks = self._last_ticks + round((now_s - self._last_media_s) * self.format.clock_rate)
        return SenderReport(self.ssrc, ntp_time(unix_s), self.timestamp(ticks), self.packets_sent, self.octets_sent)
