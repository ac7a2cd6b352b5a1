"""Textbooks with their units and knowledge points; which of these have a lesson, and which are still without one."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import datetime

from sqlalchemy import ColumnElement, func, select
from sqlalchemy.ext.asyncio import AsyncSession

from classroom.access.archive import kept_by
from classroom.access.relations import require_somebody
from classroom.access.retention import require_keeper
from classroom.audit import append
from classroom.errors import Forbidden, NotFound
from classroom.model.catalogue import CollectionLevel, KnowledgeKind, KnowledgeNode, Textbook
from classroom.model.principal import Principal, Role
from classroom.model.recording import RecordingState
from classroom.sheets import Report, Row
from classroom.store.catalogue_tables import EntryRow, KnowledgeRow, RecordingKnowledgeRow, TextbookRow
from classroom.store.recording_tables import RecordingRow
from classroom.store.store import Store
from classroom.store.tables import SchoolRow
from classroom.store.types import new_id

# Headings of the table, the Chinese one first: it is what is asked for when it is missing.
KNOWLEDGE_COLUMNS = {
    "subject": ("学科", "Subject"),
    "grade": ("年级", "Grade"),
    "edition": ("版本", "教材版本", "Edition"),
    "volume": ("册次", "Volume"),
    "unit": ("单元", "章", "Unit"),
    "section": ("课", "节", "课题", "Section"),
    "point": ("知识点", "Knowledge point", "Point"),
    "code": ("编码", "Code"),
}
KNOWLEDGE_REQUIRED = ("subject", "grade", "edition", "volume", "unit", "point")
# Merged cells: what is not written again is as above.
_CARRIED = ("subject", "grade", "edition", "volume", "unit", "section")
_GRADES = {f"{name}年级": number for number, name in enumerate("一二三四五六七八九", 1)} | {
    "高一": 10, "高二": 11, "高三": 12, "初一": 7, "初二": 8, "初三": 9,
}  # fmt: skip
_STAFF = (Role.ARCHIVIST, Role.COORDINATOR, Role.SUPERVISOR)
_LONGEST = {"subject": 80, "edition": 80, "volume": 24, "unit": 200, "section": 200, "point": 200, "code": 64}


def grade_of(text: str) -> int | None:
    """A grade as people write it: 3, 三年级, 3年级, 高一."""
    if text in _GRADES:
        return _GRADES[text]
    digits = text.removesuffix("年级").strip()
    return int(digits) if digits.isascii() and digits.isdigit() and 1 <= int(digits) <= 12 else None


@dataclass(frozen=True, slots=True)
class Tree:
    """A textbook with all of its nodes, parents before children, in the order of the book."""

    textbook: Textbook
    nodes: tuple[KnowledgeNode, ...]


@dataclass(frozen=True, slots=True)
class BookCoverage:
    """How many of a textbook's knowledge points have a published lesson."""

    textbook: Textbook
    points: int
    covered: int


@dataclass(frozen=True, slots=True)
class PointCoverage:
    """What there is on a knowledge point: published recordings by collection level, and those under way."""

    node: KnowledgeNode
    published: dict[CollectionLevel, int] = field(default_factory=dict)
    under_way: int = 0

    @property
    def gap(self) -> bool:
        """No lesson on it is published."""
        return not self.published


async def access_textbooks(store: Store, principal: Principal) -> list[Textbook]:
    """All textbooks, for whoever is somebody."""
    require_somebody(principal)
    wanted = select(TextbookRow).order_by(
        TextbookRow.subject, TextbookRow.edition, TextbookRow.grade, TextbookRow.volume
    )
    async with store.reading() as db:
        return [_textbook_of(row) for row in await db.scalars(wanted)]


async def access_tree(store: Store, principal: Principal, textbook_id: str) -> Tree:
    """A textbook's units, sections and knowledge points. Raises `NotFound("textbook_unknown")`."""
    require_somebody(principal)
    async with store.reading() as db:
        return await _tree(db, textbook_id)


async def access_knowledge_import(
    store: Store, principal: Principal, rows: Sequence[Row], now: datetime, *, dry_run: bool
) -> Report:
    """Add what a table of knowledge points holds, or change what has the same code; nothing when a row is wrong.

    For whoever keeps an archive. Cells of `KNOWLEDGE_COLUMNS` left empty are as above, except points and codes.
    """
    require_somebody(principal)
    report = Report()
    lines = _lines(rows, report)
    async with store.session() as db:
        await require_keeper(db, principal, None, anywhere=True)
        if not report.problems:
            await _Import(db, report).take(lines)
        if dry_run or report.problems:
            await db.rollback()
            return report
        append(db, principal, "knowledge.imported", "knowledge:", {"added": report.added}, now=now)
    return report


