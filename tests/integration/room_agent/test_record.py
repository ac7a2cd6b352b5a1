"""The room's record on a real disk: torn, full and rotten; and its upload to a server that behaves badly."""

import asyncio
import os
import shutil
import subprocess
import time
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from hashlib import sha256
from itertools import pairwise
from pathlib import Path

import aiohttp
import pytest
from yarl import URL

from classroom.access.items import access_item
from classroom.access.lessons import access_lesson_to_see, access_step
from classroom.access.recordings import access_recording_open
from classroom.clock import SystemClock
from classroom.codecs.h264 import split_nals
from classroom.errors import NotFound, Unavailable
from classroom.fmp4.header import write_header
from classroom.fmp4.reader import read_segment, whole_bytes
from classroom.messages.recording import NewTrackBody
from classroom.model.lesson import LessonState, LessonStep
from classroom.model.principal import SYSTEM
from classroom.model.recording import TrackKind
from media_server.archive.keeper import Keeper
from media_server.archive.open_store import open_segment_store
from media_server.archive.service import ArchiveService
from room_agent.config import UploadPolicy
from room_agent.encode.h264 import AccessUnit
from room_agent.encode.ladder import Encoding
from room_agent.encode.simulcast import EncodedPicture
from room_agent.encode.sounds import EncodedSound
from room_agent.recording.folders import LessonFolder, LessonNote, TrackFolder, lesson_folders, read_manifest
from room_agent.recording.guard import DiskGuard
from room_agent.recording.recorder import Recorder
from room_agent.recording.server import RecordingServer
from room_agent.recording.upload import Upload, is_night
from room_agent.studio.backoff import Backoff
from tests.fakes.county import NOW
from tests.fakes.encoded import encoded_pictures
from tests.fakes.hub import Hub, running_hub
from tests.fakes.segments import FakeTrack, fake_track
from tests.harness.eventually import eventually

LESSON = "a" * 24
OPTIONS = {"preset": "ultrafast", "tune": "zerolatency", "profile": "baseline"}
PICTURES = [tuple(split_nals(data)) for data in encoded_pictures("libx264", 50, 96, 64, OPTIONS)]
ENCODING = Encoding("h", 96, 64, 100_000)


def picture(number: int, captured_s: float) -> EncodedPicture:
    unit = AccessUnit(PICTURES[number % 50], number % 50 == 0, round(captured_s * 90_000))
    return EncodedPicture(ENCODING, unit, captured_s)


def take(recorder: Recorder, begin_s: float, pictures: int, first: int = 0) -> None:
    """So many pictures and their sound, as fast as the disk takes them."""
    for number in range(pictures):
        at_s = begin_s + number / 25
        recorder.take("teacher", picture(first + number, at_s))
        for half in range(2):
            recorder.take("teacher", EncodedSound(b"opus", (2 * number + half) * 960, at_s + half * 0.02))


def track(folder: Path, kind: TrackKind = TrackKind.VIDEO) -> Path:
    return folder / LESSON / f"teacher-{kind.value}"


def spans(path: Path) -> list[tuple[float, float]]:
    found = []
    for line in read_manifest(path):
        data = (path / f"{line.sequence:06}.{line.init_digest}.m4s").read_bytes()
        assert sha256(data).hexdigest() == line.digest
        assert len(data) == line.size_bytes
        fragments = read_segment(data)
        assert fragments[0].decode_time == line.start
        found.append((line.start / 90_000, (line.start + line.duration) / 90_000))
    return found


async def recorded(recorder: Recorder, path: Path, size_bytes: int) -> None:
    def written() -> bool:
        return sum(each.stat().st_size for each in path.glob("*.m4s")) >= size_bytes

    await eventually(lambda: asyncio.to_thread(written), "what was taken is on the disk")


@pytest.fixture
def recorder(tmp_path: Path) -> Iterator[Recorder]:
    made = Recorder(tmp_path, lambda source: None)
    made.start()
    yield made
    made.close()


