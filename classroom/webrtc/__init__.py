"""The secured transport of WebRTC, for both ends: `dtls` (RFC 6347, RFC 5764) and `srtp` (RFC 3711, RFC 7714)."""
