import contextlib

import pytest
from cryptography.hazmat.primitives.asymmetric import ec
from hypothesis import given, settings
from hypothesis import strategies as st
from OpenSSL import SSL

from classroom.webrtc.dtls import MTU_BYTES, DtlsCertificate, DtlsEndpoint, DtlsFailed, DtlsState

SERVER, CLIENT, STRANGER = DtlsCertificate(), DtlsCertificate(), DtlsCertificate()


def pair() -> tuple[DtlsEndpoint, DtlsEndpoint]:
    return (
        DtlsEndpoint(SERVER, "server", [("sha-256", CLIENT.fingerprint)]),
        DtlsEndpoint(CLIENT, "client", [("sha-256", SERVER.fingerprint)]),
    )


def exchange(server: DtlsEndpoint, client: DtlsEndpoint, first: list[bytes]) -> list[bytes]:
    """Carry datagrams to and fro until silence; returns all of them."""
    carried, towards = [], server
    datagrams = first
    while datagrams:
        carried.extend(datagrams)
        replies = [reply for datagram in datagrams for reply in towards.receive(datagram)]
        datagrams, towards = replies, client if towards is server else server
    return carried


def test_both_sides_get_matching_keys_and_the_server_prefers_aes_128_gcm() -> None:
    server, client = pair()
    exchange(server, client, client.start())
    assert server.state is client.state is DtlsState.CONNECTED
    assert server.keys is not None
    assert client.keys is not None
    assert server.keys.profile.name == "SRTP_AEAD_AES_128_GCM"
    assert (server.keys.local_key, server.keys.local_salt) == (client.keys.remote_key, client.keys.remote_salt)
    assert (client.keys.local_key, client.keys.local_salt) == (server.keys.remote_key, server.keys.remote_salt)


def test_datagrams_fit_the_mtu_and_hold_whole_records() -> None:
    server, client = pair()
    for datagram in exchange(server, client, client.start()):
        assert len(datagram) <= MTU_BYTES
        position = 0
        while position < len(datagram):
            position += 13 + int.from_bytes(datagram[position + 11 : position + 13])
        assert position == len(datagram)


def test_a_flight_waits_for_its_retransmission() -> None:
    server, client = pair()
    assert client.timeout_s() is None
    client.start()  # lost
    timeout = client.timeout_s()
    assert timeout is not None
    assert 0 < timeout <= 1
    assert client.handle_timeout() == []  # OpenSSL reads its own clock, and nothing is due yet
    assert server.state is DtlsState.HANDSHAKING


def test_a_certificate_that_the_sdp_did_not_name_is_refused() -> None:
    server = DtlsEndpoint(SERVER, "server", [("sha-256", CLIENT.fingerprint)])
    impostor = DtlsEndpoint(STRANGER, "client", [("sha-256", SERVER.fingerprint)])
    with pytest.raises(DtlsFailed, match="dtls_failed"):
        exchange(server, impostor, impostor.start())
    assert server.keys is None
    assert server.state is DtlsState.CLOSED


def test_a_certificate_on_p_224_cannot_be_supported(monkeypatch: pytest.MonkeyPatch) -> None:
    """What FFmpeg's WHIP muxer on GnuTLS makes by default: OpenSSL 4 knows that curve no more in TLS (RFC 8422).

    When this fails, OpenSSL has changed its mind: see docs/interop.md.
    """
    monkeypatch.setattr(ec, "SECP256R1", ec.SECP224R1)
    old = DtlsCertificate()
    muxer = DtlsEndpoint(old, "server", [("sha-256", CLIENT.fingerprint)])
    ours = DtlsEndpoint(CLIENT, "client", [("sha-256", old.fingerprint)])
    with pytest.raises(DtlsFailed):
        exchange(muxer, ours, ours.start())


def test_an_empty_datagram_is_nothing() -> None:
    server, client = pair()
    assert server.receive(b"") == []
    exchange(server, client, client.start())
    assert server.state is DtlsState.CONNECTED


def test_a_fingerprint_of_an_unknown_hash_is_no_fingerprint() -> None:
    with pytest.raises(DtlsFailed):
        DtlsEndpoint(SERVER, "server", [("md5", "00")])


def test_data_and_goodbye() -> None:
    server, client = pair()
    exchange(server, client, client.start())
    for datagram in client.send(b"hello"):
        server.receive(datagram)
    assert server.received == [b"hello"]
    for datagram in client.close():
        server.receive(datagram)
    assert server.state is DtlsState.CLOSED
    assert client.close() == []
    assert client.send(b"late") == []


def test_a_client_without_srtp_is_refused() -> None:
    context = SSL.Context(SSL.DTLS_METHOD)
    context.use_certificate(CLIENT._certificate)
    context.use_privatekey(CLIENT._key)
    plain = SSL.Connection(context)
    plain.set_connect_state()
    server, _ = pair()

    def shake_hands() -> None:
        for _ in range(10):
            with contextlib.suppress(SSL.WantReadError):
                plain.do_handshake()
            for datagram in server.receive(plain.bio_read(65_536)):
                plain.bio_write(datagram)

    with pytest.raises(DtlsFailed):
        shake_hands()
    assert server.keys is None


@settings(max_examples=50)
@given(st.lists(st.binary(min_size=1, max_size=300), max_size=5))
def test_garbage_neither_connects_nor_breaks_the_handshake(garbage: list[bytes]) -> None:
    server, client = pair()
    try:
        for data in garbage:
            server.receive(bytes((22, 254, 253)) + data)
    except DtlsFailed:
        assert server.keys is None
        return
    exchange(server, client, client.start())
    assert server.keys is not None or server.state is DtlsState.HANDSHAKING
