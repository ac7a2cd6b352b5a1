"""The product's own commands as child processes, each with its output in a file that a failing test can show."""

import asyncio
import contextlib
import os
import signal
import socket
import subprocess
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Final

import aiohttp

from tests.harness.eventually import eventually

QIANSHOU: Final = Path(sys.executable).parent / "qianshou"
HOST: Final = "127.0.0.1"
STOP_WITHIN_S: Final = 10.0
READY_WITHIN_S: Final = 30.0


def free_port() -> int:
    """A port number nobody used a moment ago, neither for TCP nor for UDP: media takes both."""
    while True:
        with (
            socket.socket(socket.AF_INET, socket.SOCK_STREAM) as stream,
            socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as datagrams,
            contextlib.suppress(OSError),
        ):
            stream.bind((HOST, 0))
            port = int(stream.getsockname()[1])
            datagrams.bind((HOST, port))
            return port


class Command:
    """One run of `qianshou …` after another: `start`, `kill` or `stop`, `start` again."""

    def __init__(self, name: str, arguments: Sequence[str], folder: Path, environment: Mapping[str, str]) -> None:
        self.name = name
        self.arguments = [str(argument) for argument in arguments]
        self.output = folder / f"{name}.log"
        self._environment = {**os.environ, **environment}
        folder.mkdir(parents=True, exist_ok=True)
        self._folder = folder
        self._process: subprocess.Popen[bytes] | None = None

    @property
    def pid(self) -> int:
        assert self._process is not None, f"{self.name} was not started"
        return self._process.pid

    @property
    def running(self) -> bool:
        return self._process is not None and self._process.poll() is None

    def spawn(self) -> None:
        """Start it and return at once."""
        assert not self.running, f"{self.name} is running already"
        with self.output.open("ab") as output:
            self._process = subprocess.Popen(
                [QIANSHOU, *self.arguments],
                stdout=output,
                stderr=subprocess.STDOUT,
                stdin=subprocess.DEVNULL,
                cwd=self._folder,
                env=self._environment,
            )

    async def exit_code(self, within_s: float = STOP_WITHIN_S) -> int:
        """Wait until it ended by itself."""
        assert self._process is not None
        return await asyncio.to_thread(self._process.wait, within_s)

    def signal(self, number: signal.Signals) -> None:
        """Send one signal."""
        assert self._process is not None
        self._process.send_signal(number)

    async def kill(self) -> None:
        """SIGKILL: what a power cut looks like to everybody else."""
        if self._process is not None and self._process.poll() is None:
            self._process.kill()
            await self.exit_code()

    async def stop(self) -> int:
        """SIGTERM, and the exit code; a process that does not go is killed and the test fails."""
        if self._process is None:
            return 0
        if self._process.poll() is None:
            self._process.send_signal(signal.SIGTERM)
        try:
            return await self.exit_code()
        except subprocess.TimeoutExpired:
            await self.kill()
            raise AssertionError(f"{self.name} did not stop within {STOP_WITHIN_S:g} s\n{self.tail()}") from None

    def text(self) -> str:
        return self.output.read_text(encoding="utf-8", errors="replace") if self.output.exists() else ""

    def tail(self, lines: int = 40) -> str:
        return "\n".join(self.text().splitlines()[-lines:])


class Server(Command):
    """`qianshou serve` on free ports with its own data folder."""

    def __init__(
        self,
        folder: Path,
        *,
        host: str = HOST,
        media_address: str = HOST,
        environment: Mapping[str, str] | None = None,
    ) -> None:
        self.port = free_port()
        self.media_port = free_port()
        self.data = folder / "data"
        self.front = ""  # the address of a load balancer that callers shall use
        arguments = [
            *("serve", "--host", host, "--port", str(self.port)),
            *("--media-port", str(self.media_port), "--data", str(self.data)),
        ]
        announced = {"QIANSHOU_MEDIA_ADDRESSES": media_address}
        super().__init__("server", arguments, folder, {**announced, **(environment or {})})

    @property
    def own_url(self) -> str:
        return f"http://{HOST}:{self.port}"

    @property
    def url(self) -> str:
        """Where callers reach it."""
        return self.front or self.own_url

    async def start(self) -> None:
        """Start it and wait until it says that it is ready."""
        self.spawn()
        await self.ready()

    async def ready(self) -> None:
        async with aiohttp.ClientSession() as http:

            async def answers() -> bool:
                assert self.running, f"the server ended\n{self.tail()}"
                try:
                    async with http.get(f"{self.own_url}/readyz") as response:
                        return response.status == 200
                except aiohttp.ClientError:
                    return False

            await eventually(answers, f"{self.own_url}/readyz answers", READY_WITHIN_S)

    async def metric(self, name: str) -> float:
        """The sum of one metric over all its labels."""
        return sum(value for _, value in await self._samples(name))

    async def metric_by(self, name: str, label: str) -> dict[str, float]:
        """A metric that has this label alone, by its values."""
        return {labels.split('"')[1]: value for labels, value in await self._samples(name) if f"{label}=" in labels}

    async def _samples(self, name: str) -> list[tuple[str, float]]:
        async with aiohttp.ClientSession() as http, http.get(f"{self.own_url}/metrics") as response:
            assert response.status == 200, await response.text()
            lines = (await response.text()).splitlines()
        found = [line.rsplit(" ", 1) for line in lines if line.split("{")[0].split(" ")[0] == name]
        assert found, f"/metrics has no {name}"
        return [(labels, float(value)) for labels, value in found]


class RoomAgent(Command):
    """`qianshou room` for one room of a server."""

    def __init__(self, server: Server, room: str, token: str, folder: Path, arguments: Sequence[str] = ()) -> None:
        self.recordings = folder / f"recordings-{room}"
        fixed = ["room", "--server", server.url, "--room", room, "--recordings", str(self.recordings)]
        super().__init__(f"room-{room}", [*fixed, *arguments], folder, {"QIANSHOU_ROOM_TOKEN": token})

    async def start(self) -> None:
        self.spawn()
