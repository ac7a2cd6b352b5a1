"""Knowledge points come from a table, and show what has no lesson yet; transcripts are found to the second."""

from typing import Any

import pytest

from classroom.access.cataloguing import access_entry_edit
from classroom.access.knowledge import (
    access_book_coverage,
    access_coverage,
    access_knowledge_import,
    access_textbooks,
    access_tree,
)
from classroom.access.library import Wanted, access_search
from classroom.access.transcripts import (
    access_cues,
    access_cues_found,
    access_new_transcript,
    access_transcript_removal,
)
from classroom.captions import Cue
from classroom.errors import Forbidden, NotFound
from classroom.messages.archive import EntryEdit
from classroom.model.catalogue import Audience, CollectionLevel, Consent
from classroom.model.recording import RecordingState
from classroom.sheets import Report, Row
from classroom.store.store import Store
from tests.fakes.county import NOW, County, build_county
from tests.fakes.library import a_recording

COLUMNS = ("subject", "grade", "edition", "volume", "unit", "section", "point", "code")
BOOK = [
    ("数学", "六年级", "人教版", "上册", "分数乘法", "", "分数乘整数", "1.1"),
    ("", "", "", "", "", "", "分数乘分数", "1.2"),
    ("", "", "", "", "位置与方向", "用方向和距离确定位置", "描述路线", "2.1"),
    ("", "", "", "", "", "", "绘制路线图", "2.2"),
]


def rows(*lines: tuple[str, ...]) -> list[Row]:
    return [Row(number, dict(zip(COLUMNS, line, strict=True))) for number, line in enumerate(lines, 2)]


async def bring(c: County, *lines: tuple[str, ...], dry_run: bool = False, who: str = "county_archivist") -> Report:
    return await access_knowledge_import(c.store, c[who], rows(*lines), NOW, dry_run=dry_run)


async def test_a_table_becomes_a_tree_and_again_changes_nothing(store: Store) -> None:
    c = await build_county(store)
    assert (await bring(c, *BOOK, dry_run=True)).added == 4
    assert await access_textbooks(store, c["teacher"]) == []
    assert (await bring(c, *BOOK)).added == 4
    [book] = await access_textbooks(store, c["teacher"])
    assert (book.subject, book.grade, book.edition, book.volume) == ("数学", 6, "人教版", "上册")
    tree = await access_tree(store, c["teacher"], book.id)
    assert [(node.kind.value, node.name) for node in tree.nodes] == [
        ("unit", "分数乘法"), ("point", "分数乘整数"), ("point", "分数乘分数"),
        ("unit", "位置与方向"), ("section", "用方向和距离确定位置"), ("point", "描述路线"), ("point", "绘制路线图"),
    ]  # fmt: skip
    again = await bring(c, *BOOK)
    assert (again.added, again.changed, again.same) == (0, 0, 4)
    # the same code: renamed, not doubled
    renamed = await bring(c, (*BOOK[0][:6], "分数乘以整数", "1.1"))
    assert (renamed.added, renamed.changed) == (0, 1)
    assert (await access_tree(store, c["teacher"], book.id)).nodes[1].name == "分数乘以整数"


async def test_every_wrong_cell_is_named_and_nothing_is_imported(store: Store) -> None:
    c = await build_county(store)
    report = await bring(
        c,
        BOOK[0],
        ("", "十三", "", "", "", "", "某知识点", ""),
        ("", "6", "", "", "", "", "", ""),
        ("", "", "", "", "", "", "分数乘整数", "1.1"),
        ("", "", "", "", "x" * 201, "", "p", ""),
    )
    assert [(one.row, one.column, one.error.code) for one in report.problems] == [
        (3, "grade", "table_grade_wrong"),
        (4, "point", "table_cell_missing"),
        (5, "code", "table_cell_repeated"),
        (5, "point", "table_cell_repeated"),
        (6, "unit", "table_cell_too_long"),
    ]
    assert await access_textbooks(store, c["admin"]) == []
    with pytest.raises(Forbidden, match="archive_forbidden"):
        await bring(c, *BOOK, who="teacher")