async def test_a_lesson_is_written_in_segments_as_it_comes(tmp_path: Path, recorder: Recorder) -> None:
    began_s = time.monotonic() - 10
    recorder.begin(LESSON, "古诗两首", began_s)
    take(recorder, began_s, 250)
    recorder.end()

    async def ended() -> bool:
        return bool((folder := LessonFolder.read(tmp_path / LESSON)) and folder.note.ended)

    await eventually(ended, "the lesson is closed")
    assert spans(track(tmp_path)) == [(0.0, 4.0), (4.0, 8.0), (8.0, 10.0)]
    sound = read_manifest(track(tmp_path, TrackKind.AUDIO))
    assert [line.start / 48_000 for line in sound] == [0.0, 3.9, 7.8]
    assert sound[-1].start + sound[-1].duration == 480_000


@pytest.mark.parametrize("how", ["torn", "unwritten", "torn manifest", "nothing"])
async def test_after_a_power_cut_all_but_the_torn_fragment_is_there(tmp_path: Path, how: str) -> None:
    source = fake_track("h264")
    folder = TrackFolder(
        tmp_path / "teacher-video",
        _body(source),
    )
    folder.begin_segment(source.header, 0)
    for fragment in read_segment(source.segments[0]):
        folder.write(source.segments[0][fragment.start : fragment.end], fragment.decode_time + fragment.duration)
    folder.begin_segment(source.header, source.starts[1])
    fragments = read_segment(source.segments[1])
    for fragment in fragments:
        folder.write(source.segments[1][fragment.start : fragment.end], fragment.decode_time + fragment.duration)
    assert folder._open is not None
    folder._open.close()  # the process is gone, its file as it is
    (path,) = (tmp_path / "teacher-video").glob("000001.*.m4s")
    data = path.read_bytes()
    assert data == source.segments[1], "every fragment was on the disk at once"
    lost = 0
    if how == "torn":
        path.write_bytes(data[:-10])
        lost = fragments[-1].duration
    elif how == "unwritten":
        path.write_bytes(data[: fragments[-1].start + 100] + bytes(len(data) - fragments[-1].start - 100))
        lost = fragments[-1].duration
    elif how == "torn manifest":
        with (tmp_path / "teacher-video" / "manifest.jsonl").open("ab") as file:
            file.write(b'{"sequence":1,"dig')
    again = TrackFolder(tmp_path / "teacher-video")
    assert [line.sequence for line in again.lines] == [0, 1]
    assert again.end == source.starts[2] - lost
    assert again.lines == read_manifest(tmp_path / "teacher-video")
    kept = path.read_bytes()
    assert (len(kept), sha256(kept).hexdigest()) == (again.lines[1].size_bytes, again.lines[1].digest)
    assert whole_bytes(kept) == len(kept)
    assert TrackFolder(tmp_path / "teacher-video").lines == again.lines


def _flipped(data: bytes) -> bytes:
    """One bit of it another."""
    return data[:-1] + bytes((data[-1] ^ 1,))


def _body(source: FakeTrack) -> NewTrackBody:
    form = source.format
    return NewTrackBody(
        name="teacher",
        kind=form.kind,
        codec=form.codec,
        timescale=form.timescale,
        width=form.width,
        height=form.height,
        channels=form.channels,
    )


async def test_a_killed_agent_goes_on_with_its_lesson_where_it_was(tmp_path: Path) -> None:
    began_s = time.monotonic() - 6
    first = Recorder(tmp_path, lambda source: None)
    assert first.start() is None
    first.begin(LESSON, "古诗两首", began_s)
    take(first, began_s, 80)
    first.close()  # flushed, as a kill would not be; the torn rest is tried above
    second = Recorder(tmp_path, lambda source: None)
    assert second.start() == LESSON
    take(second, began_s + 5, 50, first=100)
    take(second, began_s + 1, 10, first=0)  # a clock that went back records nothing twice
    second.close()
    found = spans(track(tmp_path))
    assert found[0] == (0.0, 3.2)
    assert abs(found[1][0] - 5) < 0.05
    assert all(one[1] <= two[0] for one, two in pairwise(found))


