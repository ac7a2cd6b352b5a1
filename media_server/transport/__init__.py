"""Bytes and sockets.

- **UdpPort**: the one UDP socket, read in bursts and written in batches.
- **IceLite**: our half of ICE (RFC 8445 § 2.5): answers checks, never makes them.
- **Peer**: one secured connection (ICE, DTLS, SRTP) and whatever owns it.
- **DownlinkWriter**: turns runs of packets into protected datagrams for one section of one subscriber.
"""
