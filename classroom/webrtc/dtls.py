"""DTLS for SRTP (RFC 5763, RFC 5764) on pyOpenSSL, without sockets or tasks: datagrams in, datagrams out.

Why not aiortc's RTCDtlsTransport, which also sits on pyOpenSSL: it needs a task per peer and private names, and it cuts
a long flight into datagrams in the middle of records (docs/adr/0011).
"""

from collections.abc import Iterable, Iterator
from datetime import UTC, datetime, timedelta
from enum import Enum
from typing import Literal

from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from OpenSSL import SSL

from classroom.errors import ClassroomError
from classroom.webrtc.srtp import PROFILES, SrtpKeys

MTU_BYTES = 1_200  # of a DTLS datagram: safe over IPv6, tunnels and PPPoE
_RECORD_HEADER_BYTES = 13
_CIPHERS = b"ECDHE-ECDSA-AES128-GCM-SHA256:ECDHE-ECDSA-CHACHA20-POLY1305:ECDHE-ECDSA-AES128-SHA:ECDHE-ECDSA-AES256-SHA"
_DIGESTS: dict[str, hashes.HashAlgorithm] = {
    "sha-256": hashes.SHA256(),
    "sha-384": hashes.SHA384(),
    "sha-512": hashes.SHA512(),
}

DtlsRole = Literal["client", "server"]


class DtlsFailed(ClassroomError):
    """The handshake cannot succeed; the association is of no use any more."""

    status = 400

    def __init__(self, reason: str) -> None:
        super().__init__("dtls_failed", reason=reason)


class DtlsState(Enum):
    HANDSHAKING = "handshaking"
    CONNECTED = "connected"
    CLOSED = "closed"


class DtlsCertificate:
    """A self-signed certificate; one per process is enough, its fingerprint travels in the SDP."""

    def __init__(self, now: datetime | None = None) -> None:
        now = now or datetime.now(UTC)
        self._key = ec.generate_private_key(ec.SECP256R1())
        name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, "WebRTC")])
        self._certificate = (
            x509.CertificateBuilder()
            .subject_name(name)
            .issuer_name(name)
            .public_key(self._key.public_key())
            .serial_number(x509.random_serial_number())
            .not_valid_before(now - timedelta(days=1))
            .not_valid_after(now + timedelta(days=365))
            .sign(self._key, hashes.SHA256())
        )
        self._context: SSL.Context | None = None

    @property
    def fingerprint(self) -> str:
        """SHA-256, as in `a=fingerprint:sha-256 …`."""
        return _fingerprint(self._certificate, _DIGESTS["sha-256"])

    @property
    def context(self) -> SSL.Context:
        """One OpenSSL context for every association of the process; making one costs 100 kB."""
        if self._context is None:
            context = SSL.Context(SSL.DTLS_METHOD)
            context.set_options(SSL.OP_NO_TICKET | SSL.OP_NO_QUERY_MTU)
            # The chain proves nothing here; RFC 5763 § 5: the fingerprint in the signalling does, see `_verify_peer`.
            context.set_verify(SSL.VERIFY_PEER | SSL.VERIFY_FAIL_IF_NO_PEER_CERT, lambda *_: True)
            context.use_certificate(self._certificate)
            context.use_privatekey(self._key)
            context.set_cipher_list(_CIPHERS)
            context.set_tlsext_use_srtp(":".join(profile.name for profile in PROFILES).encode())
            self._context = context
        return self._context