@pytest.fixture
def small_disk(tmp_path: Path) -> Iterator[Path]:
    if os.geteuid() != 0:
        pytest.skip("only root may mount a small disk")
    folder = tmp_path / "disk"
    folder.mkdir()
    subprocess.run(["mount", "-t", "tmpfs", "-o", "size=1m", "tmpfs", folder], check=True)
    try:
        yield folder
    finally:
        subprocess.run(["umount", folder], check=True)


async def test_a_full_disk_is_said_and_recording_goes_on_when_there_is_room(small_disk: Path) -> None:
    recorder = Recorder(small_disk, lambda source: None)
    recorder.start()
    try:
        began_s = time.monotonic()
        recorder.begin(LESSON, "古诗两首", began_s)
        take(recorder, began_s, 60)
        await recorded(recorder, track(small_disk), 10_000)
        filler = small_disk / "filler"
        with filler.open("wb", buffering=0) as file:
            while shutil.disk_usage(small_disk).free:
                file.write(bytes(4096))
        take(recorder, began_s + 2.4, 50, first=60)
        await eventually(lambda: _fault(recorder, True), "the fault is known")
        assert recorder.fault is not None
        assert recorder.fault.code == "recording_disk_full"
        filler.unlink()
        take(recorder, began_s + 6, 60, first=100)
        await eventually(lambda: _fault(recorder, False), "the fault is over")
    finally:
        recorder.close()
    found = spans(track(small_disk))
    assert found[0][0] == 0.0
    assert abs(found[-1][1] - 8.4) < 0.1, "what came after is there"


async def _fault(recorder: Recorder, there: bool) -> bool:
    return (recorder.fault is not None) == there


# -- upload ------------------------------------------------------------------------------------------------------------


async def _at_once(size_bytes: int) -> None:
    return


@asynccontextmanager
async def uploading(tmp_path: Path) -> AsyncIterator[tuple[Hub, Upload, Path]]:
    """A lesson of three sound segments on the room's disk, ended, and a server that has not heard of it."""
    async with (
        running_hub(tmp_path / "server", services=[ArchiveService], recordings_keep_free_mb=0) as hub,
        aiohttp.ClientSession() as http,
    ):
        lesson = hub.county.lesson.id
        await access_step(hub.county.store, SYSTEM, lesson, LessonStep.START, NOW)
        room = tmp_path / "room"
        folder = LessonFolder.begin(room, LessonNote(lesson_id=lesson, title="古诗两首", began_wall_s=1.0))
        source = fake_track("opus")
        kept = folder.track("teacher", TrackKind.AUDIO, source.format)
        for number, segment in enumerate(source.segments):
            kept.begin_segment(write_header(source.format), source.starts[number])
            kept.write(segment, source.starts[number] + source.durations[number])
        kept.end_segment()
        folder.change(ended=True)
        token = (await hub.headers_of("room_device"))["Authorization"].removeprefix("Bearer ")
        upload = Upload(
            directory=room,
            server=RecordingServer(http, URL(hub.server.url), token),
            clock=SystemClock(),
            backoff=Backoff(lambda: 0.0),
            policy=UploadPolicy.NOW,
            pace=_at_once,
            running=lambda: None,
            on_change=lambda: None,
        )
        yield hub, upload, room / lesson


async def brought(upload: Upload) -> None:
    """Until nothing is left to bring."""
    while await upload.step():
        pass


def stored(hub: Hub) -> dict[str, bytes]:
    kept = hub.server.context.settings.recordings_path / "segments"
    return {path.stem: path.read_bytes() for path in kept.rglob("*.seg")}


