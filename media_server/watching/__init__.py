"""Watching a recording: playlists, segments, the MP4, the pictures beside it, and what the player page asks for.

- **Derived**: whatever is made from segments (AAC, stills, waveform, indexes); kept on disk under the digests it was
  made from, and made again when it is lost.
"""
