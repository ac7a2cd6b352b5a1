"""One suite for every database: what `classroom.store` promises, on SQLite and on a real PostgreSQL."""

import asyncio
from datetime import UTC, datetime, timedelta, timezone

import pytest
from alembic.autogenerate import compare_metadata
from alembic.runtime.migration import MigrationContext
from sqlalchemy import Connection, func, insert, inspect, select, text
from sqlalchemy.exc import DBAPIError, IntegrityError, StatementError

from classroom.audit import Audit
from classroom.clock import VirtualClock
from classroom.errors import Unavailable
from classroom.model.place import RegionLevel, SchoolKind
from classroom.model.principal import NOBODY, SYSTEM
from classroom.store.schema import METADATA
from classroom.store.store import Store
from classroom.store.tables import AccountRow, AuditRow, Base, RegionRow, SchoolRow

NOW = datetime(2026, 9, 1, 8, 30, 15, 123456, tzinfo=UTC)
_SHADOWS = {"search_texts"} | {f"search_texts_{part}" for part in ("config", "content", "data", "docsize", "idx")}
SEARCH_TABLES = {"sqlite": _SHADOWS, "postgresql": {"search_texts"}}


def region(name: str = "青禾县", **kwargs: str) -> RegionRow:
    return RegionRow(name=name, level=RegionLevel.COUNTY, parent_id=None, **kwargs)


def account(username: str, created_at: datetime = NOW) -> AccountRow:
    return AccountRow(username=username, name="王", password_hash="", school_id=None, created_at=created_at)


async def count(store: Store, table: type[Base]) -> int:
    async with store.reading() as db:
        return await db.scalar(select(func.count()).select_from(table)) or 0


async def test_a_session_commits_when_its_block_ends(store: Store) -> None:
    async with store.session() as db:
        db.add(region("青禾县"))
    async with store.reading() as db:
        row = await db.scalar(select(RegionRow))
    assert row is not None
    assert (row.name, row.level, row.parent_id) == ("青禾县", RegionLevel.COUNTY, None)


async def test_a_session_that_raises_leaves_nothing(store: Store) -> None:
    with pytest.raises(ZeroDivisionError):  # noqa: PT012 - raising inside is the point
        async with store.session() as db:
            db.add(region())
            await db.flush()
            raise ZeroDivisionError
    assert await count(store, RegionRow) == 0


async def test_opening_again_keeps_what_is_there(store: Store, store_url: str) -> None:
    async with store.session() as db:
        db.add(region())
    again = await Store.open(store_url)
    assert await count(again, RegionRow) == 1
    await again.close()


async def test_two_processes_may_open_a_fresh_database_at_once(store_url: str) -> None:
    stores = await asyncio.gather(*(Store.open(store_url) for _ in range(4)))
    for opened in stores:
        await opened.check()
        await opened.close()


async def test_the_migrations_make_exactly_the_tables(store: Store) -> None:
    def differences(connection: Connection) -> list[object]:
        # what a search index is made of differs from database to database; `classroom.search` has a suite of its own
        extra = {name for name in inspect(connection).get_table_names() if name.startswith("search_texts")}
        assert extra == SEARCH_TABLES[connection.dialect.name]

        def ours(name: str | None, kind: str, parents: object) -> bool:
            return kind != "table" or name not in extra

        context = MigrationContext.configure(connection, opts={"compare_type": True, "include_name": ours})
        return list(compare_metadata(context, METADATA))

    async with store.reading() as db:
        assert await (await db.connection()).run_sync(differences) == []


async def test_a_database_of_a_newer_program_is_refused(store: Store, store_url: str) -> None:
    async with store.session() as db:
        await db.execute(text("UPDATE alembic_version SET version_num = '9999'"))
    with pytest.raises(Unavailable) as error:
        await Store.open(store_url)
    assert error.value.code == "store_newer"
    assert error.value.data["revision"] == "9999"


async def test_times_come_back_aware_in_utc(store: Store) -> None:
    in_china = NOW.astimezone(timezone(timedelta(hours=8)))
    async with store.session() as db:
        db.add(account("wang", in_china))
    async with store.reading() as db:
        row = await db.scalar(select(AccountRow).where(AccountRow.created_at == in_china))
    assert row is not None
    assert row.created_at == NOW
    assert row.created_at.utcoffset() == timedelta()
    assert row.disabled_at is None


