"""The selective forwarding unit, pure: packets and time in, packets to send out. No sockets, no tasks, no clocks.

Glossary
- **Encoding**: one incoming RTP stream (SSRC): one quality of a track's picture, or its sound.
- **Track**: the picture or the sound of a source, in one or more encodings of the same moment.
- **Source**: what one publisher sends under one name (teacher, slides …): up to one picture and one sound.
- **Downlink**: one media section of one subscriber: carries one track, one encoding of it at a time.
- **Run**: consecutive packets of an encoding that leave on a downlink with the same offsets.
- **Governor**: decides which encodings fit a subscriber's line; sound is never its business.
"""
