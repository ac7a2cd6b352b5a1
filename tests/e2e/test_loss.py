"""A bad line between the server and a viewer."""

import asyncio
import socket
from pathlib import Path

from tests.fakes.lossy_relay import LossyRelay
from tests.harness.eventually import eventually
from tests.harness.processes import HOST
from tests.harness.world import FPS, Viewer, World

# The whole 127/8 is this machine: browsers are told this address, where the relay listens on the server's port number.
RELAY_HOST = "127.0.0.2"
LOSS = 0.05
SECONDS = 6
THIN_BPS = 300_000  # a quarter of the best encoding
OPUS_PER_S = 50
LISTEN_S = 3


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


async def test_on_a_line_too_thin_for_the_picture_the_sound_goes_on(tmp_path: Path) -> None:
    async with World.create(tmp_path, media_address=RELAY_HOST) as world:
        port = world.server.media_port
        async with LossyRelay((RELAY_HOST, port), (HOST, port)) as relay:
            await world.agent()
            await world.live()
            viewer = await world.viewer("沙湾教学点")
            await viewer.sees(FPS)
            relay.down_bps = THIN_BPS

            async def lowered() -> bool:
                [picture] = [track for track in (await viewer.probe())["tracks"] if track["kind"] == "video"]
                return bool(picture["rid"] != "h")

            await eventually(lowered, "the picture gives way", within_s=20)

            # Once the queues are empty, hardly anything of the sound is missing.
            async def sounds() -> bool:
                before, lost_before = await sound(viewer)
                await asyncio.sleep(LISTEN_S)
                packets, lost = await sound(viewer)
                received, missing = packets - before, lost - lost_before
                return received > 0.8 * OPUS_PER_S * LISTEN_S and missing < 0.1 * received

            await eventually(sounds, "the sound is whole", within_s=40)


async def sound(viewer: Viewer) -> tuple[int, int]:
    """Packets of sound received and lost so far."""
    [track] = [track for track in (await viewer.probe())["tracks"] if track["kind"] == "audio"]
    return track["packets"], track["lost"]


async def test_the_relay_address_is_not_the_servers() -> None:
    """Otherwise the test above would measure a good line."""
    with (
        socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as one,
        socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as two,
    ):
        one.bind((HOST, 0))
        two.bind((RELAY_HOST, one.getsockname()[1]))
