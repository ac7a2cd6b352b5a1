"""Libraries of MP4 files coming in: files that FFmpeg made, watched as any other recording."""

import asyncio
import io
import subprocess
from collections.abc import AsyncIterator
from itertools import pairwise
from pathlib import Path
from typing import Any

import av
import pytest
import pytest_asyncio
from openpyxl import Workbook, load_workbook

from classroom.access.library import Wanted, access_search
from classroom.cli.main import run
from classroom.model.principal import SYSTEM
from classroom.service import ServiceFactory
from classroom.sheets import Report
from media_server.exchange.columns import COLUMNS
from media_server.exchange.importer import Importer
from media_server.exchange.imports_api import template_bytes
from media_server.exchange.service import ExchangeService
from media_server.watching.desk import Desk
from media_server.watching.service import WatchingService
from tests.fakes.hub import Hub, running_hub
from tests.integration.media_server.exchange.jobs import ended

pytestmark = pytest.mark.asyncio(loop_scope="module")

IMPORTS = "/api/v1/archive/imports"
# Pictures out of order (B-frames), sound that begins before 0: what encoders of every maker do.
FILM = "-f lavfi -i testsrc=s=320x180:r=25:d=9 -f lavfi -i sine=frequency=440:d=9:sample_rate=44100"
H264 = "-c:v libx264 -preset ultrafast -bf 2 -x264-params b-adapt=0 -pix_fmt yuv420p -g 50"


def ffmpeg(path: Path, *options: str) -> None:
    command = ["ffmpeg", "-v", "error", "-y", *" ".join(options).split(), str(path)]
    subprocess.run(command, check=True)


