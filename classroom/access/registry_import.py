"""A whole registry put into the store at once, or not at all."""

from collections import Counter
from dataclasses import dataclass, field
from datetime import datetime

from sqlalchemy import ColumnElement, delete, select
from sqlalchemy.ext.asyncio import AsyncSession

from classroom.access.matrix import Deed
from classroom.access.needs import need_row
from classroom.access.places import checked_name
from classroom.access.registry import planning_region
from classroom.access.registry_edit import new_teacher_account, pairs
from classroom.access.relations import require_somebody, schools_below
from classroom.access.terms import planning_term
from classroom.audit import append
from classroom.errors import NotFound
from classroom.model.principal import Principal, Role
from classroom.model.registry import ComputedNeed, Registry
from classroom.model.term import Term
from classroom.store.planning_tables import (
    ClassGroupRow,
    CurriculumRow,
    EditionRow,
    NeedRow,
    OwnTeachingRow,
    SchoolPlanRow,
    TeacherPlanRow,
)
from classroom.store.store import Store
from classroom.store.tables import AccountRoleRow, AccountRow, RegionRow, RoomRow, SchoolRow
from classroom.store.types import new_id


@dataclass(frozen=True, slots=True)
class ImportFault:
    """Something that does not fit what is there already: the thing's `table` and `key`, its `field` with what was
    `found` in it, and why."""

    table: str
    key: str
    field: str
    found: str
    code: str
    allowed: tuple[str, ...] = ()


@dataclass(slots=True)
class ImportOutcome:
    """How many of what were `added` and how many were there and `set` again. With faults nothing was changed."""

    added: Counter[str] = field(default_factory=Counter)
    set: Counter[str] = field(default_factory=Counter)
    faults: list[ImportFault] = field(default_factory=list)


class _LeaveAsItWas(Exception):
    """Rolls the transaction back."""


async def access_registry_import(
    store: Store,
    principal: Principal,
    region_id: str,
    registry: Registry,
    *,
    term_id: str | None = None,
    dry_run: bool = False,
    now: datetime,
) -> ImportOutcome:
    """Add what is new and set again what is there; what the registry does not name stays as it is.

    `registry` is one with natural keys: schools by 学校标识码, teachers by user name, classes by school and name. Its
    needs are those of the term `term_id`, and left alone without one. With any fault, or as a `dry_run`, nothing is
    changed. Raises `NotFound` with `region_unknown` or `term_unknown`, `Forbidden("region_forbidden")`.
    """
    require_somebody(principal)
    outcome = ImportOutcome()
    try:
        async with store.session() as db:
            region = await planning_region(db, principal, region_id, Deed.MANAGE_PLANNING)
            work = _Import(db, region, registry, outcome, now)
            await work.run()
            if term_id is not None and not outcome.faults:
                term = await planning_term(db, principal, term_id, Deed.MANAGE_PLANNING)
                if term.region_id != region_id:
                    raise NotFound("term_unknown", term=term_id[:64])
                await work.set_needs(term)
            details: dict[str, int] = {f"added_{what}": number for what, number in outcome.added.items()}
            append(db, principal, "registry.imported", f"region:{region_id}", details, now=now)
            if dry_run or outcome.faults:
                raise _LeaveAsItWas
    except _LeaveAsItWas:
        pass
    return outcome


