"""A small H.264 film: made by FFmpeg, sent as FFmpeg packs it, and decoded again.

`python -m tests.interop.film ADDRESS FORMAT OPTIONS` sends until its input ends. It has a process of its own because
FFmpeg's muxers keep Python's other threads waiting while they connect.
"""

import asyncio
import json
import select
import socket
import sys
import time
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from fractions import Fraction
from pathlib import Path
from types import TracebackType
from typing import Self

import av
import numpy as np

from classroom.rtp.packet import parse_rtp
from tests.fakes.whip_server import Stream

WIDTH, HEIGHT, FPS = 320, 240, 25
HOST = "127.0.0.1"
ROOT = Path(__file__).parent.parent.parent
STOP_WITHIN_S = 10.0


@asynccontextmanager
async def film_to(address: str, format_: str, options: Mapping[str, str] | None = None) -> AsyncIterator[None]:
    """Send an endless film to `address` while the block runs; fails when FFmpeg fails."""
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", "tests.interop.film", address, format_, json.dumps(dict(options or {}))),
        cwd=ROOT,
        stdin=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.PIPE,
    )
    try:
        yield
    finally:
        try:
            async with asyncio.timeout(STOP_WITHIN_S):
                _, errors = await process.communicate(b"")
        except TimeoutError:
            process.kill()
            raise
    assert process.returncode == 0, errors.decode(errors="replace")


def main() -> None:
    address, format_, options = sys.argv[1:]
    with av.open(address, "w", format=format_, options=json.loads(options)) as container:
        stream = container.add_stream("libx264", rate=FPS)
        stream.width, stream.height, stream.pix_fmt = WIDTH, HEIGHT, "yuv420p"
        stream.time_base = Fraction(1, FPS)
        stream.options = {"profile": "baseline", "preset": "ultrafast", "tune": "zerolatency", "g": str(FPS)}
        began = time.monotonic()
        number = 0
        while not select.select([sys.stdin], [], [], max(0.0, began + number / FPS - time.monotonic()))[0]:
            picture = np.full((HEIGHT, WIDTH, 3), number * 5 % 256, np.uint8)
            frame = av.VideoFrame.from_ndarray(picture, "rgb24")
            frame.pts, frame.time_base = number, Fraction(1, FPS)
            container.mux(stream.encode(frame))
            number += 1


class RtpSink:
    """A UDP port that collects one RTP stream."""

    def __init__(self) -> None:
        self._socket = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        self._socket.setblocking(False)
        self._socket.bind((HOST, 0))
        self._stream = Stream(0, "", "")

    @property
    def port(self) -> int:
        return int(self._socket.getsockname()[1])

    def decode(self) -> list[av.VideoFrame]:
        """All pictures received so far."""
        try:
            while True:
                packet = parse_rtp(self._socket.recv(2_048))
                self._stream.packets[packet.sequence] = packet
                self._stream.arrived.append((0.0, packet))
        except BlockingIOError:
            pass
        return self._stream.decode() if self._stream.packets else []

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._socket.close()


if __name__ == "__main__":
    main()
