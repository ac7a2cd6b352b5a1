"""A load generator as a child process, and what a server process costs meanwhile."""

import asyncio
import contextlib
import dataclasses
import json
import os
import sys
from pathlib import Path
from typing import Any, Self

from bench.load.clients import Load
from bench.load.flood import Flood

# For a server's environment: no other one keeps what it forwards. `make bench-archive` has what recording costs.
FORWARD_ONLY = {"QIANSHOU_RECORDINGS_SERVER": "never"}


def cpu_seconds(pid: int) -> float:
    """User and system time of a process so far."""
    fields = Path(f"/proc/{pid}/stat").read_text(encoding="ascii").rsplit(")", 1)[1].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def waited_seconds(pid: int) -> float:
    """How long its first thread was ready to run and had no processor: what a busy machine took from it."""
    return int(Path(f"/proc/{pid}/schedstat").read_text(encoding="ascii").split()[1]) / 1e9


def go_first(pid: int) -> None:
    """Let a server have the processor before the load generators, which in truth are on other machines."""
    with contextlib.suppress(PermissionError):
        os.sched_setscheduler(pid, os.SCHED_FIFO, os.sched_param(1))  # its first thread, which forwards


def resident_kb(pid: int) -> int:
    """Resident memory of a process."""
    pages = int(Path(f"/proc/{pid}/statm").read_text(encoding="ascii").split()[1])
    return pages * os.sysconf("SC_PAGE_SIZE") // 1024


class Generator:
    """Connected when made; `go` begins to send and count, `stop` ends one without a publisher, `counts` is the end."""

    def __init__(self, process: asyncio.subprocess.Process) -> None:
        self._process = process

    @classmethod
    async def start(cls, load: Load | Flood) -> Self:
        module = "bench.load.clients" if isinstance(load, Load) else "bench.load.flood"
        process = await asyncio.create_subprocess_exec(
            *(sys.executable, "-m", module, json.dumps(dataclasses.asdict(load))),
            stdin=asyncio.subprocess.PIPE,
            stdout=asyncio.subprocess.PIPE,
        )
        generator = cls(process)
        await generator._hear(b"ready")
        return generator

    async def go(self) -> None:
        await self._tell(b"go\n")
        await self._hear(b"going")

    async def stop(self) -> None:
        await self._tell(b"stop\n")

    async def _tell(self, line: bytes) -> None:
        assert self._process.stdin is not None
        self._process.stdin.write(line)
        await self._process.stdin.drain()

    async def _hear(self, word: bytes) -> None:
        assert self._process.stdout is not None
        if (await self._process.stdout.readline()).strip() != word:
            raise RuntimeError(f"the load generator did not say {word.decode()}")

    async def counts(self) -> dict[str, Any]:
        assert self._process.stdout is not None
        assert self._process.stdin is not None
        counts: dict[str, Any] = json.loads(await self._process.stdout.readline())
        self._process.stdin.close()
        await self._process.wait()
        return counts
