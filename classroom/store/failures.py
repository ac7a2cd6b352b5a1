"""Database errors in our words: which of them, and what the operator can do, is known only here."""

import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager

from sqlalchemy.exc import DBAPIError, SQLAlchemyError
from sqlalchemy.exc import TimeoutError as PoolTimeout

from classroom.errors import Unavailable

_SQLITE = {
    "SQLITE_FULL": "disk_full",
    "SQLITE_BUSY": "store_busy",
    "SQLITE_LOCKED": "store_busy",
    "SQLITE_READONLY": "store_read_only",
    "SQLITE_CANTOPEN": "store_unreachable",
    "SQLITE_NOTADB": "store_damaged",
    "SQLITE_CORRUPT": "store_damaged",
    "SQLITE_IOERR": "store_unreachable",
}
# https://www.postgresql.org/docs/15/errcodes-appendix.html
_SQLSTATE = {
    "53100": "disk_full",
    "53300": "store_busy",  # too many connections
    "55P03": "store_busy",  # lock not available
    "40001": "store_busy",  # serialization failure
    "40P01": "store_busy",  # deadlock
    "25006": "store_read_only",
    "28000": "store_refused",
    "28P01": "store_refused",  # wrong password
    "3D000": "store_refused",  # no such database
    "57P01": "store_unreachable",  # shut down by an administrator
    "57P02": "store_unreachable",
    "57P03": "store_unreachable",  # still starting
}


def _causes(error: BaseException) -> Iterator[BaseException]:
    seen: BaseException | None = error
    while seen is not None:
        yield seen
        seen = getattr(seen, "orig", None) or seen.__cause__


def code_of(error: BaseException) -> str | None:
    """The code of the `Unavailable` this error means, or None when it is a fault of ours."""
    for cause in _causes(error):
        if isinstance(cause, sqlite3.Error):
            name = getattr(cause, "sqlite_errorname", "")
            # extended names begin with the primary one: SQLITE_IOERR_WRITE, SQLITE_BUSY_SNAPSHOT
            for primary, code in _SQLITE.items():
                if name.startswith(primary):
                    return code
        state = getattr(cause, "sqlstate", None)
        if isinstance(state, str):
            return _SQLSTATE.get(state, "store_unreachable" if state.startswith("08") else None)
        # asyncpg raises plain OSError and TimeoutError while connecting
        if isinstance(cause, (OSError, TimeoutError)):
            return "store_unreachable"
        if isinstance(cause, PoolTimeout):
            return "store_busy"
        if isinstance(cause, DBAPIError) and cause.connection_invalidated:
            return "store_unreachable"
    return None


@contextmanager
def translated(where: str) -> Iterator[None]:
    """Turn database trouble inside the block into `Unavailable` naming the database `where`."""
    try:
        yield
    except (SQLAlchemyError, sqlite3.Error, OSError) as error:
        code = code_of(error)
        if code is None:
            raise
        raise Unavailable(code, database=where) from error