async def test_coverage_counts_published_lessons_and_names_the_gaps(store: Store) -> None:
    c = await build_county(store)
    await bring(c, *BOOK)
    [book] = await access_textbooks(store, c["admin"])
    tree = await access_tree(store, c["admin"], book.id)
    by_name = {node.name: node for node in tree.nodes}
    published = await a_recording(
        store, c.host, state=RecordingState.PUBLISHED, audience=Audience.COUNTY, consent=Consent.GIVEN,
        level=CollectionLevel.COUNTY,
    )  # fmt: skip
    waiting = await a_recording(store, c.uninvolved, title="路线", state=RecordingState.SUBMITTED)
    for recording_id, point in ((published, "分数乘整数"), (waiting, "描述路线")):
        edit = EntryEdit(textbook_id=book.id, knowledge=[by_name[point].id])
        await access_entry_edit(store, c["county_archivist"], recording_id, edit, NOW)

    [summary] = await access_coverage(store, c["county_archivist"])
    assert (summary.points, summary.covered) == (4, 1)
    [elsewhere] = await access_coverage(store, c["other_county_archivist"])
    assert elsewhere.covered == 0
    _, points = await access_book_coverage(store, c["county_supervisor"], book.id)
    assert {(one.node.name, one.under_way, one.gap) for one in points} == {
        ("分数乘整数", 0, False), ("分数乘分数", 0, True), ("描述路线", 1, True), ("绘制路线图", 0, True),
    }  # fmt: skip
    assert points[0].published == {CollectionLevel.COUNTY: 1}
    with pytest.raises(Forbidden):
        await access_coverage(store, c["teacher"])

    # a unit finds what its points find, and so does the textbook
    for node, hits in ((by_name["分数乘法"].id, 1), (by_name["分数乘分数"].id, 0), (book.id, 2)):
        assert (await access_search(store, c["admin"], Wanted(knowledge=node))).total == hits
    assert (await access_search(store, c["admin"], Wanted(text="fscf"))).total == 1
    with pytest.raises(NotFound, match="knowledge_unknown"):
        await access_entry_edit(store, c["admin"], published, EntryEdit(knowledge=["none"]), NOW)


async def test_what_is_said_is_found_to_the_second(store: Store) -> None:
    c = await build_county(store)
    recording_id = await a_recording(store, c.host, lesson=c.lesson)
    cues = [
        Cue(1000, 3000, "同学们好"),
        Cue(65_000, 68_000, "今天学习\n平行四边形的面积"),
        Cue(90_000, 91_000, "平行线"),
    ]
    written: dict[str, Any] = {"language": "zh-CN", "cues": cues, "recogniser": None, "now": NOW}
    await access_new_transcript(store, c["teacher"], recording_id, **written)
    found = await access_cues_found(store, c["colleague"], recording_id, "平行 面积", now=NOW)
    assert [(language, cue.begin_ms) for language, cue in found] == [("zh-CN", 65_000)]
    assert len(await access_cues_found(store, c["teacher"], recording_id, "平", now=NOW)) == 2
    assert await access_cues_found(store, c["teacher"], recording_id, "，", now=NOW) == []
    assert (await access_search(store, c["admin"], Wanted(text="平行四边形"))).total == 1
    await access_new_transcript(store, c["admin"], recording_id, **written | {"cues": cues[:1]})
    assert await access_cues(store, c["teacher"], recording_id, "zh-CN", now=NOW) == cues[:1]
    assert (await access_search(store, c["admin"], Wanted(text="平行四边形"))).total == 0
    await access_transcript_removal(store, c["teacher"], recording_id, "zh-CN", NOW)
    with pytest.raises(NotFound, match="transcript_unknown"):
        await access_cues(store, c["teacher"], recording_id, "zh-CN", now=NOW)
