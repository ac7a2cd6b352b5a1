"""RTP, RTCP and SDP as pure functions on bytes and text, for the media server and the room agent.

- **packet**: RTP packets and header extensions (RFC 3550 § 5, RFC 8285).
- **sequence**: unwrapping 16- and 32-bit counters.
- **rtcp**: control packets (RFC 3550 § 6, RFC 4585, RFC 5104, REMB).
- **sdp**: session descriptions (RFC 8866) as dataclasses.
"""
