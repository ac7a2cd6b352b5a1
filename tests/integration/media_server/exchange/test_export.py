"""Recordings going out: a real server, real films, checked by programs not written here."""

import asyncio
import io
import json
import subprocess
import zipfile
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import av
import bagit
import pytest
import pytest_asyncio

from classroom.access.circulation import access_nomination
from classroom.access.jobs import LEASE, access_job_progress, access_job_release, access_next_job
from classroom.access.reviews import access_rating
from classroom.access.transcripts import access_new_transcript
from classroom.captions import Cue
from classroom.cli.main import run
from classroom.errors import Conflict
from classroom.model.catalogue import CollectionLevel, Consent
from classroom.model.principal import SYSTEM
from classroom.model.recording import RecordingState
from classroom.sheets import read_sheet
from classroom.store.catalogue_tables import JobRow
from media_server.exchange.columns import COLUMNS
from media_server.exchange.exporter import Exporter, Order
from media_server.exchange.service import ExchangeService
from media_server.watching.desk import Desk
from tests.fakes.county import NOW
from tests.fakes.hub import Hub, running_hub
from tests.fakes.kept_recordings import KeptRecording, keep_recording
from tests.fakes.library import change
from tests.fakes.recorded import a_picture, a_sound
from tests.integration.media_server.exchange.jobs import JOBS, ended

# One server, with one worker process, for all of them.
pytestmark = pytest.mark.asyncio(loop_scope="module")


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def hub(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Hub]:
    async with running_hub(tmp_path_factory.mktemp("exchange"), services=[ExchangeService]) as made:
        yield made


async def kept(hub: Hub, title: str, **tracks: Any) -> KeptRecording:
    context = hub.server.context
    return await keep_recording(
        context.store, context.settings.data, tracks or {"teacher-v": a_picture(), "teacher-a": a_sound()},
        school_id=hub.county.host.id, began_at=NOW, teacher_id=hub.county["teacher"].id, title=title,
    )  # fmt: skip


async def exported(hub: Hub, body: dict[str, Any], who: str = "county_archivist") -> dict[str, Any]:
    status, job = await hub.call(who, "POST", "/api/v1/archive/exports", json=body)
    assert status == 201, job
    return await ended(hub, job, who)


async def fetch(hub: Hub, path: str, **headers: str) -> tuple[int, bytes]:
    async with hub.http.get(path, headers={**await hub.headers_of("county_archivist"), **headers}) as response:
        return response.status, await response.read()


def desk_of(hub: Hub) -> Desk:
    context = hub.server.context
    return Desk.set_up(context.settings, context.store, context.clock, "test")


async def test_a_selection_comes_as_one_file_that_others_find_whole(hub: Hub, tmp_path: Path) -> None:
    poems = await kept(hub, "古诗 / 两首：“山行”？", **{
        "teacher-v": a_picture(), "teacher-a": a_sound(), "slides-v": a_picture(slides_s=4.0)
    })  # fmt: skip
    await access_new_transcript(
        hub.server.context.store, SYSTEM, poems.id, language="zh-CN", cues=[Cue(500, 1500, "远上寒山石径斜")],
        recogniser=None, now=NOW,
    )  # fmt: skip
    broken = await kept(hub, "坏了的课")
    lost = a_picture().segments[1]
    others = await kept(hub, "只有声音", **{"teacher-a": a_sound(6.0)})
    broken.lose(lost.digest)
    try:
        job = await exported(hub, {"ids": [poems.id, broken.id, others.id, "gone"]})
    finally:
        await broken.keeper.keep(lost.digest, a_picture().blobs[lost.digest])
    assert (job["state"], job["recordings"], job["done"]) == ("done", 3, job["total"])
    assert [problem["id"] for problem in job["problems"]] == [poems.id, broken.id, "gone"]
    status, whole = await fetch(hub, f"{JOBS}/{job['id']}/package.zip")
    assert status == 200
    assert await fetch(hub, f"{JOBS}/{job['id']}/package.zip", Range="bytes=100-199") == (206, whole[100:200])
    bag = unpacked(whole, tmp_path)
    check_bag(bag)
    rows = read_sheet((bag / "data/metadata.csv").read_bytes(), COLUMNS, ("file", "title"))
    assert [row["title"] for row in rows] == ["古诗 / 两首：“山行”？", "坏了的课", "只有声音"]
    with av.open(str(bag / rows[0]["file"])) as film:
        assert film.duration == pytest.approx(8e6, abs=50_000)
        assert {stream.type for stream in film.streams} == {"video", "audio"}
    assert "远上寒山石径斜" in (bag / rows[0]["captions"]).read_text("utf-8")
    folder = (bag / rows[0]["file"]).parent
    assert sorted(path.name for path in folder.iterdir()) == [
        "captions.zh-CN.vtt", "metadata.json", "slides.mp4", "teacher.mp4"
    ]  # fmt: skip
    assert json.loads((folder / "metadata.json").read_text("utf-8"))["entry"]["consent"] == "unknown"
    assert "坏了的课" in (bag / "data/problems.csv").read_text("utf-8-sig")