@dataclass(frozen=True, slots=True)
class _Line:
    row: Row
    book: tuple[str, int, str, str]
    path: tuple[str, ...]  # unit, section if any, point
    code: str


def _lines(rows: Iterable[Row], report: Report) -> list[_Line]:
    lines: list[_Line] = []
    above: dict[str, str] = {}
    codes: dict[tuple[object, str], int] = {}
    points: dict[object, int] = {}
    for row in rows:
        cells = {key: row[key] or above.get(key, "") for key in _CARRIED}
        # a new unit begins without a section
        if row["unit"] and not row["section"]:
            cells["section"] = ""
        above = cells
        before = len(report.problems)
        for key in KNOWLEDGE_REQUIRED:
            if not (cells.get(key) or row[key]):
                report.wrong(row, key, "table_cell_missing", heading=KNOWLEDGE_COLUMNS[key][0])
        for key, longest in _LONGEST.items():
            if len(row[key]) > longest:
                report.wrong(row, key, "table_cell_too_long", longest=longest)
        grade = grade_of(cells["grade"])
        if cells["grade"] and grade is None:
            report.wrong(row, "grade", "table_grade_wrong")
        if len(report.problems) > before or grade is None:
            continue
        book = (cells["subject"], grade, cells["edition"], cells["volume"])
        path = tuple(name for name in (cells["unit"], cells["section"], row["point"]) if name)
        if (first := codes.setdefault((book, row["code"]), row.number)) != row.number and row["code"]:
            report.wrong(row, "code", "table_cell_repeated", first=first)
        if (first := points.setdefault((book, path), row.number)) != row.number:
            report.wrong(row, "point", "table_cell_repeated", first=first)
        lines.append(_Line(row, book, path, row["code"]))
    return lines


class _Import:
    """Writes lines into the transaction, each textbook's nodes read once."""

    def __init__(self, db: AsyncSession, report: Report) -> None:
        self._db = db
        self._report = report
        self._books: dict[tuple[str, int, str, str], str] = {}
        self._nodes: dict[tuple[str, str | None, str], KnowledgeRow] = {}
        self._codes: dict[tuple[str, str], KnowledgeRow] = {}
        self._position = 0

    async def take(self, lines: Sequence[_Line]) -> None:
        for line in lines:
            textbook_id = await self._book(line.book)
            parent: str | None = None
            for depth, name in enumerate(line.path):
                last = depth == len(line.path) - 1
                kind = KnowledgeKind.POINT if last else (KnowledgeKind.UNIT, KnowledgeKind.SECTION)[depth]
                parent = self._node(textbook_id, parent, kind, name, line.code if last else "")
        await self._db.flush()

    async def _book(self, book: tuple[str, int, str, str]) -> str:
        if book in self._books:
            return self._books[book]
        subject, grade, edition, volume = book
        wanted = select(TextbookRow).filter_by(subject=subject, grade=grade, edition=edition, volume=volume)
        row = await self._db.scalar(wanted)
        if row is None:
            row = TextbookRow(id=new_id(), subject=subject, grade=grade, edition=edition, volume=volume)
            self._db.add(row)
        else:
            for node in await self._db.scalars(select(KnowledgeRow).where(KnowledgeRow.textbook_id == row.id)):
                self._nodes[(row.id, node.parent_id, node.name)] = node
                self._codes[(row.id, node.code)] = node
        self._books[book] = row.id
        await self._db.flush()
        return row.id

    def _node(self, textbook_id: str, parent: str | None, kind: KnowledgeKind, name: str, code: str) -> str:
        self._position += 1
        node = (self._codes.get((textbook_id, code)) if code else None) or self._nodes.get((textbook_id, parent, name))
        if node is None:
            node_id = new_id()
            node = KnowledgeRow(
                id=node_id, textbook_id=textbook_id, parent_id=parent, kind=kind, code=code or node_id, name=name,
                position=self._position,
            )  # fmt: skip
            self._db.add(node)
            self._report.added += kind is KnowledgeKind.POINT
        elif kind is KnowledgeKind.POINT:
            # said without a code, a point keeps the one it has
            after = (parent, name, code or node.code)
            if (node.parent_id, node.name, node.code) == after:
                self._report.same += 1
            else:
                node.parent_id, node.name, node.code = after
                self._report.changed += 1
            node.position = self._position
        self._nodes[(textbook_id, parent, name)] = node
        self._codes[(textbook_id, node.code)] = node
        return node.id


