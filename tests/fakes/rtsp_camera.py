"""A network camera: RTSP 1.0 (RFC 2326) with RTP interleaved on the TCP connection, H.264 from a real film."""

import asyncio
import base64
import contextlib
from typing import Self

import av

from classroom.codecs.h264 import PPS, SPS, nal_type, split_nals
from classroom.rtp.packet import RtpPacket
from room_agent.uplink.packetise import packetise
from tests.fakes.clips import clip

FPS = 25


def _access_units() -> list[tuple[int, list[bytes]]]:
    """`(time in 1/90,000 s, NAL units)` in the order of decoding."""
    with av.open(str(clip("bikes.mp4"))) as film:
        stream = film.streams.video[0]
        annexb = av.bitstream.BitStreamFilterContext("h264_mp4toannexb", stream)
        return [
            (round((out.pts or 0) * (out.time_base or 0) * 90_000), split_nals(bytes(out)))
            for packet in film.demux(stream)
            for out in annexb.filter(packet if packet.size else None)
        ]


class RtspCamera:
    """`async with RtspCamera() as camera`: `camera.url`. With `password` it asks for it."""

    def __init__(self, password: str | None = None) -> None:
        self._password = password
        self._units = _access_units()
        self._server: asyncio.Server | None = None
        self._writers: set[asyncio.StreamWriter] = set()
        self.url = ""
        self.played = 0

    async def __aenter__(self) -> Self:
        self._server = await asyncio.start_server(self._serve, "127.0.0.1", 0)
        port = self._server.sockets[0].getsockname()[1]
        self.url = f"rtsp://127.0.0.1:{port}/ch1"
        return self

    async def __aexit__(self, *_: object) -> None:
        assert self._server is not None
        self._server.close()
        self.hang_up()

    def hang_up(self) -> None:
        for writer in list(self._writers):
            writer.close()

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self._writers.add(writer)
        playing: asyncio.Task[None] | None = None
        try:
            while request := await reader.readuntil(b"\r\n\r\n"):
                # RTCP of the player comes interleaved between its requests.
                text = request[max(0, request.rfind(b"rtsp://") - 12) :].decode(errors="replace")
                method = text.strip().split(" ")[0].split("\n")[-1]
                headers = dict(line.split(": ", 1) for line in text.splitlines() if ": " in line)
                writer.write(self._answer(method, headers).encode())
                if method == "PLAY":
                    playing = asyncio.create_task(self._play(writer))
                elif method == "TEARDOWN":
                    return
        except (asyncio.IncompleteReadError, ConnectionError):
            return
        finally:
            if playing is not None:
                playing.cancel()
            self._writers.discard(writer)
            writer.close()

    def _answer(self, method: str, headers: dict[str, str]) -> str:
        lines = [f"CSeq: {headers.get('CSeq', '0')}", "Session: 1"]
        body = ""
        if self._password is not None and method != "OPTIONS":
            expected = "Basic " + base64.b64encode(f"admin:{self._password}".encode()).decode()
            if headers.get("Authorization") != expected:
                return "\r\n".join(["RTSP/1.0 401 Unauthorized", lines[0], 'WWW-Authenticate: Basic realm="c"', "", ""])
        if method == "OPTIONS":
            lines.append("Public: OPTIONS, DESCRIBE, SETUP, PLAY, TEARDOWN")
        elif method == "DESCRIBE":
            sets = [nal for nal in self._units[0][1] if nal_type(nal) in (SPS, PPS)]
            sprop = ",".join(base64.b64encode(nal).decode() for nal in sets)
            body = (
                "v=0\r\no=- 1 1 IN IP4 127.0.0.1\r\ns=c\r\nt=0 0\r\nm=video 0 RTP/AVP 96\r\n"
                "a=rtpmap:96 H264/90000\r\na=control:track1\r\n"
                f"a=fmtp:96 packetization-mode=1;sprop-parameter-sets={sprop}\r\n"
            )
            lines += ["Content-Type: application/sdp", f"Content-Length: {len(body)}"]
        elif method == "SETUP":
            lines.append("Transport: RTP/AVP/TCP;unicast;interleaved=0-1")
        return "\r\n".join(["RTSP/1.0 200 OK", *lines, "", body])

    async def _play(self, writer: asyncio.StreamWriter) -> None:
        self.played += 1
        sequence = 0
        with contextlib.suppress(ConnectionError):
            for time, nals in self._units:
                payloads = packetise(nals, 1400)
                for index, payload in enumerate(payloads):
                    last = index == len(payloads) - 1
                    data = RtpPacket(96, sequence, time, 7, payload, marker=last).pack()
                    sequence = (sequence + 1) & 0xFFFF
                    writer.write(b"$\0" + len(data).to_bytes(2) + data)
                await writer.drain()
                await asyncio.sleep(1 / FPS)