async def test_a_search_is_exported_without_films(hub: Hub) -> None:
    await kept(hub, "分数的初步认识")
    job = await exported(hub, {"query": {"text": ["分数的"]}, "media": False})
    assert (job["recordings"], job["problems"]) == (1, [])
    status, manifest = await fetch(hub, f"{JOBS}/{job['id']}/files/manifest-sha256.txt")
    assert status == 200
    paths = [line.partition("  ")[2] for line in manifest.decode().splitlines()]
    assert not any(path.endswith(".mp4") for path in paths)
    for path in paths:
        assert (await fetch(hub, f"{JOBS}/{job['id']}/files/{path}"))[0] == 200
    assert (await fetch(hub, f"{JOBS}/{job['id']}/files/../contents.json"))[0] == 404
    assert (await hub.call("school_archivist", "GET", f"{JOBS}/{job['id']}"))[0] == 403
    assert (await hub.call("county_archivist", "DELETE", f"{JOBS}/{job['id']}"))[0] == 204
    assert (await fetch(hub, f"{JOBS}/{job['id']}/package.zip"))[0] == 404
    status, problem = await hub.call("county_archivist", "POST", "/api/v1/archive/exports", json={"ids": []})
    assert (status, problem["code"]) == (400, "nothing_to_export")


def check_bag(bag: Path) -> None:
    """RFC 8493 § 2 and § 3: complete and valid, by the Library of Congress's reckoning and by coreutils'."""
    bagit.Bag(str(bag)).validate()
    assert (bag / "bagit.txt").read_bytes() == b"BagIt-Version: 1.0\nTag-File-Character-Encoding: UTF-8\n"
    for manifest in ("manifest-sha256.txt", "tagmanifest-sha256.txt"):
        subprocess.run(["sha256sum", "--quiet", "--strict", "-c", manifest], cwd=bag, check=True)
    payload = [path for path in (bag / "data").rglob("*") if path.is_file()]
    lines = (bag / "manifest-sha256.txt").read_text("utf-8").splitlines()
    assert {line.partition("  ")[2] for line in lines} == {str(path.relative_to(bag)) for path in payload}
    oxum = f"{sum(path.stat().st_size for path in payload)}.{len(payload)}"
    assert f"Payload-Oxum: {oxum}\n" in (bag / "bag-info.txt").read_text("utf-8")
    assert {path.name for path in bag.iterdir()} == {
        "bagit.txt", "bag-info.txt", "manifest-sha256.txt", "tagmanifest-sha256.txt", "data"
    }  # fmt: skip


def unpacked(package: bytes, folder: Path) -> Path:
    with zipfile.ZipFile(io.BytesIO(package)) as opened:
        assert opened.testzip() is None
        opened.extractall(folder)
    [bag] = folder.iterdir()
    return bag


class Enough(Exception):
    """The server is killed."""


async def test_an_interrupted_export_is_no_bag_and_goes_on_where_it_was(hub: Hub, tmp_path: Path) -> None:
    first, second = await kept(hub, "第一课"), await kept(hub, "第二课")
    context, desk = hub.server.context, desk_of(hub)
    exporter = Exporter(context.store, context.clock, desk)
    order = Order((first.id, second.id), media=True, language="zh-CN", name="x")
    half = tmp_path / "half"

    async def until_the_second(done: int, total: int) -> None:
        if any(half.rglob("第二课*")) or len(list(half.glob("data/*"))) > 1:
            raise Enough

    async def ignored(done: int, total: int) -> None:
        assert 0 <= done <= total

    try:
        with pytest.raises(Enough):
            await exporter.export(half, order, SYSTEM, until_the_second)
        assert not (half / "bagit.txt").exists()
        [film] = half.glob("data/*第一课*/teacher.mp4")
        written = film.stat().st_mtime_ns
        # what was being written when the power failed is neither taken for whole nor in the way
        with (half / "journal.jsonl").open("a") as journal:
            journal.write('{"key": "torn')
        with pytest.raises(Conflict, match="folder_taken"):
            await exporter.export(half, Order((first.id,), media=True, language="en", name="x"), SYSTEM, ignored)
        bag, result = await exporter.export(half, order, SYSTEM, ignored)
        bag.seal()
        assert (result.exported, result.problems) == (2, ())
        assert film.stat().st_mtime_ns == written
        check_bag(half)
        with pytest.raises(Conflict, match="folder_taken"):
            await exporter.export(half, order, SYSTEM, ignored)
    finally:
        await desk.close()