class DtlsEndpoint:
    """One side of one association.

    Feed it with `receive` and, when `timeout_s()` has passed, `handle_timeout`; send whatever they return, each item
    one datagram. When `state` is CONNECTED, `keys` holds the SRTP master keys. The server side prefers AES-128-GCM
    because it picks the first of *its own* profiles that the client offers.
    """

    def __init__(self, certificate: DtlsCertificate, role: DtlsRole, fingerprints: Iterable[tuple[str, str]]) -> None:
        """`fingerprints`: the `(algorithm, value)` pairs of the other side's SDP.

        Raises `DtlsFailed` without a usable one.
        """
        self._fingerprints = [(name, value) for name, value in fingerprints if name in _DIGESTS]
        if not self._fingerprints:
            raise DtlsFailed("no fingerprint with sha-256, sha-384 or sha-512")
        self._role = role
        self._ssl = SSL.Connection(certificate.context)
        self._ssl.set_ciphertext_mtu(MTU_BYTES)
        if role == "server":
            self._ssl.set_accept_state()
        else:
            self._ssl.set_connect_state()
        self.state = DtlsState.HANDSHAKING
        self.keys: SrtpKeys | None = None
        self.received: list[bytes] = []  # application data (SCTP), for the owner to take

    @property
    def cipher(self) -> str:
        """The cipher suite, in OpenSSL's words; empty before there is one."""
        return self._ssl.get_cipher_name() or ""

    def start(self) -> list[bytes]:
        """The client's first flight; nothing for a server."""
        return self._handshake() if self._role == "client" else []

    def receive(self, datagram: bytes) -> list[bytes]:
        """Raises `DtlsFailed` when the handshake cannot succeed. Garbage is passed over, as RFC 6347 § 4.1.2.7 asks."""
        if self.state is DtlsState.CLOSED or not datagram:  # OpenSSL reports an empty write as an error
            return []
        self._ssl.bio_write(datagram)
        if self.state is DtlsState.HANDSHAKING:
            return self._handshake()
        try:
            while data := self._ssl.recv(65_536):
                self.received.append(data)
        except SSL.ZeroReturnError:
            self.state = DtlsState.CLOSED
        except SSL.Error:  # nothing more to read, or a record that is not for us
            pass
        return list(self._flights())

    def timeout_s(self) -> float | None:
        """Seconds until `handle_timeout` is due; None when nothing waits for retransmission."""
        if self.state is DtlsState.CLOSED:
            return None
        timeout: float | None = self._ssl.DTLSv1_get_timeout()
        return timeout

    def handle_timeout(self) -> list[bytes]:
        """The last flight again. Raises `DtlsFailed` when OpenSSL has given up."""
        try:
            self._ssl.DTLSv1_handle_timeout()
        except SSL.Error as error:
            raise DtlsFailed("the handshake timed out") from error
        return list(self._flights())

    def send(self, data: bytes) -> list[bytes]:
        """Application data as datagrams; nothing unless connected."""
        if self.state is not DtlsState.CONNECTED:
            return []
        self._ssl.send(data)
        return list(self._flights())

    def close(self) -> list[bytes]:
        """The closing alert, so that the other side need not wait for its timers."""
        if self.state is DtlsState.CLOSED:
            return []
        connected = self.state is DtlsState.CONNECTED
        self.state = DtlsState.CLOSED
        if connected:
            try:
                self._ssl.shutdown()
            except SSL.Error:
                return []
        return list(self._flights())

    def _handshake(self) -> list[bytes]:
        try:
            self._ssl.do_handshake()
        except SSL.WantReadError:
            return list(self._flights())
        except SSL.Error as error:
            self.state = DtlsState.CLOSED
            reasons = error.args[0] if error.args and isinstance(error.args[0], list) else []
            raise DtlsFailed("; ".join(str(reason[-1]) for reason in reasons) or type(error).__name__) from error
        self._verify_peer()
        self.keys = self._export_keys()
        self.state = DtlsState.CONNECTED
        return list(self._flights())

    def _verify_peer(self) -> None:
        certificate = self._ssl.get_peer_certificate(as_cryptography=True)
        # RFC 8122 § 5: at least one fingerprint of a hash we know must match; one that does not is an attack.
        for algorithm, value in self._fingerprints:
            if certificate is None or _fingerprint(certificate, _DIGESTS[algorithm]) != value.upper():
                self.state = DtlsState.CLOSED
                raise DtlsFailed("the certificate does not match the fingerprint of the SDP")

    def _export_keys(self) -> SrtpKeys:
        selected = self._ssl.get_selected_srtp_profile().decode()
        profile = next((profile for profile in PROFILES if profile.name == selected), None)
        if profile is None:
            self.state = DtlsState.CLOSED
            raise DtlsFailed("no SRTP protection profile in common")
        key, salt = profile.key_bytes, profile.salt_bytes
        # RFC 5764 § 4.2: client key, server key, client salt, server salt.
        material = self._ssl.export_keying_material(b"EXTRACTOR-dtls_srtp", 2 * (key + salt))
        client = material[:key], material[2 * key : 2 * key + salt]
        server = material[key : 2 * key], material[2 * key + salt :]
        local, remote = (client, server) if self._role == "client" else (server, client)
        return SrtpKeys(profile, *local, *remote)

    def _flights(self) -> Iterator[bytes]:
        """What OpenSSL wrote, cut between records into datagrams of at most the MTU."""
        chunks = []
        try:
            while chunk := self._ssl.bio_read(65_536):
                chunks.append(chunk)
        except SSL.Error:  # WantRead: the buffer is empty
            pass
        data = b"".join(chunks)
        start = position = 0
        while position < len(data):
            end = position + _RECORD_HEADER_BYTES + int.from_bytes(data[position + 11 : position + 13])
            if end - start > MTU_BYTES and position > start:
                yield data[start:position]
                start = position
            position = end
        if start < len(data):
            yield data[start:]


def _fingerprint(certificate: x509.Certificate, digest: hashes.HashAlgorithm) -> str:
    return certificate.fingerprint(digest).hex(":").upper()
