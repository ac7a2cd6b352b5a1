"""Fragmented MP4 (ISO/IEC 14496-12, CMAF: ISO/IEC 23000-19), one track a file, as pure functions on bytes.

- **Format**: what a track's samples are: codec, size or channels, timescale; made from the codec's own headers.
- **Header**: `ftyp` + `moov`, written once per format; a decoder needs it before any fragment.
- **Sample**: one picture, or one packet of sound.
- **Fragment**: `moof` + `mdat`, at most a second of samples; the unit that survives a power cut whole or not at all.
- **Segment**: some fragments in a row, the first beginning with a keyframe; the unit that is kept and sent.

Writing never fails on what our codecs make; reading is bounded and raises `MalformedMp4`.
"""