@pytest.fixture(scope="module")
def films(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("films")
    ffmpeg(folder / "aac.mp4", FILM, H264, "-c:a aac")
    ffmpeg(folder / "opus.mp4", FILM, H264, "-c:a libopus -map 0 -map 1 -map 1")
    ffmpeg(folder / "old.mp4", FILM, "-c:v mpeg4 -c:a aac")
    (folder / "torn.mp4").write_bytes((folder / "aac.mp4").read_bytes()[:5000])
    (folder / "said.srt").write_text("1\n00:00:01,000 --> 00:00:02,000\n白云生处有人家\n", "gb18030")
    return folder


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def hub(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Hub]:
    services: list[ServiceFactory] = [ExchangeService, WatchingService]
    async with running_hub(tmp_path_factory.mktemp("import"), services=services) as made:
        yield made


def row(hub: Hub, file: str, **cells: str) -> dict[str, str]:
    given = {
        "file": file, "title": f"课 {file}", "subject": "语文", "grade": "三年级", "teacher": "林晓梅",
        "school": hub.county.host.code, "recorded": "2025-10-12 08:30",
    }  # fmt: skip
    return given | cells


def library(hub: Hub, name: str, films: Path, rows: list[dict[str, str]]) -> Path:
    """A folder in the server's import directory, with these films and a table."""
    folder = hub.server.context.settings.data / "imports" / name
    folder.mkdir(parents=True)
    for film in films.iterdir():
        (folder / film.name).hardlink_to(film)
    book = load_workbook(io.BytesIO(template_bytes()))
    sheet = book.worksheets[0]
    for at, cells in enumerate(rows, 2):
        for column, key in enumerate(COLUMNS, 1):
            sheet.cell(at, column, cells.get(key))
    book.save(folder / "table.xlsx")
    return folder


async def imported(hub: Hub, folder: str, *, dry_run: bool = False, who: str = "county_archivist") -> dict[str, Any]:
    body = {"folder": folder, "sheet": "table.xlsx", "dry_run": dry_run}
    status, job = await hub.call(who, "POST", IMPORTS, json=body)
    assert status == 201, job
    return await ended(hub, job, who)


async def found(hub: Hub, text: str) -> list[str]:
    hits = (await access_search(hub.server.context.store, SYSTEM, Wanted(text=text))).hits
    return [hit.recording_id for hit in hits]


async def get(hub: Hub, path: str) -> bytes:
    async with hub.http.get(path, headers=await hub.headers_of("county_archivist")) as response:
        assert response.status == 200, await response.text()
        return await response.read()


async def test_films_become_recordings_that_play_from_beginning_to_end(hub: Hub, films: Path) -> None:
    rows = [
        row(hub, "aac.mp4", title="山行", captions="said.srt", consent="已同意", tags="古诗；七言", type="新授课"),
        row(hub, "opus.mp4", title="赠刘景文"),
    ]
    library(hub, "good", films, rows)
    assert {"name": "good", "tables": ["table.xlsx"], "uploaded": False, "files": []} in (
        await hub.call("county_archivist", "GET", IMPORTS)
    )[1]["folders"]
    job = await imported(hub, "good", dry_run=True)
    assert (job["report"]["added"], job["report"]["problems"]) == (2, [])
    assert await found(hub, "山行") == []
    job = await imported(hub, "good")
    assert (job["state"], job["report"]["added"]) == ("done", 2)
    [poem] = await found(hub, "白云生处")  # what is said is found
    with av.open(io.BytesIO(await get(hub, f"/hls/{poem}/movie.mp4")), "r") as movie:
        assert movie.duration == pytest.approx(9e6, abs=60_000)
        frames = [frame.time or 0.0 for frame in movie.decode(video=0)]
        assert len(frames) == 225
        assert frames == sorted(frames)
        assert max(after - before for before, after in pairwise(frames)) < 0.05
    with av.open(io.BytesIO(await get(hub, f"/hls/{poem}/movie.mp4")), "r") as movie:
        sound = sum(frame.samples for frame in movie.decode(audio=0))
        assert sound == pytest.approx(9 * 44_100, abs=2_500)
    playlist = (await get(hub, f"/hls/{poem}/vod/programme-video.m3u8")).decode()
    assert playlist.count("#EXTINF") == 3
    assert "EXT-X-GAP" not in playlist
    [double] = await found(hub, "赠刘景文")
    index = (await get(hub, f"/hls/{double}/index.m3u8")).decode()
    assert {"programme-audio", "programme-2-audio"} <= set(index.replace("/", " ").replace(".m3u8", " ").split())
    # again: nothing twice
    job = await imported(hub, "good")
    assert (job["report"]["added"], job["report"]["same"]) == (0, 2)


async def test_every_mistake_is_named_with_its_row_and_nothing_is_imported(hub: Hub, films: Path) -> None:
    rows = [
        row(hub, "aac.mp4", title="一半不要"),
        row(hub, "old.mp4", grade="十三年级", recorded="去年", consent="好的"),
        row(hub, "torn.mp4", school="2100000000", captions="../secret.srt"),
        row(hub, "../aac.mp4", title="", edition="人教版", knowledge="山行"),
        row(hub, "old.mp4"),
    ]
    library(hub, "bad", films, rows)
    job = await imported(hub, "bad")
    assert job["state"] == "done"
    wrong = {(each["row"], each["column"]) for each in job["report"]["problems"]}
    assert wrong == {
        (3, "年级"), (3, "录制日期"), (3, "监护人同意"), (4, "学校标识码"), (4, "字幕文件"), (4, "视频文件"),
        (5, "课题"), (6, "视频文件"),
    }  # fmt: skip
    assert all(each["remedy"] for each in job["report"]["problems"])
    assert "mpeg4" in next(each["message"] for each in job["report"]["problems"] if each["row"] == 6)
    assert await found(hub, "一半不要") == []


async def test_schools_of_others_are_not_imported_for(hub: Hub, films: Path) -> None:
    library(hub, "foreign", films, [row(hub, "aac.mp4", title="别人的课")])
    job = await imported(hub, "foreign", who="other_county_archivist")
    [problem] = job["report"]["problems"]
    assert problem["column"] == "学校标识码"


async def test_the_command_imports_beside_the_server_all_or_nothing(
    hub: Hub, films: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    data = str(hub.server.context.settings.data)
    (tmp_path / "film.mp4").write_bytes((films / "aac.mp4").read_bytes() + b"\0\0\0\x09free!")

    async def command(table: Path, *options: str) -> tuple[int, str, str]:
        arguments = ["archive", "import", str(tmp_path), table.name, "--data", data, *options]
        code = await asyncio.to_thread(run, arguments)
        return code, *capsys.readouterr()

    def table(name: str, **cells: str) -> Path:
        given = row(hub, "film.mp4", title="命令行导入", **cells)
        names, values = zip(*((COLUMNS[key][0], value) for key, value in given.items()), strict=True)
        (tmp_path / name).write_text(f"{','.join(names)}\n{','.join(values)}\n", "utf-8")
        return tmp_path / name

    code, said, wrong = await command(table("wrong.csv", grade="十三年级"))
    assert (code, said) == (1, "")
    assert any(name in wrong for name in COLUMNS["grade"])
    good = table("good.csv")
    assert (await command(good, "--dry-run"))[0] == 0
    assert await found(hub, "命令行导入") == []
    assert [(await command(good))[0] for _ in range(2)] == [0, 0]
    assert len(await found(hub, "命令行导入")) == 1


class Enough(Exception):
    """The server is killed."""


async def test_an_interrupted_import_left_nothing_half_and_goes_on(hub: Hub, films: Path, tmp_path: Path) -> None:
    for name in ("aac.mp4", "opus.mp4"):
        with av.open(str(films / name)) as source:  # other files than those imported above
            assert source.duration
        (tmp_path / name).write_bytes((films / name).read_bytes() + b"\0\0\0\x08free")
    book = Workbook()
    sheet = book.worksheets[0]
    sheet.append([names[0] for names in COLUMNS.values()])
    for name in ("aac.mp4", "opus.mp4"):
        sheet.append([row(hub, name, title="中断的导入").get(key) for key in COLUMNS])
    book.save(tmp_path / "table.xlsx")
    context = hub.server.context
    desk = Desk.set_up(context.settings, context.store, context.clock, "test")
    importer = Importer(context.store, context.clock, desk.keeper, desk.workshop, spool=tmp_path / "spool")

    first = (tmp_path / "aac.mp4").stat().st_size

    async def after_one(done: int, total: int) -> None:
        if done >= first:
            raise Enough

    async def told(done: int, total: int) -> None:
        assert 0 < done <= total

    async def take_in(tell: Any) -> Report:
        return await importer.take_in(tmp_path, "table.xlsx", SYSTEM, tell, dry_run=False)

    try:
        with pytest.raises(Enough):
            await take_in(after_one)
        assert await found(hub, "中断的导入") == []
        kept = desk.keeper.kept
        assert (await take_in(told)).added == 2
        assert len(await found(hub, "中断的导入")) == 2
        # of the first film nothing was cut or written again; of the second all, which is as much, and headers
        assert 0 < desk.keeper.kept - kept < 2 * kept
        assert not any((tmp_path / "spool").iterdir())
    finally:
        await desk.close()


async def test_a_library_is_brought_through_the_page_piece_by_piece(hub: Hub, films: Path) -> None:
    film, who = (films / "aac.mp4").read_bytes(), "county_archivist"
    address = f"{IMPORTS}/上传/课.mp4?modified=7"

    async def put(begin: int, end: int, path: str = address, by: str = who) -> tuple[int, Any]:
        headers = {"Content-Range": f"bytes {begin}-{end - 1}/{len(film)}"}
        return await hub.call(by, "PUT", path, data=film[begin:end], headers=headers)

    status, view = await put(0, 1000)
    assert (status, view["received_bytes"], view["whole"]) == (202, 1000, False)
    assert (await put(2000, 3000))[1]["code"] == "upload_gap"
    assert (await hub.call(who, "GET", f"{address}&size={len(film)}"))[1]["received_bytes"] == 1000
    other = f"{IMPORTS}/上传/课.mp4?modified=8&size={len(film)}"
    assert (await hub.call(who, "GET", other))[1]["received_bytes"] == 0, "another file of that name"
    status, view = await put(1000, len(film))
    assert (status, view["whole"]) == (201, True)
    book = load_workbook(io.BytesIO(template_bytes()))
    for column, key in enumerate(COLUMNS, 1):
        book.worksheets[0].cell(2, column, row(hub, "课.mp4").get(key))
    table = io.BytesIO()
    book.save(table)
    assert (await hub.call(who, "PUT", f"{IMPORTS}/上传/表.xlsx", data=table.getvalue()))[0] == 201
    status, view = await put(0, 5, f"{IMPORTS}/上传/病毒.exe")
    assert (status, view["code"]) == (400, "import_file_kind")
    assert (await put(0, 5, f"{IMPORTS}/上传/.by"))[1]["code"] == "import_name_wrong"
    assert (await put(0, 5, address, by="admin"))[1]["code"] == "import_folder_taken"
    assert (await put(0, 5, f"{IMPORTS}/上传/半.mp4"))[0] == 202
    [mine] = [each for each in (await hub.call(who, "GET", IMPORTS))[1]["folders"] if each["uploaded"]]
    assert (mine["tables"], [(each["name"], each["whole"]) for each in mine["files"]]) == (
        ["表.xlsx"],
        [("半.mp4", False), ("表.xlsx", True), ("课.mp4", True)],
    )
    assert (await hub.call(who, "DELETE", f"{IMPORTS}/上传/半.mp4"))[0] == 204
    order = {"folder": "上传", "sheet": "表.xlsx", "dry_run": False}
    _, job = await hub.call(who, "POST", IMPORTS, json=order)
    assert (await ended(hub, job))["report"]["problems"] == []
    assert not (hub.server.context.settings.data / "imports" / "上传").exists(), "it is in the archive now"
