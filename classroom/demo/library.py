"""A few finished lessons for the demo's archive and library, brought in from its own film as any library is."""

import asyncio
import csv
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Final

from classroom.access.jobs import access_job, access_new_job
from classroom.access.library import Wanted, access_search
from classroom.access.lifecycle import access_circulation, access_recording_step
from classroom.clock import Clock
from classroom.demo.county import SCHOOLS
from classroom.demo.room import FILM
from classroom.errors import ClassroomError
from classroom.logs import get_logger
from classroom.model.catalogue import Audience, Downloads
from classroom.model.keeping import JobKind
from classroom.model.principal import SYSTEM
from classroom.model.recording import RecordingState, RecordingStep
from classroom.store.store import Store

log = get_logger(__name__)

TAG: Final = "演示"
_FOLDER, _TABLE = "demo", "demo.csv"
# The lesson that is shown first has the machine to itself.
AFTER_S: Final = 30.0
_LOOK_EVERY_S = 2.0
_COMMON: Final = {
    "学校标识码": SCHOOLS[0].code, "监护人同意": "不需要", "标签": TAG, "课堂类型": "专递课堂", "许可": "仅供教学使用",
}  # fmt: skip
_LESSONS: Final[tuple[Mapping[str, str], ...]] = (
    {
        "课题": "古诗两首",
        "学科": "语文",
        "年级": "三年级",
        "授课教师": "周立群",
        "录制日期": "2026-03-12",
    },
    {"课题": "分数的初步认识", "学科": "数学", "年级": "三年级", "授课教师": "林晓梅", "录制日期": "2026-03-18"},
    {"课题": "水的三态变化", "学科": "科学", "年级": "四年级", "授课教师": "高远山", "录制日期": "2026-04-02"},
)
_TO_JUDGE: Final = 1  # so many stay in the archivist's queue


async def fill_library(store: Store, clock: Clock, data: Path) -> None:
    """Once, a while after the demo is ready. Without the demo's own film there is nothing to fill it with."""
    await clock.sleep(AFTER_S)
    if not await asyncio.to_thread((data / FILM).exists):
        return
    try:
        if not (await access_search(store, SYSTEM, Wanted(tag=TAG))).total:
            await _import(store, clock, data)
        await _publish(store, clock)
    except (ClassroomError, OSError) as error:
        log.warning("the demo's library was not filled", reason=str(error))


async def _import(store: Store, clock: Clock, data: Path) -> None:
    await asyncio.to_thread(_write, data)
    order: Mapping[str, Any] = {"folder": _FOLDER, "sheet": _TABLE, "dry_run": False}
    job = await access_new_job(store, SYSTEM, JobKind.IMPORT, order, now=clock.now())
    while job.ended_at is None:
        await clock.sleep(_LOOK_EVERY_S)
        job = await access_job(store, SYSTEM, job.id)


async def _publish(store: Store, clock: Clock) -> None:
    """All but the last go to the county; a step that was taken before is not taken again."""
    hits = (await access_search(store, SYSTEM, Wanted(tag=TAG))).hits
    for number, hit in enumerate(sorted(hits, key=lambda each: each.began_at), 1):
        if hit.state is not RecordingState.COMPLETE:
            continue
        key, now = hit.recording_id, clock.now()
        await access_recording_step(store, SYSTEM, key, RecordingStep.SUBMIT, now=now)
        if number > len(hits) - _TO_JUDGE:
            continue
        await access_recording_step(store, SYSTEM, key, RecordingStep.APPROVE, now=now)
        await access_circulation(
            store, SYSTEM, key, audience=Audience.COUNTY, downloads=Downloads.TEACHERS, embed=False, now=now
        )
        await access_recording_step(store, SYSTEM, key, RecordingStep.PUBLISH, now=now)


def _write(data: Path) -> None:
    """The folder of an import: the film once per lesson, and what the lessons are."""
    folder = data / "imports" / _FOLDER
    folder.mkdir(parents=True, exist_ok=True)
    film = (data / FILM).read_bytes()
    rows = []
    for number, lesson in enumerate(_LESSONS, 1):
        # An empty box at the end (ISO/IEC 14496-12 § 8.1.2): the same file is never imported twice.
        name, padding = f"{number}.mp4", (8 + number).to_bytes(4) + b"free" + bytes(number)
        (folder / name).write_bytes(film + padding)
        rows.append({"视频文件": name, **lesson, **_COMMON})
    with (folder / _TABLE).open("w", encoding="utf-8", newline="") as file:
        table = csv.DictWriter(file, list(rows[0]))
        table.writeheader()
        table.writerows(rows)
