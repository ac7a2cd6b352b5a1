"""The record: everything on this room's own disk first, then, when the line has room for it, on the server.

- **lesson folder**: `{recordings}/{lesson}/`: what is kept of a lesson here; `lesson.json` says which.
- **track folder**: `{lesson}/{source}-{kind}/`: headers `{digest}.mp4`, segments `{sequence}.{header}.m4s`, and
  `manifest.jsonl` with a line for each segment that is whole.
- **recorder**: a thread that takes what the encoders make and writes it; it never waits for a network.
- **upload**: reads the folders and brings the server what it has not; the server says what that is.
- **guard**: watches the disk, and takes away what is safe on the server when room is needed.
"""