async def test_everything_is_brought_and_said_to_be_safe_only_then(tmp_path: Path) -> None:
    async with uploading(tmp_path) as (hub, upload, folder):
        assert await upload.step()
        (lesson,) = upload.lessons.values()
        assert (lesson.recorded_s, lesson.safe_s, lesson.safe) == (6.0, 0.0, False)
        assert await upload.step()
        assert lesson.safe_s == 2.0
        await brought(upload)
        assert (lesson.safe_s, lesson.waiting_bytes, lesson.safe) == (6.0, 0, True)
        source = fake_track("opus")
        assert stored(hub) == {
            source.init_digest: source.header,
            **dict(zip(source.digests, source.segments, strict=True)),
        }
        await archived(hub)
        # The guard now may take it away, and after a restart of the agent it still knows that.
        guard = DiskGuard(folder.parent, low_bytes=0, keep_days=0)
        guard.look(list(upload.lessons.values()), None)
        assert list(lesson_folders(folder.parent)) == []


async def archived(hub: Hub) -> None:
    """The lesson ends, and its recording is complete."""
    await access_step(hub.county.store, SYSTEM, hub.county.lesson.id, LessonStep.STOP, NOW)

    async def found() -> bool:
        hub.clock.advance(15)
        lesson = await access_lesson_to_see(hub.county.store, SYSTEM, hub.county.lesson.id)
        return lesson.state is LessonState.ARCHIVED

    await eventually(found, "the lesson is archived")


async def test_what_a_full_disk_had_no_room_for_is_not_waited_for(tmp_path: Path) -> None:
    async with uploading(tmp_path) as (hub, upload, folder):
        for _ in range(2):
            await upload.step()
        (lesson,) = upload.lessons.values()
        lesson.folder.drop()
        assert not list(folder.glob("*/*.m4s"))
        await brought(upload)
        assert not folder.exists()
        assert len(stored(hub)) == 2, "a header and the first segment"
        await archived(hub)


async def test_what_rots_on_the_server_is_brought_again_and_what_rots_here_is_never_sent(tmp_path: Path) -> None:
    async with uploading(tmp_path) as (hub, upload, folder):
        await brought(upload)
        source, context = fake_track("opus"), hub.server.context
        path = context.settings.recordings_path / "segments"
        rotten = path / source.digests[1][:2] / source.digests[1][2:4] / f"{source.digests[1]}.seg"
        rotten.write_bytes(_flipped(source.segments[1]))
        service_keeper = Keeper(open_segment_store(context.settings), context.store, context.clock)
        with pytest.raises(Unavailable):
            await service_keeper.read(source.digests[1])
        (lesson,) = upload.lessons.values()
        for each in lesson.tracks.values():
            each.asked_s = float("-inf")  # ten minutes later
        await brought(upload)
        assert rotten.read_bytes() == source.segments[1]
        assert await service_keeper.read(source.digests[1]) == source.segments[1]
        rotten.unlink()
        with pytest.raises(NotFound):
            await service_keeper.read(source.digests[1])
        (here,) = folder.glob("*/000001.*.m4s")
        here.write_bytes(_flipped(here.read_bytes()))
        for each in lesson.tracks.values():
            each.asked_s = float("-inf")
        await brought(upload)
        assert source.digests[1] not in stored(hub)
        assert (lesson.damaged, lesson.safe_s) == ([(2.0, 4.0)], 4.0)
        assert not lesson.safe


@pytest.mark.parametrize("what", ["flipped", "gone", "header"])
async def test_what_rots_before_it_was_brought_is_named_and_not_waited_for(tmp_path: Path, what: str) -> None:
    async with uploading(tmp_path) as (hub, upload, folder):
        (rotten,) = folder.glob("*/*.mp4" if what == "header" else "*/000001.*.m4s")
        if what == "gone":
            rotten.unlink()
        else:
            rotten.write_bytes(_flipped(rotten.read_bytes()))
        await brought(upload)
        (lesson,) = upload.lessons.values()
        lost = (0.0, 6.0) if what == "header" else (2.0, 4.0)
        assert lesson.damaged == [lost]
        assert (lesson.over, lesson.safe, lesson.waiting_bytes) == (True, False, 0)
        assert lesson.safe_s == 6.0 - (lost[1] - lost[0])
        assert len(stored(hub)) == 3, "all the rest was brought, and nothing that is damaged"
        await archived(hub)
        recording = await access_recording_open(hub.county.store, SYSTEM, hub.county.lesson.id, NOW)
        (kept,) = (await access_item(hub.county.store, SYSTEM, recording.id, NOW)).tracks
        assert (kept.given_up, kept.lost) == (True, (lost,))
        DiskGuard(folder.parent, low_bytes=0, keep_days=0).look([lesson], None)
        assert not folder.exists(), "it is not kept for ever, though the server has not all of it"


