"""Pictures to H.264, sound to Opus.

- **ladder**: the encodings made of every picture, from the highest to the lowest; each has a **rid** (RFC 8851).
- **access unit**: one encoded picture, as its NAL units.
- **keyframe**: an IDR picture with its parameter sets before it, from which a viewer can begin.
- **backend**: the encoder FFmpeg knows by a name: `libx264`, or one of the machine's hardware.
"""
