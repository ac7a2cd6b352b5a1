"""What goes wrong around a running lesson is said clearly, and the lesson goes on."""

import contextlib
import json
import os
import shutil
import socket
import subprocess
from collections.abc import AsyncIterator, Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import aiohttp
import pytest

from classroom.auth.tokens import Tokens
from classroom.clock import SystemClock, VirtualClock
from tests.harness.eventually import eventually
from tests.harness.processes import HOST, Command, Server
from tests.harness.world import FPS, World

SDP = {"Content-Type": "application/sdp"}


async def problem(response: aiohttp.ClientResponse) -> dict[str, Any]:
    """The problem document of a refusal, which must be one."""
    assert response.content_type == "application/problem+json", await response.text()
    said: dict[str, Any] = json.loads(await response.text())
    assert said["status"] == response.status
    assert said["detail"]
    assert said["remedy"]
    return said


@pytest.fixture
async def http(world: World) -> AsyncIterator[aiohttp.ClientSession]:
    async with aiohttp.ClientSession(world.server.url) as session:
        yield session


async def test_a_running_lesson_survives_every_wrong_request(world: World, http: aiohttp.ClientSession) -> None:
    await world.agent()
    teacher = await world.live()
    viewer = await world.viewer("沙湾教学点")
    await viewer.sees(FPS)
    lesson = world.lesson.id
    past = VirtualClock(SystemClock().now() - timedelta(days=1))
    good = world.tokens.issue_publish(lesson, "teacher")
    spare = world.tokens.issue_publish(lesson, "board")
    offer = publishing_offer("H264/90000")

    cases: list[tuple[str, str, str, bytes, int, str]] = [
        ("no token", f"/whip/{lesson}?source=teacher", "", offer, 401, ""),
        ("a wrong token", f"/whip/{lesson}?source=teacher", "nonsense", offer, 401, "token_invalid"),
        (
            "an expired token",
            f"/whip/{lesson}?source=teacher",
            Tokens(world.secret, past).issue_publish(lesson, "teacher"),
            offer,
            401,
            "token_expired",
        ),
        (
            "another installation's token",
            f"/whip/{lesson}?source=teacher",
            Tokens(bytes(32), SystemClock()).issue_publish(lesson, "teacher"),
            offer,
            401,
            "token_invalid",
        ),
        ("a token for another source", f"/whip/{lesson}?source=teacher", spare, offer, 403, "source_forbidden"),
        ("an unknown lesson", "/whip/nowhere?source=teacher", good, offer, 404, "lesson_unknown"),
        ("a taken source", f"/whip/{lesson}?source=teacher", good, offer, 409, "source_taken"),
        ("malformed SDP", f"/whip/{lesson}?source=board", spare, b"v=0\r\nnonsense", 400, "sdp_malformed"),
        (
            "an unsupported codec",
            f"/whip/{lesson}?source=board",
            spare,
            publishing_offer("H265/90000"),
            422,
            "codec_unsupported",
        ),
        ("a body too large", f"/whip/{lesson}?source=board", spare, b"v" * 500_000, 413, "body_too_large"),
        ("an unknown lesson to watch", "/whep/nowhere", "", offer, 401, ""),
    ]
    for name, path, token, body, status, code in cases:
        headers = {**SDP, **({"Authorization": f"Bearer {token}"} if token else {})}
        async with http.post(path, data=body, headers=headers) as response:
            assert response.status == status, f"{name}: {response.status} {await response.text()}"
            said = await problem(response)
            assert code in {"", said["code"]}, f"{name}: {said}"
    async with http.get("/api/v1/join/zzzzzz") as response:
        assert (response.status, (await problem(response))["code"]) == (404, "lesson_code_unknown")

    await viewer.sees(2 * FPS)
    view = await teacher.lesson(lesson)
    assert view.state == "live"
    assert [source.name for source in view.sources] == ["teacher"]


def publishing_offer(video: str) -> bytes:
    """What a publisher of one picture sends (RFC 9725), with this rtpmap."""
    lines = [
        *("v=0", "o=- 1 1 IN IP4 127.0.0.1", "s=-", "t=0 0", "a=group:BUNDLE 0"),
        *("m=video 9 UDP/TLS/RTP/SAVPF 96", "c=IN IP4 0.0.0.0", "a=mid:0", "a=sendonly", "a=rtcp-mux"),
        *("a=ice-ufrag:abcd", "a=ice-pwd:0123456789abcdefghijklmn", "a=setup:actpass"),
        "a=fingerprint:sha-256 " + ":".join(["AB"] * 32),
        f"a=rtpmap:96 {video}",
        *(("a=fmtp:96 packetization-mode=1;profile-level-id=42e01f",) if video.startswith("H264") else ()),
    ]
    return "".join(f"{line}\r\n" for line in lines).encode()