async def test_of_a_disk_that_lost_much_what_is_whole_is_brought(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("classroom.access.recordings.MOST_MISSING", 1)  # the server tells one at a time
    async with uploading(tmp_path) as (hub, upload, folder):
        for rotten in folder.glob("*/00000[01].*.m4s"):
            rotten.write_bytes(_flipped(rotten.read_bytes()))
        await brought(upload)
        source = fake_track("opus")
        assert set(stored(hub)) == {source.init_digest, source.digests[2]}
        assert upload.lessons[hub.county.lesson.id].over


async def test_a_rotten_manifest_is_made_anew_of_the_segments(tmp_path: Path) -> None:
    async with uploading(tmp_path) as (hub, upload, folder):
        (manifest,) = folder.glob("*/manifest.jsonl")
        whole = manifest.read_bytes()
        first, second, third = whole.splitlines(keepends=True)
        manifest.write_bytes(first + b"?" + second[1:] + third)
        await brought(upload)
        assert manifest.read_bytes() == whole
        assert upload.lessons[hub.county.lesson.id].safe
        assert len(stored(hub)) == 4


async def test_a_lesson_the_server_refuses_stays_and_does_not_hold_up_the_others(tmp_path: Path) -> None:
    async with uploading(tmp_path) as (hub, upload, folder):
        other = LessonFolder.begin(folder.parent, LessonNote(lesson_id="nobodys", title="?", began_wall_s=0.0))
        source = fake_track("opus")
        other.track("teacher", TrackKind.AUDIO, source.format)
        await brought(upload)
        assert upload.lessons["nobodys"].folder.note.refused == "lesson_unknown"
        assert upload.lessons[hub.county.lesson.id].safe


async def test_an_upload_goes_on_where_it_broke_off(tmp_path: Path) -> None:
    async with uploading(tmp_path) as (hub, upload, _):
        await upload.step()  # the header
        upload._asked.clear()  # another process goes on
        source = fake_track("opus")
        url = f"/api/v1/segments/{source.digests[0]}"
        size = len(source.segments[0])
        part = {"Content-Range": f"bytes 0-999/{size}"}
        assert (await hub.call("room_device", "PUT", url, data=source.segments[0][:1_000], headers=part))[0] == 202
        sent: list[int] = []

        async def counted(size_bytes: int) -> None:
            sent.append(size_bytes)

        upload._pace = counted
        await upload.step()
        assert sum(sent) == size - 1_000
        assert source.digests[0] in stored(hub)


async def test_after_the_lesson_means_that_the_server_is_told_now_and_brought_it_later(tmp_path: Path) -> None:
    async with uploading(tmp_path) as (hub, upload, _):
        running: list[str | None] = [hub.county.lesson.id]
        upload._policy = UploadPolicy.AFTER
        upload._running = lambda: running[0]
        await brought(upload)
        (lesson,) = upload.lessons.values()
        (track,) = lesson.tracks.values()
        assert track.stock is not None
        assert (track.stock.next_sequence, track.stock.stored, lesson.safe_s) == (3, 0, 0.0)
        assert stored(hub) == {}
        running[0] = None
        await brought(upload)
        assert lesson.safe


def test_the_night_is_the_schools() -> None:
    assert not is_night(NOW)  # nine in the morning there
    assert is_night(NOW.replace(hour=15))  # eleven in the evening
    assert is_night(NOW.replace(hour=21))
