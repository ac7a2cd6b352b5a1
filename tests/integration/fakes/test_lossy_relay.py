"""The relay passes both ways, keeps clients apart, and loses the share it was told to lose, of RTP only."""

import asyncio
import socket

from tests.fakes.lossy_relay import LossyRelay

RTP = bytes([0x80, 96]) + bytes(98)
RTCP = bytes([0x80, 200]) + bytes(98)
STUN = bytes([0, 1]) + bytes(18)


def bound() -> socket.socket:
    made = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    made.bind(("127.0.0.1", 0))
    made.setblocking(False)
    return made


async def test_each_client_has_its_own_way_through() -> None:
    loop = asyncio.get_running_loop()
    with bound() as server, bound() as first, bound() as second, bound() as spare:
        listen = spare.getsockname()
        spare.close()
        async with LossyRelay(listen, server.getsockname(), down=1.0):
            seen = {}
            for client, hello in ((first, b"\x00first"), (second, b"\x00second")):
                await loop.sock_sendto(client, hello, listen)
                data, seen[client] = await loop.sock_recvfrom(server, 2000)
                assert data == hello
            assert seen[first] != seen[second]
            await loop.sock_sendto(server, STUN, seen[second])
            assert await loop.sock_recv(second, 2000) == STUN


async def test_the_share_of_rtp_is_lost_and_nothing_else() -> None:
    loop = asyncio.get_running_loop()
    with bound() as server, bound() as client, bound() as spare:
        listen = spare.getsockname()
        spare.close()
        async with LossyRelay(listen, server.getsockname(), up=0.5) as relay:
            received: list[bytes] = []
            for sent in range(1, 201):
                await loop.sock_sendto(client, RTP, listen)
                await loop.sock_sendto(client, RTCP, listen)
                # in step, so that no socket buffer overflows and loses more
                while received.count(RTCP) < sent:
                    received.append(await loop.sock_recv(server, 2000))
            assert received.count(RTCP) == 200
            assert 70 < relay.passed.up_lost < 130
            assert received.count(RTP) == 200 - relay.passed.up_lost
