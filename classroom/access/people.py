"""Accounts."""

from collections.abc import Collection
from datetime import datetime

from sqlalchemy import delete, select
from sqlalchemy.ext.asyncio import AsyncSession

from classroom.access.matrix import Deed
from classroom.access.places import checked_name, managed_school, require_region
from classroom.access.relations import relations_to_school, require, require_somebody
from classroom.access.rows import Account, RoleGrant, account_of
from classroom.audit import append
from classroom.auth.passwords import check_new_password, hash_password
from classroom.errors import BadInput, Conflict, Forbidden, NotFound
from classroom.model.principal import Principal, Role
from classroom.model.username import fold_username
from classroom.store.store import Store
from classroom.store.tables import AccountRoleRow, AccountRow, SchoolRow, SessionRow
from classroom.store.types import new_id

# What a coordinator may make of somebody in its own region; the rest is an admin's.
GRANTED_BY_COORDINATOR = frozenset({Role.TEACHER, Role.STUDENT, Role.ARCHIVIST})
_IN_A_SCHOOL = frozenset({Role.TEACHER, Role.STUDENT})


async def access_new_account(
    store: Store,
    principal: Principal,
    *,
    username: str,
    name: str,
    password: str,
    grants: Collection[RoleGrant],
    school_id: str | None,
    now: datetime,
) -> Account:
    """Add an account with these roles.

    Raises `BadInput` for an unusable name, password or role, `Conflict("already_exists")`, `NotFound`, `Forbidden`.
    """
    require_somebody(principal)
    folded = fold_username(username)
    shown = checked_name(name)
    check_new_password(password)
    _check_grants(grants, school_id)
    # before the transaction: it takes a while, and SQLite has one writer
    password_hash = await hash_password(password)
    async with store.session() as db:
        await _may_grant(db, principal, grants, school_id)
        if await db.scalar(select(AccountRow.id).where(AccountRow.username == folded)) is not None:
            raise Conflict("already_exists", kind="account", key=folded)
        row = AccountRow(
            id=new_id(),
            username=folded,
            name=shown,
            password_hash=password_hash,
            school_id=school_id,
            created_at=now,
            disabled_at=None,
            roles=[AccountRoleRow(role=grant.role, region_id=grant.region_id) for grant in _once(grants)],
        )
        db.add(row)
        append(db, principal, "account.added", f"account:{row.id}", {"roles": _words(grants)}, now=now)
        await db.flush()
        return account_of(row)


async def access_account_by_username(store: Store, principal: Principal, username: str) -> Account:
    """An account, for itself and for whoever manages it. Raises `NotFound("account_unknown")`, `Forbidden`."""
    require_somebody(principal)
    folded = fold_username(username)
    async with store.reading() as db:
        row = await db.scalar(select(AccountRow).where(AccountRow.username == folded))
        if row is None:
            raise NotFound("account_unknown")
        if row.id != principal.id:
            await _require_manager(db, principal, row)
        return account_of(row)


async def access_accounts_of_school(store: Store, principal: Principal, school_id: str) -> list[Account]:
    """All accounts of a school, by user name, for whoever manages it."""
    require_somebody(principal)
    async with store.reading() as db:
        await managed_school(db, principal, school_id)
        rows = await db.scalars(
            select(AccountRow).where(AccountRow.school_id == school_id).order_by(AccountRow.username)
        )
        return [account_of(row) for row in rows]


async def access_account_password(
    store: Store, principal: Principal, account_id: str, password: str, now: datetime
) -> None:
    """Set somebody's password, or one's own, and end all its sessions."""
    require_somebody(principal)
    check_new_password(password)
    password_hash = await hash_password(password)
    async with store.session() as db:
        row = await _account_row(db, account_id)
        if row.id != principal.id:
            await _require_manager(db, principal, row)
        row.password_hash = password_hash
        await db.execute(delete(SessionRow).where(SessionRow.account_id == account_id))
        append(db, principal, "account.password_set", f"account:{account_id}", now=now)


async def access_account_disable(store: Store, principal: Principal, account_id: str, now: datetime) -> Account:
    """Let an account in no more, and end its sessions at once. Its lessons and audit stay."""
    require_somebody(principal)
    async with store.session() as db:
        row = await _account_row(db, account_id)
        await _require_manager(db, principal, row)
        row.disabled_at = row.disabled_at or now
        await db.execute(delete(SessionRow).where(SessionRow.account_id == account_id))
        append(db, principal, "account.disabled", f"account:{account_id}", now=now)
        return account_of(row)


async def access_account_enable(store: Store, principal: Principal, account_id: str, now: datetime) -> Account:
    """Let a disabled account in again."""
    require_somebody(principal)
    async with store.session() as db:
        row = await _account_row(db, account_id)
        await _require_manager(db, principal, row)
        row.disabled_at = None
        append(db, principal, "account.enabled", f"account:{account_id}", now=now)
        return account_of(row)


async def _account_row(db: AsyncSession, account_id: str) -> AccountRow:
    row = await db.get(AccountRow, account_id)
    if row is None:
        raise NotFound("account_unknown")
    return row


async def _require_manager(db: AsyncSession, principal: Principal, row: AccountRow) -> None:
    """An admin manages everyone; a coordinator whom it could have made itself, in its region."""
    if principal.has(Role.ADMIN):
        return
    if row.school_id is None or any(entry.role not in GRANTED_BY_COORDINATOR for entry in row.roles):
        raise Forbidden("account_forbidden")
    school = await db.get_one(SchoolRow, row.school_id)
    require(Deed.MANAGE_SCHOOL, await relations_to_school(db, principal, school), "account_forbidden")


async def _may_grant(
    db: AsyncSession, principal: Principal, grants: Collection[RoleGrant], school_id: str | None
) -> None:
    if school_id is not None:
        await managed_school(db, principal, school_id)
    elif not principal.has(Role.ADMIN):
        raise Forbidden("account_forbidden")
    for grant in grants:
        if not principal.has(Role.ADMIN) and grant.role not in GRANTED_BY_COORDINATOR:
            raise Forbidden("roles_forbidden", role=grant.role.value)
        if grant.region_id is not None:
            await require_region(db, principal, grant.region_id)


def _check_grants(grants: Collection[RoleGrant], school_id: str | None) -> None:
    for grant in grants:
        if grant.role is Role.DEVICE:
            raise BadInput("role_not_for_accounts", role=grant.role.value)
        if school_id is None and (
            grant.role in _IN_A_SCHOOL or (grant.role is not Role.ADMIN and grant.region_id is None)
        ):
            raise BadInput("role_needs_place", role=grant.role.value)


def _once(grants: Collection[RoleGrant]) -> list[RoleGrant]:
    return list(dict.fromkeys(grants))


def _words(grants: Collection[RoleGrant]) -> list[str]:
    return [f"{grant.role.value}@{grant.region_id or 'school'}" for grant in _once(grants)]
