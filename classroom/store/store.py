"""The engine and its transactions."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

from sqlalchemy import Connection, event, make_url, text
from sqlalchemy.engine import URL
from sqlalchemy.engine.interfaces import DBAPIConnection
from sqlalchemy.exc import ArgumentError
from sqlalchemy.ext.asyncio import AsyncEngine, AsyncSession, async_sessionmaker, create_async_engine

from classroom.errors import BadSettings
from classroom.store.failures import translated
from classroom.store.migrate import migrate

# Waiting longer than this, for a connection or for the one writer of SQLite, is `store_busy`: longer than any
# transaction of ours, shorter than patience.
BUSY_TIMEOUT_S = 5.0
CONNECT_TIMEOUT_S = 10.0
# kept open, and opened besides when many ask at once; PostgreSQL allows 100 by default, to all processes together
POOL_SIZE = 5
POOL_OVERFLOW = 15
_SQLITE_PRAGMAS = (
    "journal_mode = WAL",
    # In WAL, NORMAL may lose the last commits on power loss, never consistency; audit and lessons deserve FULL.
    "synchronous = FULL",
    "foreign_keys = ON",
    # else INSERT OR REPLACE removes a row of the audit without asking its trigger
    "recursive_triggers = ON",
)

_DRIVERS = {
    "sqlite": "sqlite+aiosqlite",
    "sqlite+aiosqlite": "sqlite+aiosqlite",
    "postgres": "postgresql+asyncpg",
    "postgresql": "postgresql+asyncpg",
    "postgresql+asyncpg": "postgresql+asyncpg",
}


class Store:
    """An open database, migrated to this version. Made by `Store.open`."""

    def __init__(self, engine: AsyncEngine, where: str) -> None:
        self._engine = engine
        self._where = where
        writing = engine.execution_options(writes=True)
        reading = engine.execution_options(writes=False, postgresql_readonly=True)
        self._writing = async_sessionmaker(writing, expire_on_commit=False)
        self._reading = async_sessionmaker(reading, expire_on_commit=False)

    @classmethod
    async def open(cls, url: str, busy_timeout_s: float = BUSY_TIMEOUT_S) -> "Store":
        """Connect and migrate. `busy_timeout_s`: how long to wait for a connection or a writer's turn.

        Raises `BadSettings` for a wrong URL or a directory that cannot be written, `Unavailable` when the database
        cannot be reached, is full, or is newer than this program.
        """
        parsed = _parse(url)
        where = parsed.render_as_string(hide_password=True)
        engine = _engine(parsed, busy_timeout_s)
        try:
            with translated(where):
                async with engine.execution_options(writes=True).begin() as connection:
                    await connection.run_sync(migrate)
        except BaseException:
            await engine.dispose()
            raise
        return cls(engine, where)

    async def close(self) -> None:
        """Let go of all connections."""
        await self._engine.dispose()

    @property
    def where(self) -> str:
        """The database's URL without its password."""
        return self._where

    @asynccontextmanager
    async def session(self) -> AsyncIterator[AsyncSession]:
        """A transaction that may write: committed when the block ends, rolled back when it raises.

        SQLite has one writer at a time, so never open a second one inside the block. Raises `Unavailable`.
        """
        with translated(self._where):
            async with self._writing.begin() as session:
                yield session

    @asynccontextmanager
    async def reading(self) -> AsyncIterator[AsyncSession]:
        """A transaction that only reads: it never waits for a writer, nor holds one up. Raises `Unavailable`."""
        with translated(self._where):
            async with self._reading.begin() as session:
                yield session

    async def check(self) -> None:
        """For /readyz. Raises `Unavailable` when the database does not answer."""
        async with self.reading() as session:
            await session.execute(text("SELECT 1"))


def _parse(url: str) -> URL:
    try:
        parsed = make_url(url)
        driver = _DRIVERS[parsed.drivername]
    except (ArgumentError, KeyError):
        # not the URL itself: it may hold a password
        raise BadSettings("database_url_wrong", schemes=sorted(_DRIVERS)) from None
    return parsed.set(drivername=driver)


def _engine(url: URL, busy_timeout_s: float) -> AsyncEngine:
    if url.get_backend_name() == "sqlite":
        return _sqlite(url, busy_timeout_s)
    return create_async_engine(
        url,
        pool_size=POOL_SIZE,
        max_overflow=POOL_OVERFLOW,
        pool_timeout=busy_timeout_s,
        # a database that was restarted is noticed before a request fails on it
        pool_pre_ping=True,
        # Our queries take milliseconds: compiling one, which PostgreSQL does when it expects many rows, takes more.
        connect_args={"timeout": CONNECT_TIMEOUT_S, "server_settings": {"jit": "off"}},
    )


def _sqlite(url: URL, busy_timeout_s: float) -> AsyncEngine:
    if not url.database or url.database == ":memory:":
        # every connection of a pool would get a database of its own
        raise BadSettings("database_url_wrong", schemes=sorted(_DRIVERS))
    directory = Path(url.database).parent
    try:
        directory.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise BadSettings("data_unwritable", path=str(directory), problem=error.strerror or str(error)) from None
    engine = create_async_engine(
        url,
        pool_size=POOL_SIZE,
        max_overflow=POOL_OVERFLOW,
        pool_timeout=busy_timeout_s,
        connect_args={"timeout": busy_timeout_s},
    )

    @event.listens_for(engine.sync_engine, "connect")
    def prepare(connection: DBAPIConnection, _record: object) -> None:
        try:
            # The driver's own idea of when a transaction begins leaves DDL outside of it; we say BEGIN ourselves.
            connection.isolation_level = None
            cursor = connection.cursor()
            for pragma in _SQLITE_PRAGMAS:
                cursor.execute(f"PRAGMA {pragma}")
            cursor.close()
        except BaseException:
            # the pool forgets a connection that was never ready, and its thread would live on
            connection.close()
            raise

    @event.listens_for(engine.sync_engine, "begin")
    def begin(connection: Connection) -> None:
        # A transaction that reads first and then writes cannot wait its turn (SQLITE_BUSY_SNAPSHOT): writers say so
        # at once.
        writes = connection.get_execution_options().get("writes", False)
        connection.exec_driver_sql(f"PRAGMA query_only = {not writes:d}")
        connection.exec_driver_sql("BEGIN IMMEDIATE" if writes else "BEGIN")

    return engine
