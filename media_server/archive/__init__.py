"""The archive: what was recorded, kept, watched again and one day retired.

- **Segment store**: bytes by their SHA-256 digest, in a local directory or an S3-compatible store.
- **Keeper**: the segment store together with what the database knows of it; through it everything is kept and read.
- **Incoming**: what is on its way into the segment store, so that an upload can go on where it broke off.
- **Scrub**: reading everything again, a little at a time, to find damage while another copy exists.
- **Manifest**: the list of a track's segments; a recording is nothing but manifests over the segment store.
- **Rendition**: one way to watch a track (HLS, MP4); made from segments on demand, never stored.
"""
