"""The one socket, against real sockets on loopback."""

import asyncio
import socket
from collections.abc import AsyncIterator, Iterator

import pytest

from classroom.errors import BadSettings
from media_server.transport.udp import QUEUE_PACKETS, Datagram, UdpPort


@pytest.fixture
def receiver() -> Iterator[socket.socket]:
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as sock:
        sock.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 212_992)
        sock.bind(("127.0.0.1", 0))
        sock.settimeout(5)
        yield sock


@pytest.fixture
async def port() -> AsyncIterator[UdpPort]:
    opened = UdpPort("127.0.0.1", 0, lambda burst: None)
    opened.open()
    yield opened
    opened.close()


SIZES = [[100], [100] * 7, [100, 100, 40], [100, 40, 100], [40, 100], [1_200] * 70, [100, 100, 200, 200, 30, 1]]


@pytest.mark.parametrize("segmentation", [True, False])
@pytest.mark.parametrize("sizes", SIZES, ids=lambda sizes: f"{len(sizes)} packets, {sum(sizes)} bytes")
async def test_packets_arrive_whole_and_in_order(
    port: UdpPort, receiver: socket.socket, sizes: list[int], segmentation: bool
) -> None:
    port._segmentation = segmentation
    packets = [bytes((number % 256,)) * size for number, size in enumerate(sizes)]
    port.send(receiver.getsockname(), packets)
    assert [receiver.recv(2_048) for _ in packets] == packets
    assert port.sent == len(packets)
    assert port.sent_bytes == sum(sizes)


async def test_a_burst_is_read_in_one_turn(receiver: socket.socket) -> None:
    bursts: asyncio.Queue[list[Datagram]] = asyncio.Queue()
    port = UdpPort("127.0.0.1", 0, bursts.put_nowait)
    for number in range(50):
        receiver.sendto(bytes((number,)), ("127.0.0.1", port.port))
    port.open()
    burst = await asyncio.wait_for(bursts.get(), 5)
    assert burst == [(bytes((number,)), receiver.getsockname()) for number in range(50)]
    port.close()


async def test_a_full_socket_queues_then_drops_and_counts(receiver: socket.socket, port: UdpPort) -> None:
    address = receiver.getsockname()
    port._enqueue(address, [b"first"])  # as after a send that would have blocked
    port.send(address, [b"x"] * (QUEUE_PACKETS + 10))
    assert port.dropped["queue_full"] == 11
    loop = asyncio.get_running_loop()
    received = [await loop.run_in_executor(None, receiver.recv, 100) for _ in range(QUEUE_PACKETS)]
    assert received == [b"first"] + [b"x"] * (QUEUE_PACKETS - 1)
    port.send(address, [b"later"])
    assert await loop.run_in_executor(None, receiver.recv, 100) == b"later"


async def test_an_unreachable_address_costs_only_its_own_packets(port: UdpPort, receiver: socket.socket) -> None:
    port.send(("255.255.255.255", 9), [b"nowhere"] * 3)
    assert port.dropped["unreachable"] == 3
    port.send(receiver.getsockname(), [b"a", b"b"])
    assert [receiver.recv(9), receiver.recv(9)] == [b"a", b"b"]


def test_a_port_in_use_is_named() -> None:
    first = UdpPort("127.0.0.1", 0, lambda burst: None)
    with pytest.raises(BadSettings) as caught:
        UdpPort("127.0.0.1", first.port, lambda burst: None)
    assert (caught.value.code, caught.value.data["port"]) == ("media_port_in_use", first.port)
    first.close()


def test_an_address_that_is_not_ours_is_named() -> None:
    with pytest.raises(BadSettings) as caught:
        UdpPort("198.51.100.1", 0, lambda burst: None)
    assert caught.value.code == "media_address_unusable"
