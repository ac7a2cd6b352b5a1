"""What a lesson's upload costs the server: the real one, by its own count of processor time."""

import tempfile
from hashlib import sha256
from pathlib import Path

import aiohttp
from yarl import URL

from bench.library.lesson import segments
from classroom.demo.county import DEMO_ROOM
from classroom.fmp4.header import write_header
from classroom.messages.recording import NewTrackBody, SegmentLine
from room_agent.recording.server import RecordingServer
from tests.harness.world import World

MINUTES = 10
CPU = "process_cpu_seconds_total"


async def take_in() -> dict[str, float]:
    """`take_in_cpu_ms_per_minute`: of one picture of 1.5 Mbps, announced and brought segment by segment."""
    with tempfile.TemporaryDirectory(prefix="bench-take-in-") as folder:
        async with World.create(Path(folder), environment={"QIANSHOU_RECORDINGS_KEEP_FREE_MB": "0"}) as world:
            teacher = await world.teacher()
            await teacher.start(world.lesson.id)
            token = world.tokens.issue_device(world.county.rooms[DEMO_ROOM], world.county.device_id)
            async with aiohttp.ClientSession() as http:
                server = RecordingServer(http, URL(world.server.url), token)
                return await _bring(world, server)


async def _bring(world: World, server: RecordingServer) -> dict[str, float]:
    form, made = segments(MINUTES * 60, 1)
    header = write_header(form)
    body = NewTrackBody(name="teacher", kind=form.kind, codec=form.codec, timescale=form.timescale)
    opened = await server.register(world.lesson.id, body)
    lines = [
        SegmentLine(
            sequence=number,
            digest=sha256(data).hexdigest(),
            init_digest=sha256(header).hexdigest(),
            size_bytes=len(data),
            start=start,
            duration=end - start,
        )
        for number, (data, start, end) in enumerate(made)
    ]
    before_s = await world.server.metric(CPU)
    for line in lines:
        await server.announce(opened.track_id, [line])  # as they are made, one by one
    await server.bring(lines[0].init_digest, header, 0, _at_once)
    for line, (data, _, _) in zip(lines, made, strict=True):
        await server.bring(line.digest, data, 0, _at_once)
    stock = await server.stock(opened.track_id)
    if stock.missing or stock.stored != len(lines):
        raise RuntimeError(f"brought {len(lines)}, kept {stock.stored}")
    cpu_s = await world.server.metric(CPU) - before_s
    return {"take_in_cpu_ms_per_minute": cpu_s * 1000 / MINUTES}


async def _at_once(size_bytes: int) -> None:
    return
