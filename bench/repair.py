"""What a bad line does to a lesson's picture, ours beside Janus in one run: loss before and behind the server.

Each cell is one publisher (25 pictures/s of 8 packets of 1,150 bytes, a keyframe every 4 s or when asked) and one
viewer. The line in question delays by 25 ms each way and loses in both directions, feedback included; the other line is
perfect.
- delivered: share of the published packets that the viewer had in the end
- extra_bandwidth: RTP bytes on that line beyond what was published, as a share of that
- frozen_ms_per_min: pictures late by the definition of W3C webrtc-stats (totalFreezesDuration)
"""

import asyncio
import json
import statistics
import sys
import tempfile
from dataclasses import asdict, dataclass
from itertools import pairwise
from pathlib import Path

import aiohttp

from bench.load.janus import Handle, Janus
from bench.load.line import (
    FPS,
    PACKET_BYTES,
    PARTS,
    Loss,
    LossyPublisher,
    LossySubscriber,
)
from bench.load.namespace import enter_namespace
from bench.report import progress
from tests.harness.world import World

SECONDS = 20.0
WARM_UP_S = 3.0
DRAIN_S = 2.0
DELAY_S = 0.025
NO_LOSS = Loss(0.0)
RATES = (0.01, 0.05, 0.10)
BURST_PACKETS = 4.0
CONNECT_WITHIN_S = 20.0


@dataclass(frozen=True)
class Cell:
    """Where how much is lost."""

    side: str
    kind: str
    loss: Loss

    @property
    def name(self) -> str:
        return f"{self.side}-{self.kind}-{round(self.loss.rate * 100)}"


@dataclass(frozen=True)
class Figures:
    server: str
    side: str
    kind: str
    loss: float
    delivered: float
    extra_bandwidth: float
    frozen_ms_per_min: float


CELLS = [
    Cell("none", "none", NO_LOSS),
    *(
        Cell(side, kind, Loss(rate, burst))
        for side in ("subscriber", "publisher")
        for kind, burst in (("random", 1.0), ("bursty", BURST_PACKETS))
        for rate in RATES
    ),
]


class Pair:
    """A publisher and its viewer."""

    def __init__(self, cell: Cell, seed: int) -> None:
        self.cell = cell
        lossy = {"publisher": (cell.loss, NO_LOSS), "subscriber": (NO_LOSS, cell.loss)}.get(cell.side, (NO_LOSS,) * 2)
        delays = {"publisher": (DELAY_S, 0.0), "subscriber": (0.0, DELAY_S)}.get(cell.side, (0.0, 0.0))
        self.publisher = LossyPublisher(lossy[0], delays[0], seed)
        self.subscriber = LossySubscriber(lossy[1], delays[1], seed + 1)

    async def run(self) -> tuple[float, float, float]:
        """Delivered, extra bandwidth, frozen ms per minute."""
        loop = asyncio.get_running_loop()
        publisher, subscriber = self.publisher, self.subscriber
        lines = (publisher.up, publisher.down, subscriber.up, subscriber.down)
        measured = publisher.up if self.cell.side == "publisher" else subscriber.down
        await self._send(WARM_UP_S)
        if not subscriber.shown:
            raise RuntimeError(f"{self.cell.name}: nothing arrived")
        for line in lines:
            line.active = True
        first, before_bytes, began = publisher.pictures, measured.bytes, loop.time()
        await self._send(SECONDS)
        for line in lines:
            line.active = False
        last, ended = publisher.pictures, loop.time()
        await self._send(DRAIN_S)
        sent_bytes = (publisher.pictures - first) * PARTS * PACKET_BYTES
        arrived = sum(len(subscriber.arrived.get(picture, ())) for picture in range(first, last))
        return (
            arrived / ((last - first) * PARTS),
            (measured.bytes - before_bytes) / sent_bytes - 1,
            frozen_s([at for at in subscriber.shown if at >= began - 1], ended) * 1_000 * 60 / SECONDS,
        )

    async def _send(self, seconds: float) -> None:
        loop = asyncio.get_running_loop()
        began, count = loop.time(), 0
        while count < seconds * FPS:
            self.publisher.picture()
            count += 1
            await asyncio.sleep(max(0.0, began + count / FPS - loop.time()))

    def close(self) -> None:
        self.publisher.close()
        self.subscriber.close()


def frozen_s(shown: list[float], ended: float) -> float:
    """W3C webrtc-stats, freezeCount: a gap longer than max(3 δ, δ + 150 ms), δ the mean distance of pictures."""
    threshold_s = max(3 / FPS, 1 / FPS + 0.150)
    gaps = [later - earlier for earlier, later in pairwise([*shown, max(ended, shown[-1])])]
    return sum(gap for gap in gaps if gap > threshold_s)


