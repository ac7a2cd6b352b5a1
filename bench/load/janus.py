"""Janus (Debian's package) on a port of its own, and the few calls of its VideoRoom that a fan-out needs."""

import asyncio
import re
import secrets
import shutil
import subprocess
from pathlib import Path
from types import TracebackType
from typing import Any, Self

import aiohttp

from tests.harness.eventually import eventually
from tests.harness.processes import HOST, free_port

CONFIGURATION = Path("/etc/janus")


class Janus:
    """A Janus process at its best for this load: `event_loops = 1` (14 µs per packet instead of 43)."""

    def __init__(self, folder: Path) -> None:
        """Raises `FileNotFoundError` where Debian's package is not installed."""
        executable = shutil.which("janus")
        if executable is None or not CONFIGURATION.is_dir():
            raise FileNotFoundError("Debian's package janus is not installed")
        self._executable = executable
        self._folder = folder / "janus"
        self.port = free_port()
        self._process: subprocess.Popen[bytes] | None = None

    @property
    def pid(self) -> int:
        assert self._process is not None
        return self._process.pid

    @property
    def url(self) -> str:
        return f"http://{HOST}:{self.port}/janus"

    async def __aenter__(self) -> Self:
        shutil.copytree(CONFIGURATION, self._folder)
        _set(self._folder / "janus.jcfg", "event_loops", "1", section="general")
        _set(self._folder / "janus.transport.http.jcfg", "port", str(self.port), section="general")
        for transport in ("websockets", "pfunix", "mqtt", "nanomsg", "rabbitmq"):
            (self._folder / f"janus.transport.{transport}.jcfg").unlink(missing_ok=True)
        arguments = ["-F", str(self._folder), "-i", HOST, "--rtp-port-range=20000-40000", "-o"]
        self._spawn([self._executable, *arguments])

        async def answers() -> bool:
            try:
                async with aiohttp.ClientSession() as http, http.get(f"{self.url}/info") as response:
                    return response.status == 200
            except aiohttp.ClientError:
                return False

        await eventually(answers, "Janus answers")
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._process is not None:
            self._process.terminate()
            await asyncio.to_thread(self._process.wait, 10)

    def _spawn(self, command: list[str]) -> None:
        with (self._folder / "janus.log").open("wb") as log:
            self._process = subprocess.Popen(
                command, stdin=subprocess.DEVNULL, stdout=log, stderr=subprocess.STDOUT, cwd=self._folder
            )


class Handle:
    """One session with one VideoRoom handle."""

    def __init__(self, http: aiohttp.ClientSession, url: str) -> None:
        self._http = http
        self._url = url
        self._session = ""
        self._handle = ""

    async def open(self) -> Self:
        self._session = f"{self._url}/{(await self._post(self._url, janus='create'))['data']['id']}"
        attached = await self._post(self._session, janus="attach", plugin="janus.plugin.videoroom")
        self._handle = f"{self._session}/{attached['data']['id']}"
        return self

    async def create_room(self) -> int:
        room = secrets.randbelow(10**9) + 1
        body = {"request": "create", "room": room, "publishers": 4, "bitrate": 0, "videocodec": "h264"}
        await self._post(self._handle, janus="message", body=body)
        return room

    async def request(self, body: dict[str, Any], jsep: dict[str, str] | None = None) -> dict[str, Any]:
        """Send a message and return the event that answers it."""
        await self._post(self._handle, janus="message", body=body, **({"jsep": jsep} if jsep else {}))
        while True:
            async with self._http.get(self._session) as response:
                event: dict[str, Any] = await response.json()
            if event.get("janus") == "event":
                return event

    async def _post(self, url: str, **body: Any) -> dict[str, Any]:
        body["transaction"] = secrets.token_hex(6)
        async with self._http.post(url, json=body) as response:
            answer: dict[str, Any] = await response.json()
            return answer


def _set(path: Path, key: str, value: str, section: str) -> None:
    """Set `key` in a section of a libconfig file, whether it stands there, commented out, or not at all."""
    text = path.read_text(encoding="utf-8")
    text = re.sub(rf"^\s*#?\s*{key}\s*=.*$", "", text, flags=re.MULTILINE)
    text = re.sub(rf"^{section}:\s*{{", f"{section}: {{\n\t{key} = {value}", text, count=1, flags=re.MULTILINE)
    path.write_text(text, encoding="utf-8")
