"""A flood of one kind from one source: `python -m bench.load.flood CONFIG` (JSON); prints {"sent": datagrams}."""

import asyncio
import json
import secrets
import socket
import struct
import sys
import time
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Literal

import aiohttp
from aioice import stun

from bench.load.peer import H264, LoadPeer

Kind = Literal["garbage", "srtp", "dtls", "check_unknown", "check_forged", "srtp_forged", "dtls_forged"]
KINDS: dict[Kind, str] = {
    "garbage": "random bytes",
    "srtp": "media from an address nobody has",
    "dtls": "handshakes from an address nobody has",
    "check_unknown": "ICE checks for nobody",
    "check_forged": "ICE checks for a viewer, badly signed",
    "srtp_forged": "media from a viewer's own address, badly signed",
    "dtls_forged": "handshakes from a viewer's own address",
}
BYTES = 600  # of a datagram: at 20,000/s a line of 100 Mbit/s
VARIANTS = 256
TURN_S = 0.002


@dataclass(frozen=True)
class Flood:
    """`lesson` and `join_token` let the source become a viewer first, for the kinds that need one."""

    kind: Kind
    url: str
    lesson: str
    join_token: str
    per_s: int
    seconds: float


def datagrams(kind: Kind, ufrag: str) -> Iterator[bytes]:
    """Different ones without end, for as long as somebody asks."""
    while True:
        match kind:
            case "srtp" | "srtp_forged":
                head = struct.pack("!BBHII", 0x80, H264, secrets.randbelow(1 << 16), 1, 2)
                yield head + secrets.token_bytes(BYTES - 12)
            case "dtls" | "dtls_forged":  # a record of the handshake, as long as it says (RFC 9147 § 4)
                yield b"\x16\xfe\xfd" + bytes(8) + (BYTES - 13).to_bytes(2) + secrets.token_bytes(BYTES - 13)
            case "check_unknown" | "check_forged":
                message = stun.Message(stun.Method.BINDING, stun.Class.REQUEST)
                message.attributes["USERNAME"] = f"{ufrag if kind == 'check_forged' else secrets.token_hex(6)}:load"
                message.attributes["PRIORITY"] = 1
                message.attributes["USE-CANDIDATE"] = None
                message.attributes["ICE-CONTROLLING"] = 1
                message.add_message_integrity(b"not the password")
                yield bytes(message)
            case _:
                yield secrets.token_bytes(BYTES)


async def become_viewer(flood: Flood) -> tuple[LoadPeer, tuple[str, int], str]:
    """A connected peer, the server's address and its username fragment for this peer."""
    peer = LoadPeer()
    headers = {"Content-Type": "application/sdp", "Authorization": f"Bearer {flood.join_token}"}
    url = f"{flood.url}/whep/{flood.lesson}?source=load"
    async with (
        aiohttp.ClientSession() as http,
        http.post(url, data=peer.offer("recvonly"), headers=headers) as response,
    ):
        answer = await response.text()
        if response.status != 201:
            raise RuntimeError(answer)
    peer.connect(answer)
    await peer.connected.wait()
    return peer, peer.server, peer.remote_ufrag


async def run(flood: Flood) -> int:
    peer, server, ufrag = await become_viewer(flood)
    variants = [packet for _, packet in zip(range(VARIANTS), datagrams(flood.kind, ufrag), strict=False)]
    stranger = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    send = peer.send_raw if flood.kind in ("srtp_forged", "dtls_forged") else stranger.sendto
    print("ready", flush=True)
    await asyncio.to_thread(sys.stdin.readline)
    print("going", flush=True)
    begun, sent = time.monotonic(), 0
    while (elapsed := time.monotonic() - begun) < flood.seconds:
        for number in range(sent, int(elapsed * flood.per_s)):
            send(variants[number % VARIANTS], server)
            sent += 1
        await asyncio.sleep(TURN_S)
    stranger.close()
    peer.close()
    return sent


def main() -> None:
    print(json.dumps({"sent": asyncio.run(run(Flood(**json.loads(sys.argv[1]))))}), flush=True)


if __name__ == "__main__":
    main()