async def test_a_time_without_a_zone_is_refused(store: Store) -> None:
    with pytest.raises(StatementError, match="aware"):
        async with store.session() as db:
            db.add(account("wang", NOW.replace(tzinfo=None)))


async def test_foreign_keys_hold(store: Store) -> None:
    with pytest.raises(IntegrityError):
        async with store.session() as db:
            db.add(SchoolRow(code="2137990001", name="一小", kind=SchoolKind.STRONG, region_id="nowhere"))


async def test_unique_keys_hold(store: Store) -> None:
    with pytest.raises(IntegrityError):
        async with store.session() as db:
            db.add_all([account("wang"), account("wang")])


@pytest.mark.parametrize("statement", ["UPDATE audit SET action = 'x'", "DELETE FROM audit"])
async def test_the_audit_can_only_grow(store: Store, statement: str) -> None:
    audit = Audit(VirtualClock(NOW))
    async with store.session() as db:
        audit.append(db, SYSTEM, "lesson.start", "lesson:1", {"from": "ready", "points": ["甲", "乙"]})
        audit.append(db, NOBODY, "session.refused", "account:")
    with pytest.raises(DBAPIError, match="append-only"):
        async with store.session() as db:
            await db.execute(text(statement))
    async with store.reading() as db:
        first, second = await db.scalars(select(AuditRow).order_by(AuditRow.id))
    assert (first.at, first.actor_id, first.actor_roles, first.action, first.object) == (
        NOW, "system", "admin", "lesson.start", "lesson:1"
    )  # fmt: skip
    assert first.details == {"from": "ready", "points": ["甲", "乙"]}
    assert (second.actor_id, second.actor_roles, second.details) == ("nobody", "", {})


async def test_replacing_a_row_of_the_audit_is_refused_too(store: Store, store_url: str) -> None:
    async with store.session() as db:
        Audit(VirtualClock(NOW)).append(db, SYSTEM, "lesson.start", "lesson:1")
    columns = "(id, at, actor_id, actor_roles, action, object, details)"
    statement = (
        f"INSERT OR REPLACE INTO audit {columns} SELECT id, at, 'x', '', '', '', '{{}}' FROM audit"
        if store_url.startswith("sqlite")
        else "TRUNCATE audit"
    )
    with pytest.raises(DBAPIError, match="append-only"):
        async with store.session() as db:
            await db.execute(text(statement))


async def test_a_reading_transaction_cannot_write(store: Store) -> None:
    with pytest.raises(Unavailable, match="store_read_only"):
        async with store.reading() as db:
            await db.execute(insert(RegionRow).values(name="县", level=RegionLevel.COUNTY))
    async with store.session() as db:
        db.add(region())


async def test_a_writer_does_not_wait_for_readers(store: Store) -> None:
    async with store.reading() as reader:
        assert await reader.scalar(select(func.count()).select_from(RegionRow)) == 0
        async with asyncio.timeout(5), store.session() as writer:
            writer.add(region())
    assert await count(store, RegionRow) == 1


async def test_many_writers_at_once_all_succeed(store: Store) -> None:
    async def write(number: int) -> None:
        async with store.session() as db:
            # reads first: what makes SQLite fail when a writer does not say so at once
            await db.scalar(select(func.count()).select_from(RegionRow))
            db.add(region(f"区域 {number}"))

    await asyncio.gather(*(write(number) for number in range(20)))
    assert await count(store, RegionRow) == 20


async def test_a_full_pool_of_readers_waits_instead_of_failing(store: Store) -> None:
    assert await asyncio.gather(*(count(store, RegionRow) for _ in range(40))) == [0] * 40


@pytest.mark.parametrize("flushes", range(4))
async def test_a_cancelled_request_leaves_no_lock(store: Store, flushes: int) -> None:
    """A browser that goes away cancels its request, in the middle of whatever statement is under way."""
    reached = asyncio.Event()

    async def write() -> None:
        async with store.session() as db:
            for number in range(4):
                if number == flushes:
                    reached.set()
                db.add(region(f"区域 {number}"))
                await db.flush()

    task = asyncio.create_task(write())
    await reached.wait()
    task.cancel()
    await asyncio.wait([task])
    assert task.cancelled()
    async with asyncio.timeout(5), store.session() as db:
        db.add(region("后来"))
    assert await count(store, RegionRow) == 1
