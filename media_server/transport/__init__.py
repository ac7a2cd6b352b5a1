"""Bytes and sockets.

- **Network**: one port number: a UdpPort and a TcpPort for each address family.
- **UdpPort**: a UDP socket, read in bursts and written in batches.
- **TcpPort**: connections of peers whose networks block UDP (ICE-TCP).
- **IceLite**: our half of ICE (RFC 8445 § 2.5): answers checks, never makes them.
- **Peer**: one secured connection (ICE, DTLS, SRTP) and whatever owns it.
- **DataChannels**: SCTP beside the media, for room messages.
- **DownlinkWriter**: turns runs of packets into protected datagrams for one section of one subscriber.
"""
