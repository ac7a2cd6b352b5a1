"""Reading devices and files.

- **spec**: what to read, as written on the command line (`file:clip.mp4`, `camera:0`, `mic:` …).
- **capture**: an open device; it blocks, so it runs in its own thread and gives what it reads to a **sink**.
- **beat**: the clock of such a thread, replaced by a virtual one in tests.
- **picture**, **sound**: one frame, with the moment it was captured on the monotonic clock.
- **fault**: why a capture ended; it is reported and tried again, other captures go on.
- **frame code**: a number drawn into the picture so that a reader of pixels knows which frame it sees.
"""
