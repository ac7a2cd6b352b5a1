"""A publisher, N subscribers, or both in one process: `python -m bench.load.clients CONFIG` (JSON).

Prints `ready`, waits for a line on standard input, prints `going`, sends (or just receives) for the given time and
prints what was sent and received. A process with both also tells how long packets took from its publisher to its
subscribers.
"""

import asyncio
import json
import random
import sys
from dataclasses import dataclass
from typing import Any

import aiohttp

from bench.load.janus import Handle
from bench.load.peer import H264, FrameSource, LoadPeer

CONNECT_WITHIN_S = 60.0
DRAIN_S = 1.0
JOIN_AT_ONCE = 20
CLOCK_RATE = 90_000
SDP = {"Content-Type": "application/sdp"}


@dataclass(frozen=True)
class Load:
    """`equal`: frames of 8 packets of 1,150 bytes, else sizes as Chromium's packetiser makes them."""

    server: str  # "ours" or "janus"
    url: str
    lesson: str
    publish_token: str
    join_token: str
    subscribers: int
    packets_per_s: int
    seconds: float
    equal: bool = True
    publishes: bool = True


def picture_sizes(equal: bool) -> list[list[int]]:
    """Payload bytes of the packets of each picture (a packet has 12 more for its header)."""
    if equal:
        return [[1_138] * 8]
    # libwebrtc splits a picture about equally, the larger packets last; pictures vary around 8 packets.
    dice = random.Random(1)
    pictures = []
    for _ in range(97):
        total = dice.randrange(3_000, 15_000)
        count = -(-total // 1_150)
        pictures.append([total // count] * (count - total % count) + [total // count + 1] * (total % count))
    return pictures


async def connect_ours(http: aiohttp.ClientSession, load: Load) -> tuple[LoadPeer | None, list[LoadPeer]]:
    async def open_peer(direction: str, path: str, token: str) -> LoadPeer:
        peer = LoadPeer()
        headers = {**SDP, "Authorization": f"Bearer {token}"}
        address = f"{load.url}/{path}/{load.lesson}?source=load"
        async with http.post(address, data=peer.offer(direction).encode(), headers=headers) as response:
            text = await response.text()
            if response.status != 201:
                raise RuntimeError(text)
        peer.connect(text)
        await peer.connected.wait()
        return peer

    publisher = await open_peer("sendonly", "whip", load.publish_token) if load.publishes else None
    at_once = asyncio.Semaphore(JOIN_AT_ONCE)

    async def join() -> LoadPeer:
        async with at_once:
            return await open_peer("recvonly", "whep", load.join_token)

    return publisher, list(await asyncio.gather(*(join() for _ in range(load.subscribers))))


async def connect_janus(http: aiohttp.ClientSession, load: Load) -> tuple[LoadPeer | None, list[LoadPeer]]:
    handle = await Handle(http, load.url).open()
    room = await handle.create_room()
    joined = await handle.request({"request": "join", "ptype": "publisher", "room": room})
    publisher = LoadPeer()
    offer = {"type": "offer", "sdp": publisher.offer("sendonly")}
    answer = await handle.request({"request": "configure", "audio": False, "video": True}, offer)
    publisher.connect(answer["jsep"]["sdp"])
    await publisher.connected.wait()
    feed = joined["plugindata"]["data"]["id"]

    async def subscribe() -> LoadPeer:
        subscriber = await Handle(http, load.url).open()
        offered = await subscriber.request({"request": "join", "ptype": "subscriber", "room": room, "feed": feed})
        peer = LoadPeer()
        reply = {"type": "answer", "sdp": peer.answer(offered["jsep"]["sdp"])}
        await subscriber.request({"request": "start", "room": room}, reply)
        await peer.connected.wait()
        return peer

    return publisher, list(await asyncio.gather(*(subscribe() for _ in range(load.subscribers))))


async def send(publisher: LoadPeer, load: Load, seconds: float, source: FrameSource) -> int:
    """Send pictures at an even pace; returns how many packets."""
    loop = asyncio.get_running_loop()
    begun, sent = loop.time(), 0
    while loop.time() - begun < seconds:
        packets = source.next(CLOCK_RATE * 8 // load.packets_per_s)
        publisher.send(packets)
        sent += len(packets)
        await asyncio.sleep(max(0.0, begun + sent / load.packets_per_s - loop.time()))
    return sent


async def run(load: Load) -> dict[str, Any]:
    connector = aiohttp.TCPConnector(limit=0)
    async with aiohttp.ClientSession(connector=connector) as http:
        connect = connect_ours if load.server == "ours" else connect_janus
        publisher, subscribers = await asyncio.wait_for(connect(http, load), CONNECT_WITHIN_S)
        taken = Delays(publisher, subscribers) if publisher is not None else None
        source = FrameSource(publisher.ssrc if publisher else 0, H264, picture_sizes(load.equal), gop=25)
        if publisher is not None:
            await send(publisher, load, 1.0, source)  # everybody has started: keyframe, first reports
            await asyncio.sleep(DRAIN_S)
            if not all(peer.received for peer in subscribers):
                raise RuntimeError("a subscriber has not started")
        print("ready", flush=True)
        await asyncio.to_thread(sys.stdin.readline)
        before = sum(peer.received for peer in subscribers)
        print("going", flush=True)  # what others send from now on is counted
        sent = 0
        if publisher is not None and taken is not None:
            taken.begin()
            sent = await send(publisher, load, load.seconds, source)
        else:
            await asyncio.to_thread(sys.stdin.readline)  # until told
        await asyncio.sleep(DRAIN_S)
        received = sum(peer.received for peer in subscribers) - before
        for peer in [*subscribers, *([publisher] if publisher else [])]:
            peer.close()
        return {
            "sent": sent,
            "received": received,
            "expected": sent * len(subscribers),
            "srtp": sorted({peer.profile for peer in subscribers}),
            "delays_ms": taken.percentiles() if taken is not None else {},
        }


class Delays:
    """From the publisher's socket to the first subscriber's: packets are told apart by their order."""

    def __init__(self, publisher: LoadPeer, subscribers: list[LoadPeer]) -> None:
        self._sent: list[float] = []
        self._received: list[float] = []
        self._clock = asyncio.get_running_loop().time
        self._measuring = False
        publisher.on_sent = lambda: self._note(self._sent)
        if subscribers:
            subscribers[0].on_rtp = lambda data: self._note(self._received)

    def begin(self) -> None:
        self._measuring = True

    def percentiles(self) -> dict[str, float]:
        """Milliseconds; nothing when packets were lost, since order tells nothing then."""
        if not self._received or len(self._sent) != len(self._received):
            return {}
        delays = sorted(1000 * (at - since) for since, at in zip(self._sent, self._received, strict=True))
        return {name: delays[int(len(delays) * share)] for name, share in (("p50", 0.5), ("p99", 0.99))}

    def _note(self, times: list[float]) -> None:
        if self._measuring:
            times.append(self._clock())


def main() -> None:
    load = Load(**json.loads(sys.argv[1]))
    print(json.dumps(asyncio.run(run(load))), flush=True)


if __name__ == "__main__":
    main()
