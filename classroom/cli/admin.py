"""`qianshou admin`: regions, schools, rooms and accounts, for whoever has the server's data directory in hand.

Lists are one line each with tabs between, for `cut` and `grep`; what is added is printed by its id.
"""

import sys
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import TypeVar

import click

from classroom.access.people import (
    access_account_by_username,
    access_account_disable,
    access_account_enable,
    access_account_password,
    access_accounts_of_school,
    access_new_account,
)
from classroom.access.places import (
    access_new_region,
    access_new_room,
    access_new_school,
    access_regions,
    access_school_by_code,
    access_schools,
)
from classroom.access.rooms import access_rooms
from classroom.access.rows import RoleGrant
from classroom.cli.options import open_store, run_async, server_options, settings_of
from classroom.clock import SystemClock
from classroom.errors import BadSettings
from classroom.model.place import RegionLevel, RoomKind, SchoolKind
from classroom.model.principal import SYSTEM, Role
from classroom.store.store import Store

T = TypeVar("T")

CLOCK = SystemClock()


def with_store(config: Path | None, data: Path | None, use: Callable[[Store], Awaitable[T]]) -> T:
    """Open the server's store, `use` it, close it. Works beside a running server."""

    async def main() -> T:
        async with open_store(settings_of(config, data=data)) as store:
            return await use(store)

    return run_async(main())


def row(*cells: str | None) -> None:
    click.echo("\t".join(cell or "-" for cell in cells))


@click.group()
def admin() -> None:
    """Regions, schools, rooms and accounts."""


@admin.command("regions")
@server_options
def regions(config: Path | None, data: Path | None) -> None:
    """List regions: id, level, name, parent."""
    for region in with_store(config, data, lambda store: access_regions(store, SYSTEM)):
        row(region.id, region.level.value, region.name, region.parent_id)


@admin.command("add-region")
@click.argument("name")
@click.option("--level", type=click.Choice([level.value for level in RegionLevel]), required=True)
@click.option("--parent", help="Id of the region above it.", metavar="ID")
@server_options
def add_region(*, config: Path | None, data: Path | None, name: str, level: str, parent: str | None) -> None:
    """Add a province, city, county or central school."""
    region = with_store(
        config,
        data,
        lambda store: access_new_region(
            store, SYSTEM, name=name, level=RegionLevel(level), parent_id=parent, now=CLOCK.now()
        ),
    )
    row(region.id)


@admin.command("schools")
@server_options
def schools(config: Path | None, data: Path | None) -> None:
    """List schools: code, kind, name, region."""
    for school in with_store(config, data, lambda store: access_schools(store, SYSTEM)):
        row(school.code, school.kind.value, school.name, school.region_id)


@admin.command("add-school")
@click.argument("name")
@click.option("--code", required=True, help="The 10-digit school code (学校标识码).")
@click.option("--kind", type=click.Choice([kind.value for kind in SchoolKind]), required=True)
@click.option("--region", required=True, help="Id of its region.", metavar="ID")
@server_options
def add_school(*, config: Path | None, data: Path | None, name: str, code: str, kind: str, region: str) -> None:
    """Add a school."""
    school = with_store(
        config,
        data,
        lambda store: access_new_school(
            store, SYSTEM, code=code, name=name, kind=SchoolKind(kind), region_id=region, now=CLOCK.now()
        ),
    )
    row(school.id)


@admin.command("rooms")
@server_options
def rooms(config: Path | None, data: Path | None) -> None:
    """List rooms: code, kind, name, school, id."""
    for found in with_store(config, data, lambda store: access_rooms(store, SYSTEM)):
        row(found.room.code, found.room.kind.value, found.room.name, found.school.name, found.room.id)


@admin.command("add-room")
@click.argument("name")
@click.option("--code", required=True, help="What `qianshou room --room` is given.")
@click.option("--kind", type=click.Choice([kind.value for kind in RoomKind]), default=RoomKind.RECORDING.value)
@click.option("--school", required=True, help="The 10-digit code of its school.", metavar="CODE")
@server_options
def add_room(*, config: Path | None, data: Path | None, name: str, code: str, kind: str, school: str) -> None:
    """Add a room to a school."""

    async def add(store: Store) -> str:
        home = await access_school_by_code(store, SYSTEM, school)
        added = await access_new_room(
            store, SYSTEM, code=code, name=name, kind=RoomKind(kind), school_id=home.id, now=CLOCK.now()
        )
        return added.id

    row(with_store(config, data, add))