async def connect_ours(http: aiohttp.ClientSession, world: World, pair: Pair) -> None:
    source = pair.cell.name
    publish = world.tokens.issue_publish(world.lesson.id, source)
    watch = world.tokens.issue_join(world.lesson.id, source)
    for peer, path, direction, token in (
        (pair.publisher, "whip", "sendonly", publish),
        (pair.subscriber, "whep", "recvonly", watch),
    ):
        headers = {"Content-Type": "application/sdp", "Authorization": f"Bearer {token}"}
        url = f"{world.server.url}/{path}/{world.lesson.id}?source={source}"
        async with http.post(url, data=peer.offer(direction).encode(), headers=headers) as response:
            text = await response.text()
            if response.status != 201:
                raise RuntimeError(text)
        peer.connect(text)
        await peer.connected.wait()


async def connect_janus(http: aiohttp.ClientSession, janus: Janus, pair: Pair) -> None:
    handle = await Handle(http, janus.url).open()
    room = await handle.create_room()
    joined = await handle.request({"request": "join", "ptype": "publisher", "room": room})
    offer = {"type": "offer", "sdp": pair.publisher.offer("sendonly")}
    answer = await handle.request({"request": "configure", "audio": False, "video": True}, offer)
    pair.publisher.connect(answer["jsep"]["sdp"])
    await pair.publisher.connected.wait()
    feed = joined["plugindata"]["data"]["id"]
    viewer = await Handle(http, janus.url).open()
    join = {"request": "join", "ptype": "subscriber", "room": room, "feed": feed}
    offered = await viewer.request(join)
    for _ in range(50):
        if "jsep" in offered:
            break
        await asyncio.sleep(0.1)  # the feed exists for others a moment after its handshake
        offered = await viewer.request(join)
    reply = {"type": "answer", "sdp": pair.subscriber.answer(offered["jsep"]["sdp"])}
    await viewer.request({"request": "start", "room": room}, reply)
    await pair.subscriber.connected.wait()


class Lateness:
    """How late the generator's own loop runs at worst: what is beyond that is the server's or the line's doing."""

    def __init__(self) -> None:
        self.worst_s = 0.0

    async def watch(self) -> None:
        loop = asyncio.get_running_loop()
        while True:
            began = loop.time()
            await asyncio.sleep(0.01)
            self.worst_s = max(self.worst_s, loop.time() - began - 0.01)


async def measure(cells: list[Cell], world: World, janus: Janus) -> list[Figures]:
    """Both servers at the same time: whatever else the machine does hits both. Their lines lose by the same dice."""
    figures = []
    async with aiohttp.ClientSession(connector=aiohttp.TCPConnector(limit=0)) as http:
        made = [(server, Pair(cell, 100 * n)) for server in ("ours", "janus") for n, cell in enumerate(cells)]
        lateness = Lateness()
        watching = asyncio.create_task(lateness.watch())
        try:
            for server, pair in made:
                connected = connect_ours(http, world, pair) if server == "ours" else connect_janus(http, janus, pair)
                await asyncio.wait_for(connected, CONNECT_WITHIN_S)
            results = await asyncio.gather(*(pair.run() for _, pair in made))
        finally:
            watching.cancel()
            for _, pair in made:
                pair.close()
    for (server, pair), (delivered, extra, frozen_ms) in zip(made, results, strict=True):
        cell = pair.cell
        figures.append(
            Figures(
                server, cell.side, cell.kind, cell.loss.rate, round(delivered, 4), round(extra, 4), round(frozen_ms)
            )
        )
        progress(
            f"{server:5}  {cell.loss.rate:4.0%} {cell.kind:6} at the {cell.side:10}  delivered {delivered:7.2%}  "
            f"extra bandwidth {extra:6.1%}  frozen {frozen_ms:5.0f} ms/min"
        )
    progress(f"the generator itself was late by {lateness.worst_s * 1_000:.0f} ms at worst")
    return figures


async def main() -> None:
    figures: list[Figures] = []
    with tempfile.TemporaryDirectory(prefix="qianshou-bench-") as folder_name:
        folder = Path(folder_name)
        progress("starting our server and Janus")
        async with World.create(folder) as world, Janus(folder) as janus:
            teacher = await world.teacher()
            await teacher.start(world.lesson.id)
            for kind in dict.fromkeys(cell.kind for cell in CELLS):
                figures += await measure([cell for cell in CELLS if cell.kind == kind], world, janus)
    sys.stdout.write(json.dumps(summary(figures)) + "\n")


def summary(figures: list[Figures]) -> dict[str, object]:
    """Means over our lossy cells, the same of Janus, and all cells."""
    names = ("loss", "delivered", "extra_bandwidth", "frozen_ms_per_min")

    def means(server: str) -> dict[str, float]:
        lossy = [each for each in figures if each.server == server and each.loss]
        return {name: round(statistics.mean(getattr(each, name) for each in lossy), 4) for name in names}

    return {**means("ours"), "janus": means("janus"), "cells": [asdict(each) for each in figures]}


if __name__ == "__main__":
    enter_namespace("bench.repair")
    asyncio.run(main())
