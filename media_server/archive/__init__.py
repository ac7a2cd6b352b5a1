"""The archive: what was recorded, kept, watched again and one day retired.

- **Segment store**: bytes by their SHA-256 digest, in a local directory or an S3-compatible store.
- **Manifest**: the list of a track's segments; a recording is nothing but manifests over the segment store.
- **Rendition**: one way to watch a track (HLS, MP4); made from segments on demand, never stored.
"""
