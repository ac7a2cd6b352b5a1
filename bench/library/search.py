"""How long a search of 100,000 recordings takes, with all its facets, on both databases.

Asked is what people ask: words of titles, teachers' names, initials, what was said, and the first page without any
words; as an administrator, an archivist, a teacher and a pupil. Every tenth recording has a transcript.
"""

import random
import time
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import timedelta
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from sqlalchemy import insert, text

from bench.report import percentile, progress
from classroom.access.library import Order, Wanted, access_search
from classroom.model.catalogue import Audience, CollectionLevel, Consent, LessonType
from classroom.model.place import RegionLevel, SchoolKind
from classroom.model.principal import SYSTEM, Principal, Role
from classroom.model.recording import RecordingState
from classroom.search.index import Document, Words, put_words
from classroom.search.packed import FACETS, pack
from classroom.store.catalogue_tables import EntryRow, SearchDocumentRow, SearchValueRow
from classroom.store.recording_tables import RecordingRow
from classroom.store.store import Store
from classroom.store.tables import AccountRoleRow, AccountRow, RegionRow, SchoolRow
from tests.fakes.county import NOW
from tests.fakes.servers import PostgresServer, short_directory

RECORDINGS = 100_000
SCHOOLS = 300
SEARCHES = 400
BATCH = 2_000


def _list(text: str) -> tuple[str, ...]:
    return tuple(text.split())


SUBJECTS = _list("语文 数学 英语 科学 道德与法治 音乐 美术 体育与健康 信息科技 物理 化学 生物学 历史 地理 劳动")
TOPICS = _list(
    "认识 分数 乘法 小数 古诗 两首 草原 秋天 春天 观察 物体 长度 面积 周长 "
    "圆 三角形 方程 比例 光合作用 电流 力 运动 声音 空气 植物 动物 人体 地球 "
    "月亮 家乡 祖国 童年 故事 阅读 写作 口语 交际 唱歌 节奏 绘画 剪纸 篮球 "
    "跑步 网络 编程 元素 化合 反应 酸碱 细胞 遗传 朝代 战争 地图 气候 河流 "
    "复习 单元 练习 实验 探究 综合 实践 "
)
SURNAMES, GIVEN = "王李张刘陈杨黄赵吴周徐孙马朱胡郭何林高罗", "晓梅立群远山秋实婉清文渊守正建国丽华志强小燕春兰"


async def search() -> dict[str, float]:
    """`search_ms_p95`: of the slower database."""
    library = _library(random.Random(1))
    with TemporaryDirectory() as folder, short_directory() as short, PostgresServer(short) as server:
        sqlite = await _measure("sqlite", f"sqlite:///{Path(folder) / 'qianshou.db'}", library)
        postgresql = await _measure("postgresql", server.new_database(), library)
    slower = max(sqlite["search_ms_p95_sqlite"], postgresql["search_ms_p95_postgresql"])
    return {"search_ms_p95": slower} | sqlite | postgresql


async def _measure(name: str, url: str, library: "_Library") -> dict[str, float]:
    rng = random.Random(2)
    store = await Store.open(url)
    try:
        began = time.monotonic()
        people = await _fill(store, library)
        progress(f"  {name}: {RECORDINGS:,} recordings in {time.monotonic() - began:.0f} s")
        taken = []
        for _ in range(SEARCHES):
            who, wanted = rng.choice(people), _wanted(rng)
            began = time.perf_counter()
            found = await access_search(store, who, wanted)
            taken.append(((time.perf_counter() - began) * 1000, wanted.text, found.total))
        slowest = max(taken)
        progress(f"  {name}: slowest {slowest[0]:.0f} ms for “{slowest[1]}” with {slowest[2]:,} hits")
    finally:
        await store.close()
    times_ms = [ms for ms, _, _ in taken]
    figures = {f"search_ms_p{each}_{name}": percentile(times_ms, each) for each in (50, 95)}
    progress("  " + ", ".join(f"{key} {value:.1f}" for key, value in figures.items()))
    return figures


def _name(rng: random.Random) -> str:
    return rng.choice(SURNAMES) + "".join(rng.choices(GIVEN, k=2))


def _wanted(rng: random.Random) -> Wanted:
    texts = (
        lambda: "",
        lambda: rng.choice(TOPICS),
        lambda: " ".join(rng.sample(TOPICS, 2)),
        lambda: _name(rng),
        lambda: rng.choice(SUBJECTS),
        lambda: rng.choice("诗圆力春"),
        lambda: rng.choice(("fscf", "gs", "lxm", "linxiao", "yuwen", "ghzy")),
    )
    wanted = Wanted(text=rng.choice(texts)(), order=rng.choice((Order.RELEVANCE, Order.NEWEST)))
    if rng.random() < 0.4:
        wanted = replace(wanted, facets={"subject": [rng.choice(SUBJECTS)], "grade": [str(rng.randint(1, 9))]})
    return wanted


@dataclass(frozen=True)
class _Library:
    recordings: list["_Rows"]
    values: dict[str, dict[str, int]]


