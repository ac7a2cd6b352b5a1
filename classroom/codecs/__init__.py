"""What the headers inside compressed pictures say: pure functions on bytes, for forwarding and for recording.

- **bits**: fixed and variable-length codes.
- **h264**: NAL units, the sequence parameter set (ITU-T H.264).
- **vp8**, **vp9**: the header of a keyframe (RFC 6386, VP9 bitstream specification).
- **av1**: open bitstream units, the sequence header (AV1 bitstream specification).

Readers raise `MalformedStream`.
"""