async def test_a_job_of_a_server_that_was_killed_is_taken_over(hub: Hub) -> None:
    store, clock = hub.server.context.store, hub.clock
    order = {"recordings": [(await kept(hub, "重启")).id], "media": False, "language": "zh-CN", "name": "x"}
    async with store.session() as db:
        row = JobRow(
            kind="export", state="running", made_by=hub.county["county_archivist"].id, made_at=NOW, ended_at=None,
            order=order, result={}, problem=None, worker="killed", seen_at=clock.now(),
        )  # fmt: skip
        db.add(row)
    assert await access_next_job(store, "another", clock.now()) is None
    clock.advance(LEASE.total_seconds() + 1)
    found = await access_next_job(store, "another", clock.now())
    assert found is not None
    assert found.id == row.id
    assert not await access_job_progress(store, row.id, "killed", done=0, total=1, now=clock.now())
    await access_job_release(store, row.id, "another")
    await exported(hub, {"ids": ["gone"]})  # which wakes whoever works
    assert (await ended(hub, {"id": row.id}))["state"] == "done"


async def test_a_cancelled_job_can_be_gone_on_with(hub: Hub) -> None:
    job = await exported(hub, {"ids": [(await kept(hub, "停一下")).id], "media": False})
    status, problem = await hub.call("county_archivist", "POST", f"{JOBS}/{job['id']}/cancel")
    assert (status, problem["code"]) == (409, "job_ended")
    status, problem = await hub.call("county_archivist", "POST", f"{JOBS}/{job['id']}/resume")
    assert (status, problem["code"]) == (409, "job_runs")
    async with hub.server.context.store.session() as db:
        (await db.get_one(JobRow, job["id"])).state = "cancelled"
    assert (await hub.call("county_archivist", "POST", f"{JOBS}/{job['id']}/resume"))[0] == 200
    assert (await ended(hub, job))["state"] == "done"


async def test_a_nomination_comes_with_its_papers_for_the_teacher(hub: Hub, tmp_path: Path) -> None:
    store, teacher = hub.server.context.store, hub.county["teacher"]
    recording = await kept(hub, "推荐的课")
    await change(store, recording.id, state=RecordingState.APPROVED, consent=Consent.GIVEN, consent_note="档案柜 3")
    await access_rating(store, hub.county["colleague"], recording.id, stars=5, comment="很好", now=NOW)
    nomination = await access_nomination(
        store, teacher, recording.id, activity="一师一优课", year=2026, level=CollectionLevel.COUNTY,
        statement="教学设计新颖", now=NOW,
    )  # fmt: skip
    await access_new_transcript(
        store, SYSTEM, recording.id, language="zh-CN", cues=[Cue(0, 900, "同学们好")], recogniser=None, now=NOW
    )
    path = f"/api/v1/archive/recordings/{recording.id}/nominations/{nomination.id}/package"
    chinese = {"Accept-Language": "zh-CN"}
    status, job = await hub.call("teacher", "POST", path, headers=chinese)
    assert (status, job["nomination"]) == (201, nomination.id)
    job = await ended(hub, job, "teacher")
    assert (job["state"], job["problems"]) == ("done", [])
    async with hub.http.get(f"{JOBS}/{job['id']}/package.zip", headers=await hub.headers_of("teacher")) as response:
        bag = unpacked(await response.read(), tmp_path)
    check_bag(bag)
    papers = {
        str(path.relative_to(bag / "data")): path.read_bytes() for path in bag.rglob("data/**/*") if path.is_file()
    }
    assert set(papers) == {
        "README.txt", "statement.txt", "nomination.json", "reviews.csv", "reviews.json", "history.csv",
        "transcript.zh-CN.txt", "recording/teacher.mp4", "recording/captions.zh-CN.vtt", "recording/metadata.csv",
        "recording/metadata.json",
    }  # fmt: skip
    statement = papers["statement.txt"].decode()
    assert "教学设计新颖" in statement
    assert "监护人同意：已同意" in statement
    assert "档案柜 3" in statement
    assert "recording.nominated" in papers["history.csv"].decode("utf-8-sig")
    assert "很好" in papers["reviews.csv"].decode("utf-8-sig")
    # who gave stars stays here
    assert not any(hub.county["colleague"].name.encode() in paper for paper in papers.values())
    assert (await hub.call("colleague", "POST", path))[0] == 403
    assert (await hub.call("teacher", "POST", path.replace(nomination.id, "none")))[0] == 404


async def test_the_command_writes_a_folder(hub: Hub, tmp_path: Path) -> None:
    recording = await kept(hub, "命令行导出")
    data = str(hub.server.context.settings.data)
    out = tmp_path / "out"
    arguments = ["archive", "export", str(out), "--id", recording.id, "--no-media", "--data", data]
    assert await asyncio.to_thread(run, arguments) == 0
    check_bag(out)
