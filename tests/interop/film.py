"""A small H.264 film: made by FFmpeg, sent as FFmpeg packs it, and decoded again."""

import socket
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from fractions import Fraction
from types import TracebackType
from typing import Self

import av
import numpy as np

from classroom.rtp.packet import parse_rtp
from tests.fakes.whip_server import Stream

WIDTH, HEIGHT, FPS = 320, 240, 25
HOST = "127.0.0.1"


@contextmanager
def film_to(address: str, format_: str, options: dict[str, str] | None = None) -> Iterator[None]:
    """Send an endless film to `address` from a thread of its own while the block runs."""
    stopping = threading.Event()
    failures: list[Exception] = []

    def send() -> None:
        try:
            with av.open(address, "w", format=format_, options=options or {}) as container:
                _send(container, stopping)
        except av.FFmpegError as error:
            failures.append(error)

    thread = threading.Thread(target=send, name="film")
    thread.start()
    try:
        yield
    finally:
        stopping.set()
        thread.join()
    assert not failures, failures


def _send(container: av.container.OutputContainer, stopping: threading.Event) -> None:
    stream = container.add_stream("libx264", rate=FPS)
    stream.width, stream.height, stream.pix_fmt = WIDTH, HEIGHT, "yuv420p"
    stream.time_base = Fraction(1, FPS)
    stream.options = {"profile": "baseline", "preset": "ultrafast", "tune": "zerolatency", "g": str(FPS)}
    began = time.monotonic()
    number = 0
    while not stopping.wait(max(0.0, began + number / FPS - time.monotonic())):
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
