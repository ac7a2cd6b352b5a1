"""Messages on a publisher's data channel `encodings`: which of its encodings somebody watches.

Opening the channel is a page's promise to obey: to set `active` of its sender's encodings (RTCRtpSender.setParameters)
as the newest message says. Publishers that speak RFC 7728 hear the same by RTCP and need no channel.
"""

from typing import Literal

from classroom.messages.base import Message

LABEL = "encodings"


class EncodingWanted(Message):
    """`active`: as of RTCRtpEncodingParameters."""

    rid: str
    active: bool


class EncodingsWanted(Message):
    """All encodings of the publisher's picture, sent on opening and on change; the lowest is always active."""

    type: Literal["encodings_wanted"] = "encodings_wanted"
    encodings: list[EncodingWanted]
