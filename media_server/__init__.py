"""The media plane: publishers send in, viewers receive; packets are forwarded, never transcoded.

- **transport**: one UDP port, ICE-lite, DTLS, SRTP, and the egress loop: bytes and sockets.
- **sfu**: who gets which packet with which header: pure, time is a parameter.
- **api**: WHIP, WHEP and the signalling messages of the pages.
- `engine` joins the three; `service` makes them a service of the server.
"""
