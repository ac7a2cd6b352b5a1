"""`qianshou demo`, as somebody meets it who has just installed it."""

import json
import re
import signal
import socket
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import aiohttp
import psutil

from tests.harness.eventually import eventually
from tests.harness.processes import HOST, Command, free_port

LANGUAGE = {"QIANSHOU_LANGUAGE": "zh-CN"}


def demo(folder: Path, port: int, *more: str) -> Command:
    arguments = ["demo", "--host", HOST, "--port", str(port), "--media-port", str(free_port())]
    return Command("demo", [*arguments, "--data", str(folder / "data"), *more], folder, LANGUAGE)


@asynccontextmanager
async def ready(command: Command) -> AsyncIterator[dict[str, str]]:
    """What it printed: the join address, and passwords by user name. Interrupted as by Ctrl-C afterwards."""
    printed_before = len(command.text())
    command.spawn()
    try:

        async def printed() -> str:
            assert command.running, command.tail()
            text = command.text()[printed_before:]
            return text if "Ctrl-C" in text else ""

        text = await eventually(printed, "the demo is ready", within_s=60)
        passwords = dict(re.findall(r"(\w+) +((?:[a-z]+-){3}\d{4})", text))
        join = re.search(r"http://\S+/join/\w+", text)
        assert join, text
        yield {"join": join[0], "text": text, **passwords}
        children = psutil.Process(command.pid).children(recursive=True)
        assert children
        command.signal(signal.SIGINT)
        assert await command.exit_code() == 0
        assert not [child for child in children if child.is_running()]
    finally:
        await command.kill()


async def test_it_shows_a_running_lesson_and_everybodys_login(tmp_path: Path) -> None:
    port = free_port()
    command = demo(tmp_path, port)
    async with ready(command) as printed, aiohttp.ClientSession(cookie_jar=aiohttp.CookieJar(unsafe=True)) as http:
        assert {"teacher", "student", "coordinator", "archivist", "supervisor", "admin"} < set(printed)
        code = printed["join"].rpartition("/")[2]
        async with http.get(f"http://{HOST}:{port}/api/v1/join/{code}") as response:
            lesson = json.loads(await response.text())
            assert (lesson["state"], lesson["school_name"]) == ("live", "青禾县第一初级中学")
        sign_in = {"username": "coordinator", "password": printed["coordinator"]}
        async with http.post(f"http://{HOST}:{port}/api/v1/session", json=sign_in) as response:
            assert response.status == 200, await response.text()
        async with http.get(f"http://{HOST}:{port}/api/v1/lessons/{lesson['lesson_id']}") as response:
            sources = json.loads(await response.text())["sources"]
            assert "teacher" in {source["name"] for source in sources}
    # Started again, it is the same county and the same lesson, still running.
    async with ready(command) as again:
        assert {name: again[name] for name in again if name != "text"} == {
            name: printed[name] for name in printed if name != "text"
        }


async def test_its_own_end_is_the_rooms_end(tmp_path: Path) -> None:
    command = demo(tmp_path, free_port())
    command.spawn()
    try:

        async def children() -> list[psutil.Process]:
            return psutil.Process(command.pid).children(recursive=True)

        [room] = await eventually(children, "the room's process runs")
        await command.kill()
        await eventually(lambda: _gone(room), "the room's process ends with it", within_s=10)
    finally:
        await command.kill()


async def _gone(process: psutil.Process) -> bool:
    return not process.is_running()


async def refused(command: Command, code: int) -> str:
    """The one line a command ends with."""
    command.spawn()
    try:
        assert await command.exit_code(within_s=30) == code, command.tail()
    finally:
        await command.kill()
    lines = command.text().splitlines()
    assert len(lines) == 1, command.text()
    return lines[0]


async def test_a_port_in_use_is_one_line(tmp_path: Path) -> None:
    with socket.socket() as taken:
        taken.bind((HOST, 0))
        taken.listen()
        port = taken.getsockname()[1]
        line = await refused(demo(tmp_path, port), 1)
    assert str(port) in line
    assert "--port" in line


async def test_a_film_that_cannot_be_shown_is_one_line(tmp_path: Path) -> None:
    missing = tmp_path / "没有.mp4"
    assert str(missing) in await refused(demo(tmp_path / "a", free_port(), "--source", str(missing)), 2)
    text = tmp_path / "课文.mp4"
    text.write_text("这不是视频", encoding="utf-8")
    assert str(text) in await refused(demo(tmp_path / "b", free_port(), "--source", str(text)), 2)
