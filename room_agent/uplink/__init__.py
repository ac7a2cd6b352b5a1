"""From the room to the server.

- **control**: the `/ws` socket: state, levels and previews up, the lesson to publish down.
- **publication**: one WHIP session (RFC 9725) carrying one source; made anew after every loss.
- **link**: the ICE (RFC 8445), DTLS and SRTP under a publication, one UDP port.
- **stream**: one SSRC: an encoding of the picture, or the sound.
- **pacer**: spreads a keyframe's packets over time instead of sending them at line rate.
"""
