"""Column types that behave alike on both databases."""

import secrets
from datetime import UTC, datetime
from enum import StrEnum
from typing import TypeVar

from sqlalchemy import DateTime, Dialect, String
from sqlalchemy import Enum as SqlEnum
from sqlalchemy.types import TypeDecorator

E = TypeVar("E", bound=StrEnum)

ID_LENGTH = 32


def new_id() -> str:
    """A random identifier: 96 bits, so that no identifier is ever guessed or used twice."""
    return secrets.token_hex(12)


class UtcDateTime(TypeDecorator[datetime]):
    """An aware time, kept and returned in UTC. SQLite has no zones, so a naive time there means UTC."""

    impl = DateTime(timezone=True)
    cache_ok = True

    def process_bind_param(self, value: datetime | None, dialect: Dialect) -> datetime | None:
        if value is None:
            return None
        if value.tzinfo is None:
            raise ValueError("a stored time must be aware")
        value = value.astimezone(UTC)
        return value.replace(tzinfo=None) if dialect.name == "sqlite" else value

    def process_result_value(self, value: datetime | None, dialect: Dialect) -> datetime | None:
        if value is None:
            return None
        return value.replace(tzinfo=UTC) if value.tzinfo is None else value.astimezone(UTC)


def enum_column(kind: type[E]) -> SqlEnum:
    """A StrEnum kept as its value in plain text: a new member needs no database migration."""
    return SqlEnum(
        kind,
        native_enum=False,
        create_constraint=False,
        length=24,
        values_callable=lambda members: [member.value for member in members],
    )


def id_column() -> String:
    return String(ID_LENGTH)