async def test_a_missing_camera_leaves_the_other_source_alone(world: World) -> None:
    agent = await world.agent(["teacher=synthetic:teacher", "board=camera:99", "film=file:/没有.mp4"])
    await world.live()
    viewer = await world.viewer("沙湾教学点")
    await viewer.sees(2 * FPS)
    assert agent.running
    async with aiohttp.ClientSession(world.server.url) as http:
        token = world.tokens.issue_device(world.lesson.room_id, world.county.device_id)
        headers = {"Authorization": f"Bearer {token}", "Accept-Language": "zh-CN"}

        async def problems() -> dict[str, str]:
            async with http.get(f"/api/v1/rooms/{world.lesson.room_id}", headers=headers) as response:
                room = json.loads(await response.text())
            return {source["name"]: source["problem"] for source in room["sources"] if source["problem"]}

        found = await eventually(problems, "the panel is told what fails")
    assert found == {"board": "camera_missing", "film": "file_missing"}


@pytest.mark.parametrize(
    ("environment", "arguments", "named"),
    [
        ({"QIANSHOU_PROT": "1"}, [], "QIANSHOU_PORT"),
        ({"QIANSHOU_LOG_LEVEL": "loud"}, [], "loud"),
        ({"QIANSHOU_MEDIA_ADDRESSES": "not-an-address"}, [], "not-an-address"),
        ({}, ["--role", "king"], "king"),
        ({}, ["--data", "/proc/nowhere"], "/proc/nowhere"),
        ({"QIANSHOU_DATABASE_URL": "mysql://here"}, [], "QIANSHOU_DATABASE_URL"),
    ],
)
async def test_wrong_settings_are_one_line(
    environment: dict[str, str], arguments: list[str], named: str, tmp_path: Path
) -> None:
    serve = ["serve", "--host", HOST, "--port", "0", "--media-port", "0"]
    data = [] if "--data" in arguments else ["--data", str(tmp_path / "data")]
    command = Command("serve", [*serve, *data, *arguments], tmp_path, environment)
    command.spawn()
    assert await command.exit_code(within_s=30) == 2
    lines = command.text().splitlines()
    assert len(lines) == 1, command.text()
    assert named in lines[0]


async def test_a_media_port_in_use_is_one_line(tmp_path: Path) -> None:
    server = Server(tmp_path)
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as taken:
        taken.bind((HOST, server.media_port))
        server.spawn()
        assert await server.exit_code(within_s=30) != 0
    assert str(server.media_port) in server.text().splitlines()[-1]
    assert "Traceback" not in server.text()


@pytest.fixture
def small_disk(tmp_path: Path) -> Iterator[Path]:
    """A file system of its own that can be filled up."""
    if os.geteuid() != 0:
        pytest.skip("only root may mount a small disk")
    folder = tmp_path / "disk"
    folder.mkdir()
    subprocess.run(["mount", "-t", "tmpfs", "-o", "size=16m", "tmpfs", folder], check=True)
    try:
        yield folder
    finally:
        subprocess.run(["umount", folder], check=True)


def fill(path: Path) -> None:
    """Write until there is no room for one more block."""
    with path.open("wb", buffering=0) as file, contextlib.suppress(OSError):
        while True:
            file.write(bytes(4096))
    assert shutil.disk_usage(path.parent).free == 0


async def test_a_disk_that_fills_up_leaves_the_lesson_running(small_disk: Path) -> None:
    async with World.create(small_disk) as world:
        await world.agent()
        teacher = await world.live()
        viewer = await world.viewer("沙湾教学点")
        await viewer.sees(FPS)
        filler = small_disk / "filler"
        fill(filler)
        async with aiohttp.ClientSession(world.server.url) as http:
            # Signing in writes a session.
            body = {"username": "admin", "password": world.password("admin")}
            statuses = set()
            for _ in range(4):
                async with http.post("/api/v1/session", json=body) as response:
                    statuses.add(response.status)
                    if response.status == 503:
                        assert (await problem(response))["code"] == "disk_full"
        assert 503 in statuses
        await viewer.sees(2 * FPS)
        filler.unlink()
        await teacher.stop(world.lesson.id)
        await viewer.shows("ended")
