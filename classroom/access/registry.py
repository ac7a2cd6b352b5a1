"""The registry of a region, as a whole."""

from collections.abc import Iterable, Mapping
from dataclasses import replace

from sqlalchemy import Select, select
from sqlalchemy.ext.asyncio import AsyncSession

from classroom.access.matrix import Deed, Relation, allowed
from classroom.access.relations import (
    regions_over,
    relations_to_region,
    require,
    require_somebody,
    schools_below,
    scopes_of,
)
from classroom.access.rows import region_of, room_of
from classroom.errors import NotFound
from classroom.model.place import Region, RegionLevel
from classroom.model.principal import Principal, Role
from classroom.model.registry import (
    CurriculumChange,
    EditionChoice,
    OwnTeaching,
    Period,
    RegisteredClass,
    RegisteredSchool,
    RegisteredTeacher,
    Registry,
)
from classroom.store.planning_tables import (
    ClassGroupRow,
    CurriculumRow,
    EditionRow,
    OwnTeachingRow,
    SchoolPlanRow,
    TeacherPlanRow,
)
from classroom.store.store import Store
from classroom.store.tables import AccountRow, RegionRow, RoomRow, SchoolRow


async def access_planning_regions(store: Store, principal: Principal) -> list[tuple[Region, bool]]:
    """The regions whose planning one may see, by name, and whether one may change it."""
    require_somebody(principal)
    async with store.reading() as db:
        rows = list(await db.scalars(select(RegionRow).order_by(RegionRow.name, RegionRow.id)))
        scopes = await scopes_of(db, principal)
        over = await regions_over(db, {row.id for row in rows}) if scopes else {}
    found = []
    for row in rows:
        relations = {Relation.ADMIN} if principal.has(Role.ADMIN) else set()
        for scope in scopes:
            if scope.region_id in over.get(row.id, ()):
                relations.add(Relation(scope.role.value))
        if allowed(Deed.SEE_PLANNING, frozenset(relations)):
            found.append((region_of(row), allowed(Deed.MANAGE_PLANNING, frozenset(relations))))
    return found


async def access_registry(store: Store, principal: Principal, region_id: str) -> Registry:
    """All that a region knows of its schools, without needs. Raises `NotFound("region_unknown")`, `Forbidden`."""
    require_somebody(principal)
    async with store.reading() as db:
        await planning_region(db, principal, region_id, Deed.SEE_PLANNING)
        return await load_registry(db, region_id)


async def access_managed_region(store: Store, principal: Principal, region_id: str) -> Region:
    """The region, for whoever may change its planning. Raises `NotFound("region_unknown")`, `Forbidden`."""
    require_somebody(principal)
    async with store.reading() as db:
        return region_of(await planning_region(db, principal, region_id, Deed.MANAGE_PLANNING))


async def planning_region(db: AsyncSession, principal: Principal, region_id: str, deed: Deed) -> RegionRow:
    """The region, for whoever may see or manage its planning.

    Raises `NotFound("region_unknown")`, `Forbidden("region_forbidden")`.
    """
    row = await db.get(RegionRow, region_id)
    if row is None:
        raise NotFound("region_unknown", region=region_id[:64])
    require(deed, await relations_to_region(db, principal, region_id), "region_forbidden", region=region_id)
    return row