class _Import:
    """One run, within a transaction."""

    def __init__(
        self, db: AsyncSession, region: RegionRow, registry: Registry, outcome: ImportOutcome, now: datetime
    ) -> None:
        self._db = db
        self._region = region
        self._registry = registry
        self._outcome = outcome
        self._now = now
        # ids in the store by natural key
        self._schools: dict[str, str] = {}
        self._accounts: dict[str, str] = {}
        self._classes: dict[str, str] = {}

    async def run(self) -> None:
        await self._set_schools()
        if self._outcome.faults:
            return
        await self._db.flush()
        await self._set_bells()
        await self._set_rooms()
        await self._set_accounts()
        await self._db.flush()
        await self._set_offers()
        await self._set_classes()
        await self._set_own_teaching()
        await self._set_editions()
        await self._set_curriculum()

    async def set_needs(self, term: Term) -> None:
        """What the sheet of needs says, which goes before what is computed."""
        there = await self._db.scalars(select(NeedRow).where(NeedRow.term_id == term.id))
        needs = {(row.class_id, row.subject): row for row in there}
        for need in self._registry.needs:
            class_id = self._classes[need.class_id]
            row = needs.get((class_id, need.subject))
            self._count("needs", row is None)
            if row is None:
                row = need_row(term.id, ComputedNeed(class_id, need.subject, need.edition, need.computed))
                self._db.add(row)
            row.edited, row.priority, row.preferred = need.edited, need.priority, pairs(need.preferred)
            previous = need.previous_teacher
            row.previous_teacher_id = None if previous is None else self._accounts[previous]

    def _count(self, what: str, added: bool) -> None:
        (self._outcome.added if added else self._outcome.set)[what] += 1

    def _fault(self, table: str, key: str, where: str, found: str, code: str, *allowed: str) -> None:
        self._outcome.faults.append(ImportFault(table, key, where, found, code, allowed))

    async def _set_schools(self) -> None:
        here = {row.code: row for row in await self._db.scalars(select(SchoolRow).where(_here(self._region)))}
        taken = set(await self._db.scalars(select(SchoolRow.code).where(SchoolRow.code.in_(self._codes()))))
        regions = await self._regions()
        for school in self._registry.schools:
            region_id = regions.get(school.region or self._region.name)
            row = here.get(school.code)
            if region_id is None:
                self._fault("schools", school.code, "region", school.region, "cell_region_unknown", *regions)
                continue
            if row is None and school.code in taken:
                self._fault("schools", school.code, "school", school.code, "cell_school_elsewhere")
                continue
            self._count("schools", row is None)
            if row is None:
                row = SchoolRow(id=new_id(), code=school.code, region_id=region_id)
                self._db.add(row)
            row.name, row.kind = checked_name(school.name), school.kind
            if school.region:
                row.region_id = region_id
            self._schools[school.id] = row.id

    async def _set_bells(self) -> None:
        ids = set(self._schools.values())
        there = await self._db.scalars(select(SchoolPlanRow).where(SchoolPlanRow.school_id.in_(ids)))
        plans = {row.school_id: row for row in there}
        for school in self._registry.schools:
            school_id = self._schools[school.id]
            plan = plans.get(school_id)
            if plan is None:
                plan = SchoolPlanRow(school_id=school_id)
                self._db.add(plan)
            plan.bell, plan.rooms = pairs(school.bell), school.rooms_limit
            plan.up_mbps, plan.down_mbps, plan.tolerance_min = school.up_mbps, school.down_mbps, school.tolerance_min

    def _codes(self) -> list[str]:
        return [school.code for school in self._registry.schools]

    async def _regions(self) -> dict[str, str]:
        """Ids by name, of the region itself and those below whose name is theirs alone."""
        tree = select(RegionRow.id).where(RegionRow.id == self._region.id).cte(recursive=True)
        tree = tree.union(select(RegionRow.id).join(tree, RegionRow.parent_id == tree.c.id))
        rows = list(await self._db.scalars(select(RegionRow).where(RegionRow.id.in_(select(tree.c.id)))))
        names = Counter(row.name for row in rows)
        found = {row.name: row.id for row in rows if names[row.name] == 1}
        return found | {self._region.name: self._region.id}

    async def _set_rooms(self) -> None:
        codes = [room.code for room in self._registry.rooms]
        there = {row.code: row for row in await self._db.scalars(select(RoomRow).where(RoomRow.code.in_(codes)))}
        ours = set(await self._db.scalars(select(SchoolRow.id).where(_here(self._region))))
        for room in self._registry.rooms:
            row = there.get(room.code)
            if row is not None and row.school_id not in ours:
                self._fault("rooms", room.code, "room", room.code, "cell_room_elsewhere")
                continue
            self._count("rooms", row is None)
            if row is None:
                row = RoomRow(id=new_id(), code=room.code)
                self._db.add(row)
            row.name, row.kind, row.school_id = checked_name(room.name), room.kind, self._schools[room.school_id]
            row.retired_at = None

    async def _set_accounts(self) -> None:
        names = [teacher.username for teacher in self._registry.teachers]
        there = {
            row.username: row
            for row in await self._db.scalars(select(AccountRow).where(AccountRow.username.in_(names)))
        }
        teaching = set(
            await self._db.scalars(
                select(AccountRow.id)
                .join(AccountRoleRow)
                .join(SchoolRow, SchoolRow.id == AccountRow.school_id)
                .where(AccountRoleRow.role == Role.TEACHER, AccountRow.username.in_(names), _here(self._region))
            )
        )
        for teacher in self._registry.teachers:
            row = there.get(teacher.username)
            if row is not None and row.id not in teaching:
                self._fault("teachers", teacher.username, "teacher", teacher.username, "cell_username_elsewhere")
                continue
            self._count("teachers", row is None)
            name, school_id = checked_name(teacher.name), self._schools[teacher.school]
            if row is None:
                row = new_teacher_account(teacher.username, name, school_id, self._now)
                self._db.add(row)
            row.name, row.school_id = name, school_id
            self._accounts[teacher.id] = row.id

    async def _set_offers(self) -> None:
        ids = set(self._accounts.values())
        there = await self._db.scalars(select(TeacherPlanRow).where(TeacherPlanRow.account_id.in_(ids)))
        plans = {row.account_id: row for row in there}
        for teacher in self._registry.teachers:
            account_id = self._accounts.get(teacher.id)
            if account_id is None:
                continue
            plan = plans.get(account_id)
            if plan is None:
                plan = TeacherPlanRow(account_id=account_id)
                self._db.add(plan)
            plan.subject, plan.grades, plan.edition = teacher.subject, list(teacher.grades), teacher.edition
            plan.free, plan.scope = pairs(teacher.free), teacher.scope
            plan.flex_min, plan.max_week, plan.max_day = teacher.flex_min, teacher.max_week, teacher.max_day

    async def _set_classes(self) -> None:
        rows = await self._db.scalars(
            select(ClassGroupRow).where(ClassGroupRow.school_id.in_(set(self._schools.values())))
        )
        there = {(row.school_id, row.name): row for row in rows}
        for group in self._registry.classes:
            school_id, name = self._schools[group.school], checked_name(group.name)
            row = there.get((school_id, name))
            self._count("classes", row is None)
            if row is None:
                row = ClassGroupRow(id=new_id(), school_id=school_id, name=name)
                self._db.add(row)
            row.grade, row.size, row.screen_min_day = group.grade, group.size, group.screen_min_day
            row.allowed = None if group.allowed is None else pairs(group.allowed)
            self._classes[group.id] = row.id
        await self._db.flush()

    async def _set_own_teaching(self) -> None:
        """All of it, of the classes that are named."""
        named = set(self._classes.values())
        await self._db.execute(delete(OwnTeachingRow).where(OwnTeachingRow.class_id.in_(named)))
        for own in self._registry.own_teaching:
            self._db.add(OwnTeachingRow(class_id=self._classes[own.class_id], subject=own.subject, lessons=own.lessons))
            self._count("own_teaching", True)

    async def _set_editions(self) -> None:
        """A sheet with any line is the whole list."""
        if not self._registry.editions:
            return
        await self._db.execute(delete(EditionRow).where(EditionRow.region_id == self._region.id))
        for choice in self._registry.editions:
            school_id = None if choice.school is None else self._schools[choice.school]
            self._db.add(
                EditionRow(
                    id=new_id(),
                    region_id=self._region.id,
                    school_id=school_id,
                    subject=choice.subject,
                    edition=choice.edition,
                )
            )
            self._count("editions", True)

    async def _set_curriculum(self) -> None:
        """A sheet with any line is the whole list."""
        if not self._registry.curriculum:
            return
        await self._db.execute(delete(CurriculumRow).where(CurriculumRow.region_id == self._region.id))
        for line in self._registry.curriculum:
            self._db.add(
                CurriculumRow(region_id=self._region.id, grade=line.grade, subject=line.subject, lessons=line.lessons)
            )
            self._count("curriculum", True)


def _here(region: RegionRow) -> ColumnElement[bool]:
    return schools_below({region.id})
