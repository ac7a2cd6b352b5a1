"""What a forwarder must know of each RTP payload format; pictures and sound themselves stay opaque.

Glossary
- **Payload format**: how one codec travels in RTP (RFC 8088); one module each, one `PayloadFormat` per encoding.
- **Payload info**: what was read of one packet: whether a keyframe begins, its layer, its place in the stream.
- **Target**: a spatial layer as something to decode; target *n* needs the layers up to *n* (AV1: decode target).
- **Offsets**: what must be added to a codec's own counters so that they go on across a switch.
"""
