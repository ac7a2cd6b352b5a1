"""Fixtures of all tests: real servers, started when the first test asks for them."""

from collections.abc import Iterator

import pytest

from tests.fakes.servers import PostgresServer, RedisServer, short_directory


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
