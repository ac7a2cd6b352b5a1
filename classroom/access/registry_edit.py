"""Changing the registry, one form at a time. Whoever manages a school changes what is known of it, and the coordinators
of a region what holds for all of it."""

from collections.abc import Collection, Sequence
from datetime import datetime

from sqlalchemy import delete, select
from sqlalchemy.ext.asyncio import AsyncSession

from classroom.access.matrix import Deed
from classroom.access.places import checked_name, managed_school
from classroom.access.registry import class_of, planning_region, teacher_of
from classroom.access.relations import require_somebody, schools_below
from classroom.audit import append
from classroom.auth.passwords import NOBODYS_HASH
from classroom.errors import BadInput, Conflict, NotFound
from classroom.messages.planning import ClassEdit, CurriculumLine, EditionLine, NewTeacher, SchoolEdit, TeacherEdit
from classroom.model.principal import Principal, Role
from classroom.model.registry import BellPeriod, Period, RegisteredClass, RegisteredTeacher, bell_problem
from classroom.model.username import fold_username
from classroom.store.planning_tables import (
    ClassGroupRow,
    CurriculumRow,
    EditionRow,
    OwnTeachingRow,
    SchoolPlanRow,
    TeacherPlanRow,
)
from classroom.store.store import Store
from classroom.store.tables import AccountRoleRow, AccountRow, SchoolRow
from classroom.store.types import new_id


async def access_school_edit(
    store: Store, principal: Principal, school_id: str, edit: SchoolEdit, now: datetime
) -> None:
    """Set a school's name, kind, bell and line. Raises `BadInput("bell_wrong")`, `NotFound`, `Forbidden`."""
    require_somebody(principal)
    check_bell(edit.bell)
    async with store.session() as db:
        row = await managed_school(db, principal, school_id)
        row.name = checked_name(edit.name)
        row.kind = edit.kind
        await db.merge(
            SchoolPlanRow(
                school_id=school_id,
                bell=pairs(edit.bell),
                rooms=edit.rooms_limit,
                up_mbps=edit.up_mbps,
                down_mbps=edit.down_mbps,
                tolerance_min=edit.tolerance_min,
            )
        )
        append(db, principal, "school.edited", f"school:{school_id}", now=now)


async def access_new_teacher(store: Store, principal: Principal, new: NewTeacher, now: datetime) -> RegisteredTeacher:
    """Add a teacher's account, without a password, and what it offers. Raises `Conflict("already_exists")`, `BadInput`
    for an unusable user name, `NotFound`, `Forbidden`."""
    require_somebody(principal)
    folded = fold_username(new.username)
    async with store.session() as db:
        await managed_school(db, principal, new.school_id)
        if await db.scalar(select(AccountRow.id).where(AccountRow.username == folded)) is not None:
            raise Conflict("already_exists", kind="account", key=folded)
        account = new_teacher_account(folded, checked_name(new.name), new.school_id, now)
        db.add(account)
        await db.flush()
        plan = TeacherPlanRow(account_id=account.id, **_offer(new.offer))
        db.add(plan)
        append(db, principal, "teacher.added", f"account:{account.id}", {"school": new.school_id}, now=now)
        return teacher_of(account, plan)


async def access_teacher_edit(
    store: Store, principal: Principal, account_id: str, offer: TeacherEdit, now: datetime
) -> RegisteredTeacher:
    """Set what a teacher offers to other schools. Raises `NotFound("teacher_unknown")`, `Forbidden`."""
    require_somebody(principal)
    async with store.session() as db:
        account = await _managed_teacher(db, principal, account_id)
        plan = await db.merge(TeacherPlanRow(account_id=account_id, **_offer(offer)))
        append(db, principal, "teacher.edited", f"account:{account_id}", now=now)
        return teacher_of(account, plan)


async def access_teacher_withdraw(store: Store, principal: Principal, account_id: str, now: datetime) -> None:
    """Let a teacher teach no other schools' classes in plans to come; the account and its lessons stay."""
    require_somebody(principal)
    async with store.session() as db:
        await _managed_teacher(db, principal, account_id)
        await db.execute(delete(TeacherPlanRow).where(TeacherPlanRow.account_id == account_id))
        append(db, principal, "teacher.withdrawn", f"account:{account_id}", now=now)


async def access_new_class(
    store: Store, principal: Principal, school_id: str, edit: ClassEdit, now: datetime
) -> RegisteredClass:
    """Add a class to a school. Raises `Conflict("already_exists")`, `NotFound`, `Forbidden`."""
    require_somebody(principal)
    async with store.session() as db:
        await managed_school(db, principal, school_id)
        row = ClassGroupRow(id=new_id(), school_id=school_id)
        await _set_class(db, row, edit)
        append(db, principal, "class.added", f"class:{row.id}", {"school": school_id}, now=now)
        return class_of(row)


async def access_class_edit(
    store: Store, principal: Principal, class_id: str, edit: ClassEdit, now: datetime
) -> RegisteredClass:
    """Set what is known of a class, and what its school teaches it itself. Raises as `access_new_class`."""
    require_somebody(principal)
    async with store.session() as db:
        row = await managed_class(db, principal, class_id)
        await _set_class(db, row, edit)
        append(db, principal, "class.edited", f"class:{class_id}", now=now)
        return class_of(row)


async def access_class_remove(store: Store, principal: Principal, class_id: str, now: datetime) -> None:
    """Remove a class with what it needs. Raises `NotFound("class_unknown")`, `Forbidden`."""
    require_somebody(principal)
    async with store.session() as db:
        await db.delete(await managed_class(db, principal, class_id))
        append(db, principal, "class.removed", f"class:{class_id}", now=now)


