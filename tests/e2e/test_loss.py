"""A bad line between the server and a viewer."""

import socket
from pathlib import Path

from tests.fakes.lossy_relay import LossyRelay
from tests.harness.processes import HOST
from tests.harness.world import FPS, World

# The whole 127/8 is this machine: browsers are told this address, where the relay listens on the server's port number.
RELAY_HOST = "127.0.0.2"
LOSS = 0.05
SECONDS = 6


def share(counters: list[int]) -> float:
    """How many of the frames made meanwhile were shown."""
    return len(counters) / (counters[-1] - counters[0] + 1)


async def test_five_percent_loss_is_made_good_by_asking_again(tmp_path: Path) -> None:
    async with World.create(tmp_path, media_address=RELAY_HOST) as world:
        port = world.server.media_port
        async with LossyRelay((RELAY_HOST, port), (HOST, port)) as relay:
            await world.agent()
            await world.live()
            viewer = await world.viewer("沙湾教学点")
            await viewer.sees(FPS)
            good = await viewer.sees(SECONDS * FPS, within_s=8 * SECONDS)
            relay.down = LOSS
            lost_before = relay.passed.down_lost
            bad = await viewer.sees(SECONDS * FPS, within_s=8 * SECONDS)
            lost = relay.passed.down_lost - lost_before
            assert lost > 20

            # One frame in four lost a packet on the way, and each such loss unmended spoils all pictures until the next
            # keyframe. Yet as many are shown, and in order, as on the good line: a busy machine skips some on both.
            assert bad == sorted(bad)
            assert share(bad) > 0.75 * share(good)
            received = await viewer.received()
            assert received["nackCount"] > 0
            assert received["retransmittedPacketsReceived"] > 0.5 * lost


async def test_the_relay_address_is_not_the_servers() -> None:
    """Otherwise the test above would measure a good line."""
    with (
        socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as one,
        socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as two,
    ):
        one.bind((HOST, 0))
        two.bind((RELAY_HOST, one.getsockname()[1]))
