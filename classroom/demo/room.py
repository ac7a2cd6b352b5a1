"""The demo's recording classroom: a `qianshou room` beside the server, as it would run on the classroom's own PC."""

import asyncio
import contextlib
import json
import signal
import sys
from pathlib import Path
from typing import Final

from classroom.demo.county import DEMO_ROOM
from classroom.errors import BadSettings

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
    except (OSError, av.error.FFmpegError) as error:
        raise BadSettings("file_unreadable", path=str(path), reason=error.strerror or str(error)) from error
    if kinds.isdisjoint({"audio", "video"}):
        raise BadSettings("file_empty", path=str(path))


class DemoRoom:
    """The agent's process. `film` is made in the data folder on first start unless it is the user's own."""

    def __init__(self, data: Path, film: Path | None) -> None:
        self._data = data.resolve()
        self._film = film.resolve() if film else self._data / FILM
        self._process: asyncio.subprocess.Process | None = None

    @property
    def log(self) -> Path:
        """What the agent says."""
        return self._data / "demo-room.log"

    async def begin(self) -> None:
        """Start the process, which makes the film if need be and then waits for `open`.

        Raises `BadSettings("data_unwritable")`.
        """
        try:
            await self._begin()
        except OSError as error:
            problem = error.strerror or str(error)
            raise BadSettings("data_unwritable", path=str(self._data), problem=problem) from error

    async def _begin(self) -> None:
        self._data.mkdir(parents=True, exist_ok=True)
        config = self._data / "demo-room.toml"
        # JSON strings are TOML strings.
        config.write_text(
            f"[sources.teacher]\nspec = {json.dumps(f'file:{self._film}', ensure_ascii=False)}\n\n"
            f'[sources.slides]\nspec = "synthetic:slides"\nfps = {SLIDES_FPS}\n\n'
            # The demo's server lies on the same disk: what it has need not be here too.
            f"[recording]\ndirectory = {json.dumps(str(self._data / 'room-recordings'), ensure_ascii=False)}\n"
            "keep_days = 0\n",
            encoding="utf-8",
        )
        with self.log.open("ab") as log:
            self._process = await asyncio.create_subprocess_exec(
                sys.executable,
                *("-m", "classroom.demo.child", str(self._film), "--room", DEMO_ROOM, "--config", str(config)),
                stdin=asyncio.subprocess.PIPE,
                stdout=log.fileno(),
                stderr=asyncio.subprocess.STDOUT,
                # Ctrl-C reaches the whole foreground group; the agent shall hear of it from us.
                start_new_session=True,
            )

    async def open(self, server_url: str, token: str) -> None:
        """Let the agent begin."""
        stdin = self._running.stdin
        if stdin is None:
            raise RuntimeError("the demo room was opened before")
        # A process that has failed already is noticed by `ended`.
        with contextlib.suppress(ConnectionError):
            stdin.write(json.dumps({"server": server_url, "token": token}).encode() + b"\n")
            await stdin.drain()

    async def ended(self) -> int:
        """Wait until the agent ends, and its exit code."""
        return await self._running.wait()

    def last_words(self) -> str:
        """The last line of its log."""
        lines = self.log.read_text(encoding="utf-8", errors="replace").splitlines()
        return lines[-1] if lines else ""

    async def stop(self) -> None:
        """SIGTERM, and SIGKILL when that does not help; also when it was never begun."""
        process = self._process
        if process is None or process.returncode is not None:
            return
        with contextlib.suppress(ProcessLookupError):
            process.send_signal(signal.SIGTERM)
        try:
            async with asyncio.timeout(STOP_WITHIN_S):
                await process.wait()
        except TimeoutError:
            process.kill()
            await process.wait()

    @property
    def _running(self) -> asyncio.subprocess.Process:
        if self._process is None:
            raise RuntimeError("the demo room was not begun")
        return self._process
