"""DTLS records in the middle of a handshake with a live counterpart.

Each piece of an input is one step. Its first byte says what happens: the other side's next flight arrives, arrives with
some bits turned over, is lost, or a datagram of the fuzzer's own arrives instead.
"""

import contextlib
from collections.abc import Iterator

from classroom.webrtc.dtls import DtlsCertificate, DtlsEndpoint, DtlsFailed, DtlsState
from tests.fuzz.target import join, split

MAX_BYTES = 600
DELIVER, TURN, LOSE, INJECT = range(4)
SERVER, CLIENT = DtlsCertificate(), DtlsCertificate()


def run(data: bytes) -> None:
    server = DtlsEndpoint(SERVER, "server", [("sha-256", CLIENT.fingerprint)])
    client = DtlsEndpoint(CLIENT, "client", [("sha-256", SERVER.fingerprint)])
    to_server, to_client = client.start(), list[bytes]()
    untouched = True
    for chunk in split(data):
        action, body = chunk[0] % 4 if chunk else DELIVER, chunk[1:]
        untouched &= action == DELIVER
        if action == INJECT:
            arriving = [body]
        elif action == TURN:
            arriving = [turned(datagram, body) for datagram in to_server]
        else:
            arriving = [] if action == LOSE else to_server
        to_client = received(server, arriving)
        to_server = received(client, to_client)
    assert not untouched or len(split(data)) < 2 or server.state is client.state is DtlsState.CONNECTED
    # Whatever was done to the records: keys mean that both sides agree on them.
    if server.keys is not None and client.keys is not None:
        assert server.keys.local_key == client.keys.remote_key
    server.timeout_s()
    server.handle_timeout()
    server.close()


def received(endpoint: DtlsEndpoint, datagrams: list[bytes]) -> list[bytes]:
    answers: list[bytes] = []
    with contextlib.suppress(DtlsFailed):
        for datagram in datagrams:
            answers.extend(endpoint.receive(datagram))
    return answers


def turned(datagram: bytes, pattern: bytes) -> bytes:
    """`pattern` begins with the place in two bytes; the rest is turned over there."""
    start = int.from_bytes(pattern[:2]) % max(len(datagram), 1)
    changed = bytearray(datagram)
    for offset, bits in enumerate(pattern[2:]):
        if start + offset < len(changed):
            changed[start + offset] ^= bits
    return bytes(changed)


def seeds() -> Iterator[bytes]:
    deliver = bytes((DELIVER,))
    yield join([deliver] * 4)
    for place in (0, 3, 11, 13, 14, 17, 19, 22, 25, 60):
        yield join([bytes((TURN, 0, place, 0xFF)), deliver, deliver])
        yield join([deliver, bytes((TURN, 0, place, 0x01)), deliver])
    yield join([bytes((LOSE,)), deliver])
    yield join([bytes((INJECT, 22, 254, 253)) + bytes(9) + b"\0\x0c" + bytes(12), deliver, deliver])
    yield join([deliver, deliver, bytes((INJECT, 21, 254, 253)) + bytes(8) + b"\0\x02\x02\x28"])
    yield join([deliver, deliver, bytes((INJECT, 23, 254, 253, 0, 1)) + bytes(6) + b"\0\x05hello"])