@admin.command("accounts")
@click.argument("school")
@server_options
def accounts(config: Path | None, data: Path | None, school: str) -> None:
    """List the accounts of a school (by its 10-digit code): user name, roles, state, id."""

    async def read(store: Store) -> None:
        home = await access_school_by_code(store, SYSTEM, school)
        for account in await access_accounts_of_school(store, SYSTEM, home.id):
            roles = ",".join(sorted(grant.role.value for grant in account.grants))
            row(account.username, roles, "disabled" if account.disabled_at else "enabled", account.id)

    with_store(config, data, read)


def read_password(from_stdin: bool) -> str:
    """Never an argument: those are seen by everybody on the machine."""
    if from_stdin:
        return sys.stdin.readline().rstrip("\n")
    if not sys.stdin.isatty():
        raise BadSettings("password_needed")
    entered: str = click.prompt("Password", hide_input=True, confirmation_prompt=True, err=True)
    return entered


def parse_grant(text: str) -> RoleGrant:
    """`teacher`, or `coordinator@REGION-ID`. Raises `BadSettings("role_unknown")`."""
    name, _, region_id = text.partition("@")
    known = [role.value for role in Role if role is not Role.DEVICE]
    if name not in known:
        raise BadSettings("role_unknown", role=name, allowed=known)
    return RoleGrant(Role(name), region_id or None)


PASSWORD_STDIN = click.option("--password-stdin", is_flag=True, help="Read the password from the first line of input.")


@admin.command("add-account")
@click.argument("username")
@click.option("--name", required=True, help="As others see it.")
@click.option("--role", "roles", multiple=True, required=True, help="Repeatable.", metavar="ROLE[@REGION-ID]")
@click.option("--school", help="The 10-digit code of the school it belongs to.", metavar="CODE")
@PASSWORD_STDIN
@server_options
def add_account(
    *,
    config: Path | None,
    data: Path | None,
    username: str,
    name: str,
    roles: tuple[str, ...],
    school: str | None,
    password_stdin: bool,
) -> None:
    """Add an account; the password is asked for."""
    grants = [parse_grant(text) for text in roles]
    password = read_password(password_stdin)

    async def add(store: Store) -> str:
        home = await access_school_by_code(store, SYSTEM, school) if school else None
        account = await access_new_account(
            store,
            SYSTEM,
            username=username,
            name=name,
            password=password,
            grants=grants,
            school_id=home.id if home else None,
            now=CLOCK.now(),
        )
        return account.id

    row(with_store(config, data, add))


@admin.command("password")
@click.argument("username")
@PASSWORD_STDIN
@server_options
def password(*, config: Path | None, data: Path | None, username: str, password_stdin: bool) -> None:
    """Set somebody's password; their sessions end."""
    entered = read_password(password_stdin)

    async def change(store: Store) -> None:
        account = await access_account_by_username(store, SYSTEM, username)
        await access_account_password(store, SYSTEM, account.id, entered, CLOCK.now())

    with_store(config, data, change)


@admin.command("disable-account")
@click.argument("username")
@server_options
def disable_account(config: Path | None, data: Path | None, username: str) -> None:
    """Let an account in no more, and end its sessions."""

    async def disable(store: Store) -> None:
        account = await access_account_by_username(store, SYSTEM, username)
        await access_account_disable(store, SYSTEM, account.id, CLOCK.now())

    with_store(config, data, disable)


@admin.command("enable-account")
@click.argument("username")
@server_options
def enable_account(config: Path | None, data: Path | None, username: str) -> None:
    """Let a disabled account in again."""

    async def enable(store: Store) -> None:
        account = await access_account_by_username(store, SYSTEM, username)
        await access_account_enable(store, SYSTEM, account.id, CLOCK.now())

    with_store(config, data, enable)
