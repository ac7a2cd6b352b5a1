"""From runs of packets to protected datagrams: everything that is the same for a subscriber is computed once."""

import struct
from collections.abc import Iterable

from classroom.webrtc.srtp import GcmSender, SrtpSender
from media_server.sfu.downlink import Downlink, Run
from media_server.sfu.extensions import ExtensionLayout
from media_server.transport.native import NativeStream, open_library

_PLAIN = struct.Struct("!BBHII")
_STAMPED = struct.Struct("!BBHIIII")  # with a one-byte-header extension of one word
_ONE_BYTE_PROFILE = 0xBEDE << 16 | 1
_ORIGINAL_SEQUENCE = struct.Struct("!H")


def abs_send_time(seconds: float) -> int:
    """24 bits, 6.18 fixed point (abs-send-time extension)."""
    return int(seconds * (1 << 18)) & 0xFFFFFF


class DownlinkWriter:
    """Protects what leaves on one downlink.

    `layout` is the subscriber's header extension. Most packets carry nothing in it but the time of sending, for which
    one word is enough; the others are packed by it.
    """

    __slots__ = (
        "_downlink",
        "_encrypt",
        "_layout",
        "_native",
        "_nonce",
        "_payload_type",
        "_rtx_nonce",
        "_sender",
        "_ssrc",
        "_stamp_head",
    )

    def __init__(self, sender: SrtpSender, downlink: Downlink, layout: ExtensionLayout) -> None:
        self._sender = sender
        self._downlink = downlink
        self._payload_type = downlink.payload_type
        self._ssrc = downlink.ssrc
        gcm = sender if isinstance(sender, GcmSender) else None
        self._encrypt = gcm.cipher.encrypt if gcm else None
        self._nonce = gcm.nonce_base(downlink.ssrc) if gcm else 0
        self._rtx_nonce = gcm.nonce_base(downlink.rtx_ssrc) if gcm else 0
        self._layout = layout
        self._stamp_head = (layout.stamp_id << 4 | 2) << 24 if layout.stamp_id is not None else None
        library = open_library() if gcm else None
        self._native = (
            NativeStream(library.cipher(gcm.key), gcm, downlink.ssrc, downlink.payload_type, layout.stamp_id)
            if library is not None and gcm is not None
            else None
        )

    @property
    def native(self) -> NativeStream | None:
        """For the native loop, which does as `write` does while packets carry nothing but the time of sending."""
        return None if self._layout.names_section else self._native

    def write(self, runs: Iterable[Run], send_time: int) -> list[bytes]:
        """The datagrams of first transmissions; `send_time` as of `abs_send_time`."""
        out: list[bytes] = []
        encrypt, nonce, payload_type, ssrc = self._encrypt, self._nonce, self._payload_type, self._ssrc
        stamp = self._stamp_head | send_time if self._stamp_head is not None else None
        layout = self._layout
        named = layout.names_section
        for packets, index_offset, timestamp_offset in runs:
            for packet in packets:
                index = packet.index + index_offset
                second = packet.marker | payload_type
                timestamp = packet.timestamp + timestamp_offset & 0xFFFFFFFF
                if packet.extensions or named:
                    extension = layout.pack(packet.extensions, send_time)
                    header = (
                        _PLAIN.pack(0x90 if extension else 0x80, second, index & 0xFFFF, timestamp, ssrc) + extension
                    )
                elif stamp is None:
                    header = _PLAIN.pack(0x80, second, index & 0xFFFF, timestamp, ssrc)
                else:
                    header = _STAMPED.pack(0x90, second, index & 0xFFFF, timestamp, ssrc, _ONE_BYTE_PROFILE, stamp)
                if encrypt is not None:
                    out.append(header + encrypt((nonce ^ index).to_bytes(12), packet.payload, header))
                else:
                    out.append(self._sender.rtp(header, packet.payload, ssrc, index))
        return out

    def write_repairs(self, runs: Iterable[Run], send_time: int) -> list[bytes]:
        """The datagrams of retransmissions: RTX (RFC 4588) where negotiated, else the same packet again."""
        downlink = self._downlink
        if downlink.rtx_payload_type is None:
            return self.write(runs, send_time)
        out: list[bytes] = []
        for packets, index_offset, timestamp_offset in runs:
            for packet in packets:
                index = downlink.next_rtx_index
                downlink.next_rtx_index += 1
                second = packet.marker | downlink.rtx_payload_type
                timestamp = packet.timestamp + timestamp_offset & 0xFFFFFFFF
                extension = self._layout.pack(packet.extensions, send_time)
                first = 0x90 if extension else 0x80
                header = _PLAIN.pack(first, second, index & 0xFFFF, timestamp, downlink.rtx_ssrc) + extension
                # RFC 4588 § 4: the payload begins with the original sequence number.
                payload = _ORIGINAL_SEQUENCE.pack(packet.index + index_offset & 0xFFFF) + packet.payload
                if self._encrypt is not None:
                    nonce = (self._rtx_nonce ^ index).to_bytes(12)
                    out.append(header + self._encrypt(nonce, payload, header))
                else:
                    out.append(self._sender.rtp(header, payload, downlink.rtx_ssrc, index))
        return out
