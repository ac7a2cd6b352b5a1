"""One publisher and N subscribers in one process: `python -m bench.load.clients CONFIG` (JSON).

Prints `ready`, waits for a line on standard input, sends for the given time and prints what was sent and received.
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
    equal: bool


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


async def connect_ours(http: aiohttp.ClientSession, load: Load) -> tuple[LoadPeer, list[LoadPeer]]:
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

    publisher = await open_peer("sendonly", "whip", load.publish_token)
    return publisher, [await open_peer("recvonly", "whep", load.join_token) for _ in range(load.subscribers)]


async def connect_janus(http: aiohttp.ClientSession, load: Load) -> tuple[LoadPeer, list[LoadPeer]]:
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
        source = FrameSource(publisher.ssrc, H264, picture_sizes(load.equal), gop=25)
        await send(publisher, load, 1.0, source)  # everybody has started: keyframe, first reports
        await asyncio.sleep(DRAIN_S)
        before = sum(peer.received for peer in subscribers)
        print("ready", flush=True)
        await asyncio.to_thread(sys.stdin.readline)
        sent = await send(publisher, load, load.seconds, source)
        await asyncio.sleep(DRAIN_S)
        received = sum(peer.received for peer in subscribers) - before
        for peer in (publisher, *subscribers):
            peer.close()
        return {
            "sent": sent,
            "received": received,
            "expected": sent * len(subscribers),
            "srtp": sorted({peer.profile for peer in subscribers}),
        }


def main() -> None:
    load = Load(**json.loads(sys.argv[1]))
    print(json.dumps(asyncio.run(run(load))), flush=True)


if __name__ == "__main__":
    main()
