"""A room brings its recording to a real server: in pieces, twice, onto full and rotting disks."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from hashlib import sha256
from pathlib import Path
from typing import Any

import pytest
from prometheus_client import generate_latest

from classroom.access.blobs import access_damaged_blobs
from classroom.access.lessons import access_lesson_to_see, access_step
from classroom.errors import NotFound, Unavailable
from classroom.model.lesson import LessonState, LessonStep
from classroom.model.principal import SYSTEM
from media_server.archive.incoming import Incoming
from media_server.archive.keeper import Keeper
from media_server.archive.open_store import open_segment_store
from media_server.archive.service import ArchiveService
from tests.fakes.county import NOW
from tests.fakes.hub import Hub, running_hub
from tests.fakes.segments import FakeTrack, fake_track
from tests.harness.eventually import eventually

ROOM = "room_device"


@dataclass
class Upload:
    """A running lesson whose room has announced all segments of a real sound track."""

    hub: Hub
    track: FakeTrack
    track_id: str

    @property
    def data(self) -> Path:
        return self.hub.server.context.settings.recordings_path

    def kept(self) -> set[str]:
        return {path.stem for path in (self.data / "segments").rglob("*.seg")}

    def file(self, digest: str) -> Path:
        return self.data / "segments" / digest[:2] / digest[2:4] / f"{digest}.seg"

    async def put(self, data: bytes, digest: str = "", **headers: str) -> tuple[int, Any]:
        path = f"/api/v1/segments/{digest or sha256(data).hexdigest()}"
        named = {name.replace("_", "-"): value for name, value in headers.items()}
        return await self.hub.call(ROOM, "PUT", path, data=data, headers=named)

    async def stock(self) -> Any:
        return (await self.hub.call(ROOM, "GET", f"/api/v1/tracks/{self.track_id}"))[1]


def lines(track: FakeTrack) -> list[dict[str, object]]:
    return [
        {
            "sequence": number,
            "digest": track.digests[number],
            "init_digest": track.init_digest,
            "size_bytes": len(segment),
            "start": track.starts[number],
            "duration": track.durations[number],
        }
        for number, segment in enumerate(track.segments)
    ]


@asynccontextmanager
async def uploading(tmp_path: Path, **settings: Any) -> AsyncIterator[Upload]:
    async with running_hub(tmp_path, services=[ArchiveService], **{"recordings_keep_free_mb": 0, **settings}) as hub:
        track = fake_track("opus")
        lesson = hub.county.lesson.id
        await access_step(hub.county.store, SYSTEM, lesson, LessonStep.START, NOW)
        body = {"name": "teacher", "kind": "audio", "codec": "opus", "timescale": 48_000, "channels": 1}
        status, opened = await hub.call(ROOM, "POST", f"/api/v1/lessons/{lesson}/tracks", json=body)
        assert (status, opened["next_sequence"], opened["began_at"]) == (200, 0, "2026-09-01T01:00:00Z")
        path = f"/api/v1/tracks/{opened['track_id']}/segments"
        status, stock = await hub.call(ROOM, "POST", path, json={"segments": lines(track)})
        assert (status, stock["next_sequence"]) == (200, 3)
        assert stock["missing"][0] == {"digest": track.init_digest, "size_bytes": None}
        yield Upload(hub, track, opened["track_id"])


async def test_a_lesson_is_archived_when_all_of_it_is_safe(tmp_path: Path) -> None:
    async with uploading(tmp_path) as upload:
        hub, track = upload.hub, upload.track
        assert (await upload.put(track.header))[0] == 201
        for segment in track.segments:
            status, view = await upload.put(segment)
            assert (status, view["stored"]) == (201, True)
            assert (await upload.put(segment))[0] == 200, "again costs nothing"
        assert upload.kept() == {track.init_digest, *track.digests}
        stock = await upload.stock()
        assert (stock["stored"], stock["missing"], stock["complete"]) == (3, [], False)
        lesson = hub.county.lesson.id
        await access_step(hub.county.store, SYSTEM, lesson, LessonStep.STOP, NOW)
        await hub.call(ROOM, "POST", f"/api/v1/tracks/{upload.track_id}/complete", json={"segments": 3})

        async def archived() -> bool:
            await hub.clock.settle()
            return (await access_lesson_to_see(hub.county.store, SYSTEM, lesson)).state is LessonState.ARCHIVED

        await eventually(archived, "archived", within_s=10)
        metrics = generate_latest(hub.server.context.metrics).decode()
        assert "archive_segments_kept_total 4.0" in metrics


async def test_an_upload_that_breaks_off_goes_on_where_it_stopped(tmp_path: Path) -> None:
    async with uploading(tmp_path) as upload:
        hub, data = upload.hub, upload.track.segments[0]
        digest, path = upload.track.digests[0], f"/api/v1/segments/{upload.track.digests[0]}"
        context = hub.server.context
        keeper = Keeper(open_segment_store(context.settings), context.store, context.clock)
        incoming = Incoming(upload.data / "incoming", keeper)

        async def broken() -> AsyncIterator[bytes]:
            yield data[:600]
            yield data[600:1_000]

        assert await incoming.receive(digest, 0, len(data), broken()) == 1_000
        assert (await hub.call(ROOM, "GET", path))[1]["received_bytes"] == 1_000
        assert not upload.kept()
        whole = len(data)
        status, problem = await upload.put(data[2_000:], digest, Content_Range=f"bytes 2000-{whole - 1}/{whole}")
        assert (status, problem["code"], problem["data"]["received"]) == (409, "upload_gap", 1_000)
        status, view = await upload.put(data[1_000:2_000], digest, Content_Range=f"bytes 1000-1999/{whole}")
        assert (status, view) == (202, {"digest": digest, "stored": False, "received_bytes": 2_000})
        status, view = await upload.put(data[2_000:], digest, Content_Range=f"bytes 2000-{whole - 1}/{whole}")
        assert (status, view["stored"]) == (201, True)
        assert upload.kept() == {digest}
        assert not list((upload.data / "incoming").iterdir())


async def test_what_is_not_what_it_says_is_refused_and_leaves_nothing(tmp_path: Path) -> None:
    async with uploading(tmp_path) as upload:
        data, digest = upload.track.segments[0], upload.track.digests[0]
        for body, headers, status, code in (
            (bytes(len(data)), {}, 400, "digest_mismatch"),
            (data[:-1], {}, 400, "upload_length_wrong"),
            (data + b"!", {}, 400, "upload_length_wrong"),
            (data, {"Content_Range": "bytes 9-3/12"}, 400, "upload_length_wrong"),
            (data, {"Content_Range": f"bytes 0-9/{len(data)}"}, None, None),
        ):
            found, problem = await upload.put(body, digest, **headers)
            if code is not None:
                assert (found, problem["code"]) == (status, code)
                assert not upload.kept()
                assert not list((upload.data / "incoming").iterdir())
        status, problem = await upload.put(b"somebody's holiday film")
        assert (status, problem["code"]) == (404, "segment_unexpected")
        status, problem = await upload.put(b"", "../../etc/passwd".replace("/", "%2F"))
        assert (status, problem["code"]) == (400, "digest_malformed")


async def test_a_full_disk_takes_nothing_and_says_so(tmp_path: Path) -> None:
    async with uploading(tmp_path, recordings_keep_free_mb=10**9) as upload:
        status, problem = await upload.put(upload.track.segments[0])
        assert (status, problem["code"]) == (503, "segment_store_full")
        assert not upload.kept()
        assert not list((upload.data / "incoming").iterdir())
        assert len((await upload.stock())["missing"]) == 4


@pytest.mark.parametrize("how", ["flipped", "gone"])
async def test_rot_is_found_named_wanted_again_and_repaired(tmp_path: Path, how: str) -> None:
    async with uploading(tmp_path) as upload:
        hub, track = upload.hub, upload.track
        for data in (track.header, *track.segments):
            await upload.put(data)
        rotten = upload.file(track.digests[1])
        if how == "gone":
            rotten.unlink()
        else:
            damaged = bytearray(rotten.read_bytes())
            damaged[100] ^= 0x10
            rotten.write_bytes(damaged)
        context = hub.server.context
        hub.clock.advance(31 * 86_400)

        async def found() -> bool:
            hub.clock.advance(1)
            return await access_damaged_blobs(context.store, SYSTEM) == 1

        await eventually(found, "the damage is found", within_s=10)
        keeper = Keeper(open_segment_store(context.settings), context.store, context.clock)
        with pytest.raises(Unavailable if how == "flipped" else NotFound):
            await keeper.read(track.digests[1])
        assert (await upload.stock())["missing"] == [{"digest": track.digests[1], "size_bytes": len(track.segments[1])}]
        assert (await upload.put(track.segments[1]))[0] == 201
        assert (await upload.stock())["missing"] == []
        assert await keeper.read(track.digests[1]) == track.segments[1]
        assert await access_damaged_blobs(context.store, SYSTEM) == 0
        metrics = generate_latest(context.metrics).decode()
        assert "archive_damage_found_total 1.0" in metrics
