"""How a principal stands to a lesson, a school or a region."""

from collections.abc import Collection
from dataclasses import dataclass

from sqlalchemy import ColumnElement, or_, select
from sqlalchemy.ext.asyncio import AsyncSession

from classroom.access.matrix import Deed, Relation, allowed
from classroom.errors import Forbidden, NotSignedIn
from classroom.model.principal import Principal, Role
from classroom.store.tables import AccountRoleRow, LessonPointRow, LessonRow, RegionRow, RoomRow, SchoolRow

# Roles that reach over a region, and what they make of somebody there.
_STAFF = {
    Role.COORDINATOR: Relation.COORDINATOR,
    Role.SUPERVISOR: Relation.SUPERVISOR,
    Role.ARCHIVIST: Relation.ARCHIVIST,
}
_RECEIVING = frozenset({Role.COORDINATOR, Role.SUPERVISOR})


@dataclass(frozen=True, slots=True)
class Scope:
    """Where a role holds: in a region and below, or, without one, in the account's own school."""

    role: Role
    region_id: str | None


async def scopes_of(db: AsyncSession, principal: Principal) -> list[Scope]:
    """The scoped roles of an account, as they are now."""
    if not principal.has(*_STAFF):
        return []
    rows = await db.execute(
        select(AccountRoleRow.role, AccountRoleRow.region_id).where(
            AccountRoleRow.account_id == principal.id, AccountRoleRow.role.in_(_STAFF)
        )
    )
    return [Scope(role, region_id) for role, region_id in rows]


async def regions_over(db: AsyncSession, region_ids: Collection[str]) -> dict[str, frozenset[str]]:
    """For each of these regions: itself and all regions above it."""
    start = select(RegionRow.id.label("of"), RegionRow.id, RegionRow.parent_id).where(RegionRow.id.in_(region_ids))
    tree = start.cte(recursive=True)
    # UNION, not UNION ALL: a region that were its own ancestor must not hang the query
    tree = tree.union(select(tree.c.of, RegionRow.id, RegionRow.parent_id).join(tree, RegionRow.id == tree.c.parent_id))
    over: dict[str, set[str]] = {}
    for of, region_id in await db.execute(select(tree.c.of, tree.c.id)):
        over.setdefault(of, set()).add(region_id)
    return {of: frozenset(ids) for of, ids in over.items()}


def schools_below(region_ids: Collection[str]) -> ColumnElement[bool]:
    """A condition on `SchoolRow`: it lies in one of these regions, or below."""
    tree = select(RegionRow.id).where(RegionRow.id.in_(region_ids)).cte(recursive=True)
    tree = tree.union(select(RegionRow.id).join(tree, RegionRow.parent_id == tree.c.id))
    return SchoolRow.region_id.in_(select(tree.c.id))


async def relations_to_school(
    db: AsyncSession, principal: Principal, school: SchoolRow, room_id: str | None = None
) -> frozenset[Relation]:
    """How `principal` stands to a school, or to one room of it."""
    found: set[Relation] = set()
    if principal.has(Role.ADMIN):
        found.add(Relation.ADMIN)
    found |= await _staff(db, principal, school, [])
    if principal.school_id == school.id:
        found |= _member(principal, room_id)
    elif principal.has(Role.DEVICE) and room_id is not None and principal.room_id == room_id:
        found.add(Relation.ROOM_DEVICE)
    return frozenset(found)


async def relations_to_region(db: AsyncSession, principal: Principal, region_id: str) -> frozenset[Relation]:
    """How `principal` stands to a region: roles there or in a region above; none for roles in some school of it."""
    found: set[Relation] = {Relation.ADMIN} if principal.has(Role.ADMIN) else set()
    scopes = await scopes_of(db, principal)
    if scopes:
        over = (await regions_over(db, {region_id})).get(region_id, frozenset())
        found |= {_STAFF[scope.role] for scope in scopes if scope.region_id in over}
    return frozenset(found)


