"""The `m=application` section of an offer (RFC 8841): a peer that wants data channels beside its media."""

from dataclasses import dataclass

from classroom.rtp.sdp import MediaSection, SessionDescription

SCTP_PORT = 5_000
MAX_MESSAGE_BYTES = 1_000  # what we accept and announce: with all its headers one datagram
_PROTOCOLS = {"UDP/DTLS/SCTP", "TCP/DTLS/SCTP"}
_FORMAT = "webrtc-datachannel"


@dataclass(frozen=True, slots=True)
class DataSection:
    """`sctp_port` is the peer's."""

    mid: str
    protocol: str
    sctp_port: int

    def answer(self) -> MediaSection:
        """What we say to it."""
        attributes = [
            ("mid", self.mid),
            ("sctp-port", str(SCTP_PORT)),
            ("max-message-size", str(MAX_MESSAGE_BYTES)),
        ]
        return MediaSection("application", 9, self.protocol, [_FORMAT], attributes)


def data_section(description: SessionDescription) -> DataSection | None:
    """The first one that can be used; None without one. RFC 8841 § 5.2: without a port there is no association."""
    for section in description.media:
        port = section.get("sctp-port") or ""
        if section.kind != "application" or section.rejected or section.protocol not in _PROTOCOLS:
            continue
        if section.mid and _FORMAT in section.formats and port.isdecimal() and 0 < int(port) < 65_536:
            return DataSection(section.mid, section.protocol, int(port))
    return None
