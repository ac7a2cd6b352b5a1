"""Opus in RTP (RFC 7587): every packet can be decoded by itself, and its in-band FEC travels inside."""

from classroom.rtp.sdp import Codec
from media_server.sfu.codecs.payload import Extensions, PayloadInfo, Plain

_NOTHING = PayloadInfo()


class Opus(Plain):
    """Nothing to know."""

    def read(self, payload: bytes, extensions: Extensions) -> PayloadInfo:
        return _NOTHING

    @staticmethod
    def decodes(offered: Codec, sent: Codec) -> bool:
        """RFC 7587 § 7: parameters are wishes of the receiver; every decoder takes every stream."""
        return True
