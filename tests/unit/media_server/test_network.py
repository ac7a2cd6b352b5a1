"""One port number on every family and transport."""

import asyncio
import socket
from ipaddress import ip_address

import pytest

from classroom.clock import VirtualClock
from classroom.errors import BadSettings
from media_server.transport.network import Address, Network
from tests.fakes.peers import until

BOTH = ["192.0.2.1", "2001:db8::1"]


def make(host: str, addresses: list[str], port: int = 0) -> tuple[Network, list[tuple[bytes, Address]]]:
    received: list[tuple[bytes, Address]] = []
    network = Network(
        host, port, addresses, receive=received.extend, on_closed=lambda address: None, clock=VirtualClock()
    )
    return network, received


@pytest.mark.parametrize(
    ("host", "addresses", "reached"),
    [
        ("0.0.0.0", BOTH, ["127.0.0.1", "::1"]),
        ("::", BOTH, ["127.0.0.1", "::1"]),
        ("0.0.0.0", BOTH[:1], ["127.0.0.1"]),
        ("::", BOTH[1:], ["::1"]),
        ("127.0.0.1", BOTH, ["127.0.0.1"]),
        ("::1", BOTH, ["::1"]),
    ],
)
async def test_the_announced_families_are_served_over_udp_and_tcp(
    host: str, addresses: list[str], reached: list[str]
) -> None:
    network, received = make(host, addresses)
    await network.open()
    for target in ("127.0.0.1", "::1"):
        family = socket.AF_INET6 if ":" in target else socket.AF_INET
        with socket.socket(family, socket.SOCK_DGRAM) as udp, socket.socket(family, socket.SOCK_STREAM) as tcp:
            udp.settimeout(5)
            tcp.settimeout(5)
            if target not in reached:
                with pytest.raises(ConnectionRefusedError):
                    tcp.connect((target, network.port))
                continue
            udp.sendto(b"udp", (target, network.port))
            tcp.connect((target, network.port))
            tcp.send(b"\0\3tcp")
            await until(lambda: {data for data, _ in received} == {b"udp", b"tcp"})
            for data, address in received:
                assert address[0] == target
                network.send(address, [data.upper()])
            loop = asyncio.get_running_loop()
            assert await loop.run_in_executor(None, udp.recv, 9) == b"UDP"
            assert await loop.run_in_executor(None, tcp.recv, 9) == b"\0\3TCP"
            received.clear()
    families = {ip_address(candidate.split()[4]).version for candidate in network.candidates}
    assert families == {ip_address(each).version for each in reached}
    assert len(network.candidates) == 2 * len(families)
    assert network.sent == 2 * len(reached)
    network.close()


def test_nothing_to_announce_is_a_wrong_setting() -> None:
    with pytest.raises(BadSettings) as caught:
        make("127.0.0.1", ["2001:db8::1"])
    assert caught.value.code == "media_address_unusable"


def test_a_number_that_tcp_does_not_have_is_refused_and_nothing_stays_open() -> None:
    with socket.create_server(("127.0.0.1", 0)) as other:
        number = other.getsockname()[1]
        for _ in range(2):
            with pytest.raises(BadSettings) as caught:
                make("127.0.0.1", ["127.0.0.1"], number)
            assert (caught.value.code, caught.value.data["port"]) == ("media_port_in_use", number)
    make("127.0.0.1", ["127.0.0.1"], number)[0].close()