def _library(rng: random.Random) -> _Library:
    """Made once: the pinyin of 100,000 titles takes a minute."""
    values: dict[str, dict[str, int]] = {facet: {} for facet in FACETS}
    return _Library([_recording(number, values, rng) for number in range(1, RECORDINGS + 1)], values)


async def _fill(store: Store, library: _Library) -> list[Principal]:
    archivist = Principal(id="archivist", name="a", roles=frozenset({Role.ARCHIVIST}))
    teacher = Principal(id="teacher", name="t", roles=frozenset({Role.TEACHER}), school_id="s0")
    pupil = Principal(id="pupil", name="p", roles=frozenset({Role.STUDENT}), school_id="s1")
    async with store.session() as db:
        db.add(RegionRow(id="city", name="澄州市", level=RegionLevel.CITY, parent_id=None))
        await db.flush()
        db.add(RegionRow(id="county", name="青禾县", level=RegionLevel.COUNTY, parent_id="city"))
        await db.flush()
        db.add_all(
            SchoolRow(
                id=f"s{number}", code=f"{2_137_990_000 + number}", name=_school(number), kind=SchoolKind.STRONG,
                region_id="county",
            )
            for number in range(SCHOOLS)
        )  # fmt: skip
        db.add(
            AccountRow(
                id=archivist.id, username="a", name="a", password_hash="", school_id=None, created_at=NOW,
                disabled_at=None, roles=[AccountRoleRow(role=Role.ARCHIVIST, region_id="county")],
            )
        )  # fmt: skip
        rows = [
            {"facet": facet, "code": code, "value": value}
            for facet, known in library.values.items()
            for value, code in known.items()
        ]
        await db.execute(insert(SearchValueRow), rows)
    for first in range(0, RECORDINGS, BATCH):
        await _write(store, library.recordings[first : first + BATCH])
    async with store.session() as db:
        await db.execute(text("ANALYZE"))
    return [SYSTEM, archivist, teacher, pupil]


def _school(number: int) -> str:
    return f"{'青白柳石云河山'[number % 7]}桥{number}小学"


@dataclass(frozen=True)
class _Rows:
    recording: dict[str, Any]
    entry: dict[str, Any]
    document: dict[str, Any]
    words: dict[str, Any]


def _recording(number: int, values: dict[str, dict[str, int]], rng: random.Random) -> _Rows:
    """What `classroom.access.cataloguing` would write, a thousand at a time."""
    key, school = f"r{number:06}", rng.randrange(SCHOOLS)
    school_id = f"s{school}"
    title, teacher, subject = "".join(rng.choices(TOPICS, k=rng.randint(2, 4))), _name(rng), rng.choice(SUBJECTS)
    grade, began_at = rng.randint(1, 9), NOW - timedelta(hours=rng.randrange(8 * 365 * 24))
    audience = rng.choice((Audience.SCHOOL, Audience.COUNTY, Audience.COUNTY, Audience.CITY, Audience.PUBLIC))
    scopes = {Audience.SCHOOL: school_id, Audience.COUNTY: "county", Audience.CITY: "city"}
    state = rng.choices((RecordingState.PUBLISHED, RecordingState.SUBMITTED, RecordingState.APPROVED), (8, 1, 1))[0]
    said = "".join(rng.choices(TOPICS, k=400)) if number % 10 == 0 else ""
    level = rng.choice(list(CollectionLevel))
    facets = {
        "school": school_id, "scope": scopes.get(audience, "public") if state is RecordingState.PUBLISHED else "",
        "state": state.value, "subject": subject, "grade": str(grade), "edition": rng.choice(("人教版", "苏教版", "")),
        "mode": rng.choice(("delivery", "master", "open")), "type": rng.choice(list(LessonType)).value,
        "level": level.value, "consent": Consent.GIVEN.value, "year": str(began_at.year),
    }  # fmt: skip
    numbers = {facet: values[facet].setdefault(value, len(values[facet])) for facet, value in facets.items()}
    words = Words.of(Document(key, began_at.date(), title, (teacher, _school(school), subject), said, (), facets))
    return _Rows(
        recording={
            "id": key, "lesson_id": None, "school_id": school_id, "title": title, "state": state, "began_at": began_at,
            "duration_s": 2400.0, "created_at": began_at, "completed_at": began_at, "trashed_at": None,
        },
        entry={
            "recording_id": key, "subject": subject, "grade": grade, "teacher_name": teacher, "level": level,
            "audience": audience, "consent": Consent.GIVEN, "changed_at": began_at,
        },
        document={"id": number, "recording_id": key, "codes": pack(number, began_at.date(), numbers)},
        words={"id": number, "title": words.title, "words": words.words},
    )  # fmt: skip


async def _write(store: Store, rows: Sequence[_Rows]) -> None:
    async with store.session() as db:
        await db.execute(insert(RecordingRow), [row.recording for row in rows])
        await db.execute(insert(EntryRow), [row.entry for row in rows])
        await db.execute(insert(SearchDocumentRow), [row.document for row in rows])
        await db.execute(put_words(db), [row.words for row in rows])
