"""Fixtures of all tests: real servers, started when the first test asks for them."""

import os
from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import pytest
from hypothesis import HealthCheck, settings

from classroom.store.store import Store
from scheduler.io.kernel_cache import use_kernel_cache
from tests.fakes.servers import PostgresServer, RedisServer, S3Server, short_directory

# A kernel compiled from other sources than these would be tested otherwise: numba does not look into what is called.
use_kernel_cache()

# Properties are about what is true, not about how busy the machine is.
settings.register_profile("patient", deadline=None, suppress_health_check=[HealthCheck.too_slow])
settings.load_profile("patient")


# Browsers, live media, deadlines: these have the machine to themselves, while all others share it (see `make test`).
_REAL_TIME = (
    "e2e",
    "interop",
    "integration/room_agent",
    *(
        f"integration/media_server/test_{name}"
        for name in ("browser", "engine", "room_channel", "signalling", "transport")
    ),
)
# Pages without media can wait, so they share it too.
_PATIENT = tuple(f"e2e/test_{name}.py" for name in ("archive_pages", "pages", "plan_page"))


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Mark what is in `_REAL_TIME`."""
    here = Path(__file__).parent
    for item in items:
        path = item.path.relative_to(here).as_posix()
        if path.startswith(_REAL_TIME) and path not in _PATIENT:
            item.add_marker(pytest.mark.realtime)


@pytest.fixture(scope="session")
def postgres_server() -> Iterator[PostgresServer]:
    """A PostgreSQL cluster of this test session; take a `new_database()` of your own."""
    with short_directory() as directory, PostgresServer(directory) as server:
        yield server


@pytest.fixture(scope="session")
def redis_server_of_session() -> Iterator[RedisServer]:
    """See `redis_server`."""
    with short_directory() as directory, RedisServer(directory) as server:
        yield server


@pytest.fixture
def redis_server(redis_server_of_session: RedisServer) -> RedisServer:
    """An empty Redis. A test that stops it starts it again."""
    redis_server_of_session.flush()
    return redis_server_of_session


@pytest.fixture(scope="session")
def s3_server() -> Iterator[S3Server]:
    """An S3-compatible store of this test session; take a prefix of your own."""
    with short_directory() as directory, S3Server(directory) as server:
        yield server


@pytest.fixture(params=["sqlite", "postgresql"])
def store_url(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    """The URL of an empty database, of either kind."""
    if request.param == "sqlite":
        return f"sqlite+aiosqlite:///{tmp_path / 'store' / 'qianshou.db'}"
    server: PostgresServer = request.getfixturevalue("postgres_server")
    return server.new_database()


@pytest.fixture
async def store(store_url: str) -> AsyncIterator[Store]:
    """An open store of either kind."""
    opened = await Store.open(store_url)
    yield opened
    await opened.close()


@pytest.fixture(autouse=True, scope="session")
def nothing_took_the_machine() -> Iterator[None]:
    """No test leaves real-time priority behind (see `tests.fakes.priority`) for what is started after it."""
    yield
    assert os.sched_getscheduler(0) == os.SCHED_OTHER