async def access_coverage(store: Store, principal: Principal) -> list[BookCoverage]:
    """For every textbook, how many of its points have a published lesson in the principal's region. For staff."""
    require_somebody(principal)
    async with store.reading() as db:
        covered = select(RecordingKnowledgeRow.knowledge_id).join(
            RecordingRow, RecordingRow.id == RecordingKnowledgeRow.recording_id
        )
        covered = covered.join(SchoolRow, SchoolRow.id == RecordingRow.school_id).where(
            RecordingRow.state == RecordingState.PUBLISHED, RecordingRow.trashed_at.is_(None)
        )
        if (schools := await _require_staff(db, principal)) is not None:
            covered = covered.where(schools)
        rows = await db.execute(
            select(
                TextbookRow,
                func.count(KnowledgeRow.id),
                func.count(KnowledgeRow.id).filter(KnowledgeRow.id.in_(covered)),
            )
            .outerjoin(
                KnowledgeRow,
                (KnowledgeRow.textbook_id == TextbookRow.id) & (KnowledgeRow.kind == KnowledgeKind.POINT),
            )
            .group_by(TextbookRow.id)
            .order_by(TextbookRow.subject, TextbookRow.edition, TextbookRow.grade, TextbookRow.volume)
        )
        return [BookCoverage(_textbook_of(row), points, count) for row, points, count in rows]


async def access_book_coverage(
    store: Store, principal: Principal, textbook_id: str
) -> tuple[Tree, list[PointCoverage]]:
    """What there is on each knowledge point of a textbook in the principal's region. For staff."""
    require_somebody(principal)
    async with store.reading() as db:
        schools = await _require_staff(db, principal)
        tree = await _tree(db, textbook_id)
        found = {
            node.id: PointCoverage(node) for node in tree.nodes if node.kind is KnowledgeKind.POINT
        }  # fmt: skip
        counts = (
            select(RecordingKnowledgeRow.knowledge_id, RecordingRow.state, EntryRow.level, func.count())
            .join(RecordingRow, RecordingRow.id == RecordingKnowledgeRow.recording_id)
            .join(EntryRow, EntryRow.recording_id == RecordingRow.id)
            .join(SchoolRow, SchoolRow.id == RecordingRow.school_id)
            .join(KnowledgeRow, KnowledgeRow.id == RecordingKnowledgeRow.knowledge_id)
            .where(
                KnowledgeRow.textbook_id == textbook_id,
                RecordingRow.trashed_at.is_(None),
                RecordingRow.state != RecordingState.RETIRED,
            )
            .group_by(RecordingKnowledgeRow.knowledge_id, RecordingRow.state, EntryRow.level)
        )
        if schools is not None:
            counts = counts.where(schools)
        under_way: dict[str, int] = {}
        for knowledge_id, state, level, count in await db.execute(counts):
            if knowledge_id not in found:
                continue
            if state is RecordingState.PUBLISHED:
                published = found[knowledge_id].published
                published[level] = published.get(level, 0) + count
            else:
                under_way[knowledge_id] = under_way.get(knowledge_id, 0) + count
    points = [
        PointCoverage(point.node, point.published, under_way.get(key, 0)) for key, point in found.items()
    ]  # fmt: skip
    return tree, points


async def _require_staff(db: AsyncSession, principal: Principal) -> ColumnElement[bool] | None:
    if not principal.has(Role.ADMIN, *_STAFF):
        raise Forbidden("archive_forbidden")
    return await kept_by(db, principal, *_STAFF)


async def _tree(db: AsyncSession, textbook_id: str) -> Tree:
    book = await db.get(TextbookRow, textbook_id)
    if book is None:
        raise NotFound("textbook_unknown", textbook=textbook_id[:64])
    rows = select(KnowledgeRow).where(KnowledgeRow.textbook_id == textbook_id)
    nodes = [_node_of(row) for row in await db.scalars(rows.order_by(KnowledgeRow.position, KnowledgeRow.id))]
    below: dict[str | None, list[KnowledgeNode]] = {}
    for node in nodes:
        below.setdefault(node.parent_id, []).append(node)
    ordered: list[KnowledgeNode] = []
    waiting = list(reversed(below.get(None, [])))
    while waiting:
        node = waiting.pop()
        ordered.append(node)
        waiting += reversed(below.get(node.id, []))
    return Tree(_textbook_of(book), tuple(ordered))


def _textbook_of(row: TextbookRow) -> Textbook:
    return Textbook(id=row.id, subject=row.subject, grade=row.grade, edition=row.edition, volume=row.volume)


def _node_of(row: KnowledgeRow) -> KnowledgeNode:
    return KnowledgeNode(
        id=row.id, textbook_id=row.textbook_id, parent_id=row.parent_id, kind=row.kind, code=row.code, name=row.name,
        position=row.position,
    )  # fmt: skip