async def load_registry(db: AsyncSession, region_id: str) -> Registry:
    """As `access_registry`, for whoever has been let in already."""
    below = schools_below({region_id})
    counties = await _counties(db)
    schools = await db.execute(
        select(SchoolRow, SchoolPlanRow)
        .outerjoin(SchoolPlanRow, SchoolPlanRow.school_id == SchoolRow.id)
        .where(below)
        .order_by(SchoolRow.code)
    )
    rooms = await db.scalars(
        select(RoomRow).join(SchoolRow).where(below, RoomRow.retired_at.is_(None)).order_by(RoomRow.code)
    )
    classes = await db.scalars(
        select(ClassGroupRow)
        .join(SchoolRow)
        .where(below)
        .order_by(SchoolRow.code, ClassGroupRow.grade, ClassGroupRow.name)
    )
    own = await db.scalars(
        select(OwnTeachingRow).join(ClassGroupRow).join(SchoolRow).where(below).order_by(OwnTeachingRow.subject)
    )
    editions = await db.scalars(
        select(EditionRow).where(EditionRow.region_id == region_id).order_by(EditionRow.subject, EditionRow.edition)
    )
    curriculum = await db.scalars(
        select(CurriculumRow)
        .where(CurriculumRow.region_id == region_id)
        .order_by(CurriculumRow.grade, CurriculumRow.subject)
    )
    return Registry(
        schools=tuple(_school(row, plan, counties[row.region_id]) for row, plan in schools),
        rooms=tuple(room_of(row) for row in rooms),
        teachers=tuple(
            teacher_of(account, plan)
            for account, plan in await db.execute(_teachers().where(below).order_by(AccountRow.username))
        ),
        classes=tuple(class_of(row) for row in classes),
        editions=tuple(EditionChoice(row.school_id, row.subject, row.edition) for row in editions),
        curriculum=tuple(CurriculumChange(row.grade, row.subject, row.lessons) for row in curriculum),
        own_teaching=tuple(OwnTeaching(row.class_id, row.subject, row.lessons) for row in own),
    )


def _teachers() -> Select[AccountRow, TeacherPlanRow]:
    return (
        select(AccountRow, TeacherPlanRow)
        .join(TeacherPlanRow, TeacherPlanRow.account_id == AccountRow.id)
        .join(SchoolRow, SchoolRow.id == AccountRow.school_id)
        .where(AccountRow.disabled_at.is_(None))
    )


async def _counties(db: AsyncSession) -> Mapping[str, tuple[str, str]]:
    """For each region its county and its prefecture: itself or the nearest above of that level, else the region."""
    rows = {row.id: row for row in await db.scalars(select(RegionRow))}

    def nearest(region_id: str, level: RegionLevel) -> str:
        seen: set[str] = set()
        at: str | None = region_id
        while at is not None and at in rows and at not in seen:
            if rows[at].level is level:
                return at
            seen.add(at)
            at = rows[at].parent_id
        return region_id

    found = {}
    for region_id in rows:
        county = nearest(region_id, RegionLevel.COUNTY)
        found[region_id] = (county, nearest(county, RegionLevel.CITY))
    return found


def _school(row: SchoolRow, plan: SchoolPlanRow | None, within: tuple[str, str]) -> RegisteredSchool:
    school = RegisteredSchool(row.id, row.code, row.name, row.kind, row.region_id, *within)
    if plan is None:
        return school
    return replace(
        school,
        bell=periods_of(plan.bell),
        rooms_limit=plan.rooms,
        up_mbps=plan.up_mbps,
        down_mbps=plan.down_mbps,
        tolerance_min=plan.tolerance_min,
    )


def teacher_of(account: AccountRow, plan: TeacherPlanRow) -> RegisteredTeacher:
    return RegisteredTeacher(
        id=account.id,
        username=account.username,
        name=account.name,
        school=account.school_id or "",
        subject=plan.subject,
        grades=tuple(plan.grades),
        edition=plan.edition,
        free=periods_of(plan.free),
        flex_min=plan.flex_min,
        max_week=plan.max_week,
        max_day=plan.max_day,
        scope=plan.scope,
    )


def class_of(row: ClassGroupRow) -> RegisteredClass:
    allowed = None if row.allowed is None else periods_of(row.allowed)
    return RegisteredClass(row.id, row.school_id, row.name, row.grade, row.size, row.screen_min_day, allowed)


def periods_of(pairs: Iterable[list[int]]) -> tuple[Period, ...]:
    """Pairs as they come out of JSON."""
    return tuple((first, second) for first, second in pairs)
