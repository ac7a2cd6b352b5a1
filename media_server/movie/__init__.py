"""One MP4 file (ISO/IEC 14496-12) laid out from segments that stay where they are: pure.

Players, editors and slide programs want a whole file whose index comes first. It is never written: a **layout** says
which bytes it would have, so that any range of it can be sent at once.

- **Samples**: the times, sizes and places of what one segment holds, kept small beside it.
- **Strip**: the part of a segment that the file shows.
- **Chunk**: the bytes one strip gives to the file, or silence where there was no sound.
- **Layout**: the index (`ftyp`, `moov`) and the chunks of all tracks, in order of time.
"""
