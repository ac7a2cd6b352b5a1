"""A lesson is recorded whatever is killed or cut meanwhile, and is on the server in the end without anybody's help."""

import asyncio
import io
import json
import signal
import time
from collections.abc import Iterator
from dataclasses import dataclass
from hashlib import sha256
from itertools import pairwise
from pathlib import Path

import av

from classroom.fmp4.box import MalformedMp4
from classroom.fmp4.header import read_header
from classroom.fmp4.reader import read_segment
from classroom.messages.recording import SegmentLine
from tests.harness.eventually import eventually
from tests.harness.world import World

SOURCES = ("teacher=synthetic:teacher", "slides=synthetic:slides")
TRACKS = {"teacher-video", "teacher-audio", "slides-video"}
STEP_S = 1.2  # between two misfortunes: some fragments


@dataclass
class Recorded:
    """A track on the room's disk. `spans` are where its fragments lie, in seconds on the media clock."""

    path: Path
    lines: list[SegmentLine]

    @property
    def timescale(self) -> int:
        return int(json.loads((self.path / "track.json").read_text())["timescale"])

    def data(self, line: SegmentLine) -> bytes:
        return (self.path / f"{line.sequence:06}.{line.init_digest}.m4s").read_bytes()

    def header(self, line: SegmentLine) -> bytes:
        return (self.path / f"{line.init_digest}.mp4").read_bytes()

    def spans(self) -> Iterator[tuple[float, float]]:
        for line in self.lines:
            for each in read_segment(self.data(line)):
                end = each.decode_time + each.duration
                yield each.decode_time / self.timescale, end / self.timescale


def recorded(folder: Path) -> dict[str, Recorded]:
    found = {}
    for path in folder.glob("*/track.json"):
        manifest = path.parent / "manifest.jsonl"
        raw = manifest.read_text().splitlines() if manifest.exists() else []
        lines = [SegmentLine.model_validate_json(line) for line in raw]
        found[path.parent.name] = Recorded(path.parent, lines)
    return found


async def test_nothing_is_lost_but_a_second_whatever_is_killed_or_cut(world: World) -> None:
    agent = await world.agent(SOURCES)
    teacher = await world.live()
    folder = agent.recordings / world.lesson.id
    segments = world.server.data / "recordings" / "segments"

    async def recording() -> bool:
        return {path.parent.name for path in folder.glob("*/*.m4s") if path.stat().st_size} == TRACKS

    await eventually(recording, "all tracks are recorded")
    note = json.loads((folder / "lesson.json").read_text())
    begun_s = time.time() - note["began_wall_s"]

    async def brought() -> bool:
        return any(segments.rglob("*.seg"))

    await eventually(brought, "the first segment is on the server")
    await world.server.kill()
    await asyncio.sleep(STEP_S)
    await world.server.start()
    await asyncio.sleep(STEP_S)
    await agent.kill()
    killed_s = time.time() - note["began_wall_s"]
    await agent.start()
    await eventually(lambda: grows(folder, killed_s), "recording goes on")
    world.server.signal(signal.SIGSTOP)  # the line is cut: nothing answers any more
    await asyncio.sleep(STEP_S)
    cut_s = time.time() - note["began_wall_s"]
    world.server.signal(signal.SIGCONT)
    await eventually(lambda: grows(folder, cut_s), "recording went on")
    await teacher.stop(world.lesson.id)
    stopped_s = time.time() - note["began_wall_s"]

    async def archived() -> bool:
        return (await teacher.lesson(world.lesson.id)).state == "archived"

    await eventually(archived, "the lesson is archived by itself", within_s=60)
    tracks = recorded(folder)
    assert set(tracks) == TRACKS
    for name, track in tracks.items():
        spans = list(track.spans())
        assert spans[0][0] < begun_s, name
        assert spans[-1][1] > stopped_s - 1.5, name
        gaps = [(one[1], two[0]) for one, two in pairwise(spans) if two[0] - one[1] > 0.15]
        assert len(gaps) <= 1, f"{name} lost more than what the agent's death cost: {gaps}"
        for begin, _ in gaps:
            assert killed_s - 1.0 < begin <= killed_s + 0.1, (name, begin, killed_s)
        for line in track.lines:
            for digest, data in ((line.digest, track.data(line)), (line.init_digest, track.header(line))):
                assert sha256(data).hexdigest() == digest
                assert (segments / digest[:2] / digest[2:4] / f"{digest}.seg").read_bytes() == data
        whole = track.header(track.lines[0]) + b"".join(track.data(line) for line in track.lines)
        with av.open(io.BytesIO(whole), "r") as container:
            decoded = sum(1 for _ in container.decode(container.streams[0]))
        assert decoded == sum(len(each.samples) for line in track.lines for each in read_segment(track.data(line)))
        assert read_header(track.header(track.lines[0])).format.timescale == track.timescale


async def grows(folder: Path, beyond_s: float) -> bool:
    """Whether every track has reached `beyond_s` on the media clock."""
    found = recorded(folder)
    ends = [max((end for _, end in open_spans(track)), default=0.0) for track in found.values()]
    return len(ends) == len(TRACKS) and min(ends) > beyond_s


def open_spans(track: Recorded) -> Iterator[tuple[float, float]]:
    """Also of the segment that is being written."""
    for path in track.path.glob("*.m4s"):
        try:
            fragments = read_segment(path.read_bytes())
        except MalformedMp4:  # being written just now
            continue
        for each in fragments:
            yield each.decode_time / track.timescale, (each.decode_time + each.duration) / track.timescale
