"""The demo's recording classroom: a `qianshou room` beside the server, as it would run on the classroom's own PC."""

import asyncio
import contextlib
import json
import os
import signal
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Final

from classroom.demo.county import DEMO_ROOM
from classroom.errors import BadSettings, Unavailable

FILM: Final = "demo-film.mp4"
# Lets the agent take leave of its sessions; afterwards it is killed.
STOP_WITHIN_S: Final = 5.0
# Slides stand still most of the time: a third of the frames costs a third of the processor and looks the same.
SLIDES_FPS: Final = 10


def check_film(path: Path) -> None:
    """Raises `BadSettings` naming what is wrong with a film the user wants to show."""
    import av  # loads FFmpeg, which only a demo with a SOURCE needs in this process

    if not path.is_file():
        raise BadSettings("file_missing", path=str(path))
    try:
        with av.open(str(path)) as container:
            kinds = {stream.type for stream in container.streams}
    except OSError as error:
        raise BadSettings("file_unreadable", path=str(path), reason=error.strerror or str(error)) from error
    if kinds.isdisjoint({"audio", "video"}):
        raise BadSettings("file_empty", path=str(path))


class DemoRoom:
    """The agent's process. `film` is made in the data folder on first start unless it is the user's own."""

    def __init__(self, data: Path, film: Path | None) -> None:
        self._data = data
        self._own_film = film is not None
        self._film = film.resolve() if film else data.resolve() / FILM
        self._process: asyncio.subprocess.Process | None = None

    async def prepare(self) -> None:
        """Make the film where there is none. Raises `Unavailable("demo_film_failed")`."""
        if self._own_film or self._film.exists():
            return
        maker = await _child(["room-demo-video", str(self._film)], output=asyncio.subprocess.PIPE)
        try:
            said, _ = await maker.communicate()
        except asyncio.CancelledError:
            await _end(maker)
            raise
        if maker.returncode:
            lines = said.decode(errors="replace").strip().splitlines()
            raise Unavailable("demo_film_failed", path=str(self._film), problem=lines[-1] if lines else "")

    async def start(self, server_url: str, token: str) -> None:
        """Start the agent. Its log goes to `demo-room.log` in the data folder."""
        config = self._data / "demo-room.toml"
        # JSON strings are TOML strings.
        config.write_text(
            f"[sources.teacher]\nspec = {json.dumps(f'file:{self._film}', ensure_ascii=False)}\n\n"
            f'[sources.slides]\nspec = "synthetic:slides"\nfps = {SLIDES_FPS}\n',
            encoding="utf-8",
        )
        arguments = ["room", "--server", server_url, "--room", DEMO_ROOM, "--config", str(config)]
        with (self._data / "demo-room.log").open("ab") as log:
            # The token is not an argument: those are there for every user of the machine to see.
            self._process = await _child(arguments, output=log.fileno(), QIANSHOU_ROOM_TOKEN=token)

    async def ended(self) -> int:
        """Wait until the agent ends, and its exit code."""
        if self._process is None:
            raise RuntimeError("the demo room was not started")
        return await self._process.wait()

    async def stop(self) -> None:
        if self._process is not None:
            await _end(self._process)


async def _child(arguments: Sequence[str], output: int, **environment: str) -> asyncio.subprocess.Process:
    return await asyncio.create_subprocess_exec(
        sys.executable,
        *("-m", "classroom.demo.child", *arguments),
        stdin=asyncio.subprocess.DEVNULL,
        stdout=output,
        stderr=asyncio.subprocess.STDOUT,
        env={**os.environ, **environment},
        # Ctrl-C reaches the whole foreground group; the agent shall hear of it from us, after the lesson's pages.
        start_new_session=True,
    )


async def _end(process: asyncio.subprocess.Process) -> None:
    if process.returncode is not None:
        return
    with contextlib.suppress(ProcessLookupError):
        process.send_signal(signal.SIGTERM)
    try:
        async with asyncio.timeout(STOP_WITHIN_S):
            await process.wait()
    except TimeoutError:
        process.kill()
        await process.wait()