async def relations_to_lesson(db: AsyncSession, principal: Principal, lesson: LessonRow) -> frozenset[Relation]:
    """How `principal` stands to a lesson; empty for somebody who has nothing to do with it."""
    if principal.lesson_id is not None:
        if principal.lesson_id != lesson.id:
            return frozenset()
        return frozenset({Relation.PUBLISHER if principal.publish_source else Relation.GUEST})
    if not principal.signed_in:
        return frozenset()
    found: set[Relation] = set()
    if principal.has(Role.ADMIN):
        found.add(Relation.ADMIN)
    if lesson.open_join:
        found.add(Relation.PASSER_BY)
    if principal.id == lesson.teacher_id and principal.has(Role.TEACHER):
        found.add(Relation.TEACHER)
    if principal.has(Role.DEVICE) and principal.room_id == lesson.room_id:
        found.add(Relation.ROOM_DEVICE)
    host = (await db.execute(select(SchoolRow).join(RoomRow).where(RoomRow.id == lesson.room_id))).scalar_one()
    points = [point.school_id for point in lesson.points if point.school_id]
    found |= await _staff(db, principal, host, points)
    if principal.school_id is not None and principal.school_id in (host.id, *points):
        found |= _member(principal, lesson.room_id)
    return frozenset(found)


def _member(principal: Principal, room_id: str | None) -> set[Relation]:
    """What belonging to the school makes of somebody."""
    found = set()
    if principal.has(Role.TEACHER):
        found.add(Relation.COLLEAGUE)
    if principal.has(Role.STUDENT):
        found.add(Relation.PUPIL)
    if principal.has(Role.DEVICE):
        found.add(Relation.ROOM_DEVICE if principal.room_id == room_id else Relation.SCHOOL_DEVICE)
    return found


async def _staff(db: AsyncSession, principal: Principal, host: SchoolRow, point_ids: Collection[str]) -> set[Relation]:
    scopes = await scopes_of(db, principal)
    if not scopes:
        return set()
    points = list(await db.scalars(select(SchoolRow).where(SchoolRow.id.in_(point_ids)))) if point_ids else []
    over = await regions_over(db, {host.region_id, *(point.region_id for point in points)})

    def reaches(scope: Scope, school: SchoolRow) -> bool:
        if scope.region_id is None:
            return principal.school_id == school.id
        return scope.region_id in over.get(school.region_id, ())

    found = {_STAFF[scope.role] for scope in scopes if reaches(scope, host)}
    if any(scope.role in _RECEIVING and reaches(scope, point) for scope in scopes for point in points):
        found.add(Relation.RECEIVING_STAFF)
    return found


async def lessons_of(db: AsyncSession, principal: Principal) -> ColumnElement[bool] | None:
    """A condition on `LessonRow` (joined to its `RoomRow` and `SchoolRow`) for what belongs in this principal's list.

    None: everything. Lessons that are merely open to all are not listed: a list is one's own.
    """
    if principal.lesson_id is not None:
        return LessonRow.id == principal.lesson_id
    if principal.has(Role.ADMIN):
        return None
    conditions: list[ColumnElement[bool]] = [LessonRow.teacher_id == principal.id]
    if principal.room_id is not None:
        conditions.append(LessonRow.room_id == principal.room_id)
    scopes = await scopes_of(db, principal)
    if regions := {scope.region_id for scope in scopes if scope.region_id is not None}:
        conditions.append(schools_below(regions))
        receiving = {scope.region_id for scope in scopes if scope.region_id is not None and scope.role in _RECEIVING}
        if receiving:
            taking_part = select(LessonPointRow.lesson_id).where(
                LessonPointRow.school_id.in_(select(SchoolRow.id).where(schools_below(receiving)).correlate(None))
            )
            conditions.append(LessonRow.id.in_(taking_part))
    if principal.school_id is not None:
        conditions.append(SchoolRow.id == principal.school_id)
        conditions.append(
            LessonRow.id.in_(select(LessonPointRow.lesson_id).where(LessonPointRow.school_id == principal.school_id))
        )
    return or_(*conditions)


def require_somebody(principal: Principal) -> None:
    """Raises `NotSignedIn("sign_in_needed")` for nobody; a token-holder is somebody."""
    if not principal.signed_in and principal.lesson_id is None:
        raise NotSignedIn("sign_in_needed")


def require(deed: Deed, relations: frozenset[Relation], code: str, **data: str) -> None:
    """Raises `Forbidden(code)` unless the matrix allows it."""
    if not allowed(deed, relations):
        raise Forbidden(code, **data)
