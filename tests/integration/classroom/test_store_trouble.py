"""Databases that are full, away, read-only, damaged or refuse us: each names itself and never shows a password."""

import asyncio
from contextlib import AsyncExitStack
from pathlib import Path

import pytest
from sqlalchemy import text

from classroom.catalog import LANGUAGES, text_of
from classroom.errors import BadSettings, ClassroomError, Unavailable
from classroom.model.place import RegionLevel
from classroom.store.store import POOL_OVERFLOW, POOL_SIZE, Store
from classroom.store.tables import RegionRow
from tests.fakes.servers import PostgresServer, short_directory

WITHIN_S = 20.0


def sqlite_url(path: Path) -> str:
    return f"sqlite:///{path}"


def says(error: ClassroomError, wanted: str) -> None:
    for language in LANGUAGES:
        shown = text_of(error, language)
        assert wanted in shown.message
        assert "?" not in shown.message + shown.remedy


async def add_region(store: Store) -> None:
    async with store.session() as db:
        db.add(RegionRow(name="县", level=RegionLevel.COUNTY, parent_id=None))


async def test_a_full_disk(tmp_path: Path) -> None:
    store = await Store.open(sqlite_url(tmp_path / "q.db"))
    async with store.session() as db:
        # SQLite's own limit gives the very error a full disk gives
        await db.execute(text("CREATE TABLE filler (content BLOB)"))
        pages = await db.scalar(text("PRAGMA page_count"))
        await db.execute(text(f"PRAGMA max_page_count = {pages}"))
    with pytest.raises(Unavailable) as error:
        async with store.session() as db:
            await db.execute(text("INSERT INTO filler VALUES (zeroblob(1000000))"))
    assert error.value.code == "disk_full"
    says(error.value, str(tmp_path / "q.db"))
    await store.close()


async def test_a_writer_that_never_ends(tmp_path: Path) -> None:
    store = await Store.open(sqlite_url(tmp_path / "q.db"))
    other = await Store.open(sqlite_url(tmp_path / "q.db"), busy_timeout_s=0.05)
    async with store.session() as db:
        await db.execute(text("SELECT 1"))
        with pytest.raises(Unavailable) as error:
            await add_region(other)
    assert error.value.code == "store_busy"
    await add_region(other)
    await store.close()
    await other.close()


async def test_more_transactions_than_connections(store_url: str) -> None:
    store = await Store.open(store_url, busy_timeout_s=0.05)
    async with AsyncExitStack() as stack:
        for _ in range(POOL_SIZE + POOL_OVERFLOW):
            db = await stack.enter_async_context(store.reading())
            await db.execute(text("SELECT 1"))
        with pytest.raises(Unavailable) as error:
            await store.check()
        assert error.value.code == "store_busy"
    await store.check()
    await store.close()


async def test_a_file_that_is_no_database(tmp_path: Path) -> None:
    path = tmp_path / "q.db"
    path.write_bytes(b"not a database" * 1000)
    with pytest.raises(Unavailable) as error:
        await Store.open(sqlite_url(path))
    assert error.value.code == "store_damaged"
    says(error.value, str(path))


async def test_a_directory_in_place_of_the_file(tmp_path: Path) -> None:
    with pytest.raises(Unavailable) as error:
        await Store.open(sqlite_url(tmp_path))
    assert error.value.code == "store_unreachable"


async def test_a_directory_that_cannot_be_made(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(BadSettings) as error:
        await Store.open(sqlite_url(tmp_path / "file" / "q.db"))
    assert error.value.code == "data_unwritable"
    says(error.value, str(tmp_path / "file"))


async def test_a_directory_nobody_may_write_not_even_root() -> None:
    with pytest.raises(BadSettings) as error:
        await Store.open(sqlite_url(Path("/proc/qianshou/q.db")))
    assert error.value.code == "data_unwritable"
    says(error.value, "/proc/qianshou")


async def test_a_read_only_replica(postgres_server: PostgresServer) -> None:
    url = postgres_server.new_database()
    store = await Store.open(url)
    async with store.session() as db:
        name = await db.scalar(text("SELECT current_database()"))
        await db.execute(text(f"ALTER DATABASE {name} SET default_transaction_read_only = on"))
    await store.close()
    store = await Store.open(url)
    with pytest.raises(Unavailable) as error:
        await add_region(store)
    assert error.value.code == "store_read_only"
    await store.close()


@pytest.mark.parametrize("url", ["mysql://u:secret@h/d", "nonsense", "", "sqlite://", "sqlite:///:memory:"])
async def test_a_wrong_url(url: str) -> None:
    with pytest.raises(BadSettings) as error:
        await Store.open(url)
    assert error.value.code == "database_url_wrong"
    assert "secret" not in text_of(error.value).message
    says(error.value, "")


async def test_a_server_that_is_not_there() -> None:
    with pytest.raises(Unavailable) as error:
        await Store.open("postgresql://user:secret@127.0.0.1:1/q")
    assert error.value.code == "store_unreachable"
    says(error.value, "127.0.0.1:1/q")
    assert "secret" not in text_of(error.value).message


async def test_a_database_that_does_not_exist(postgres_server: PostgresServer) -> None:
    with pytest.raises(Unavailable) as error:
        await Store.open(postgres_server.url("nowhere"))
    assert error.value.code == "store_refused"


async def test_a_server_that_goes_and_comes_back() -> None:
    """What was asked meanwhile fails clearly; afterwards everything works without a restart of ours."""
    with short_directory() as directory, PostgresServer(directory) as server:
        store = await Store.open(server.new_database())
        await add_region(store)
        server.stop()
        with pytest.raises(Unavailable) as error:
            await add_region(store)
        assert error.value.code == "store_unreachable"
        with pytest.raises(Unavailable):
            await store.check()
        server.start()
        async with asyncio.timeout(WITHIN_S):
            await add_region(store)
            await store.check()
        await store.close()