async def access_editions_edit(
    store: Store, principal: Principal, region_id: str, lines: Sequence[EditionLine], now: datetime
) -> None:
    """Set all textbooks of a region. Raises `Conflict("already_exists")` for a subject named twice in one place,
    `NotFound("school_unknown")` for a school outside the region, `Forbidden`."""
    require_somebody(principal)
    async with store.session() as db:
        await planning_region(db, principal, region_id, Deed.MANAGE_PLANNING)
        known = set(await db.scalars(select(SchoolRow.id).where(schools_below({region_id}))))
        for line in lines:
            if line.school_id is not None and line.school_id not in known:
                raise NotFound("school_unknown", school=line.school_id[:64])
        _once([(line.school_id or "", line.subject) for line in lines], "edition")
        await db.execute(delete(EditionRow).where(EditionRow.region_id == region_id))
        db.add_all(EditionRow(id=new_id(), region_id=region_id, **line.model_dump()) for line in lines)
        append(db, principal, "editions.edited", f"region:{region_id}", {"lines": len(lines)}, now=now)


async def access_curriculum_edit(
    store: Store, principal: Principal, region_id: str, lines: Sequence[CurriculumLine], now: datetime
) -> None:
    """Set where a region's curriculum differs from the national plan. Raises `Conflict("already_exists")`,
    `NotFound("region_unknown")`, `Forbidden`."""
    require_somebody(principal)
    async with store.session() as db:
        await planning_region(db, principal, region_id, Deed.MANAGE_PLANNING)
        _once([(str(line.grade), line.subject) for line in lines], "curriculum")
        await db.execute(delete(CurriculumRow).where(CurriculumRow.region_id == region_id))
        db.add_all(CurriculumRow(region_id=region_id, **line.model_dump()) for line in lines)
        append(db, principal, "curriculum.edited", f"region:{region_id}", {"lines": len(lines)}, now=now)


def check_bell(bell: Sequence[BellPeriod]) -> None:
    """Raises `BadInput("bell_wrong")` naming the period that ends too early or overlaps the one before."""
    wrong = bell_problem(bell)
    if wrong is not None:
        raise BadInput("bell_wrong", period=wrong + 1)


def pairs(periods: Collection[Period]) -> list[list[int]]:
    """Periods as JSON keeps them."""
    return [[first, second] for first, second in periods]


def new_teacher_account(username: str, name: str, school_id: str, now: datetime) -> AccountRow:
    """A teacher's account without a password; `username` is folded."""
    return AccountRow(
        id=new_id(),
        username=username,
        name=name,
        password_hash=NOBODYS_HASH,  # it cannot sign in until somebody sets a password
        school_id=school_id,
        created_at=now,
        disabled_at=None,
        roles=[AccountRoleRow(role=Role.TEACHER, region_id=None)],
    )


def _offer(offer: TeacherEdit) -> dict[str, object]:
    return {
        "subject": offer.subject,
        "grades": sorted(set(offer.grades)),
        "edition": offer.edition,
        "free": pairs(sorted(set(offer.free))),
        "flex_min": offer.flex_min,
        "max_week": offer.max_week,
        "max_day": offer.max_day,
        "scope": offer.scope,
    }


async def _managed_teacher(db: AsyncSession, principal: Principal, account_id: str) -> AccountRow:
    row = await db.scalar(
        select(AccountRow).join(AccountRoleRow).where(AccountRow.id == account_id, AccountRoleRow.role == Role.TEACHER)
    )
    if row is None or row.school_id is None:
        raise NotFound("teacher_unknown", teacher=account_id[:64])
    await managed_school(db, principal, row.school_id)
    return row


async def managed_class(db: AsyncSession, principal: Principal, class_id: str) -> ClassGroupRow:
    """The class, for whoever manages its school. Raises `NotFound("class_unknown")`, `Forbidden`."""
    row = await db.get(ClassGroupRow, class_id)
    if row is None:
        raise NotFound("class_unknown", class_id=class_id[:64])
    await managed_school(db, principal, row.school_id)
    return row


async def _set_class(db: AsyncSession, row: ClassGroupRow, edit: ClassEdit) -> None:
    name = checked_name(edit.name)
    twin = select(ClassGroupRow.id).where(
        ClassGroupRow.school_id == row.school_id, ClassGroupRow.name == name, ClassGroupRow.id != row.id
    )
    with db.no_autoflush:
        if await db.scalar(twin) is not None:
            raise Conflict("already_exists", kind="class", key=name)
    _once([(own.subject,) for own in edit.own_teaching], "own_teaching")
    row.name, row.grade, row.size = name, edit.grade, edit.size
    row.screen_min_day = edit.screen_min_day
    row.allowed = None if edit.allowed is None else pairs(sorted(set(edit.allowed)))
    db.add(row)
    await db.flush()
    await db.execute(delete(OwnTeachingRow).where(OwnTeachingRow.class_id == row.id))
    db.add_all(OwnTeachingRow(class_id=row.id, subject=own.subject, lessons=own.lessons) for own in edit.own_teaching)


def _once(keys: Sequence[tuple[str, ...]], kind: str) -> None:
    seen: set[tuple[str, ...]] = set()
    for key in keys:
        if key in seen:
            raise Conflict("already_exists", kind=kind, key=" ".join(part for part in key if part))
        seen.add(key)
