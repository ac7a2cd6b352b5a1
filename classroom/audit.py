"""The audit: who did what, when, to what. Rows are only ever added; the database itself refuses anything else."""

from collections.abc import Mapping
from datetime import datetime

from sqlalchemy.ext.asyncio import AsyncSession

from classroom.clock import Clock
from classroom.model.principal import Principal
from classroom.store.tables import AuditRow

Detail = str | int | float | bool | None | list[str]


def append(
    session: AsyncSession,
    principal: Principal,
    action: str,
    object: str,
    details: Mapping[str, Detail] | None = None,
    *,
    now: datetime,
) -> None:
    """Add a row in the transaction of the deed itself: both are kept, or neither.

    `action` is `area.deed` in the past tense ("lesson.started"), `object` is `kind:id` ("lesson:3f…"). `details` hold
    identifiers and states, no names of people: what was erased by law must not live on here.
    """
    session.add(
        AuditRow(
            at=now,
            actor_id=principal.id or "nobody",
            actor_roles=",".join(sorted(role.value for role in principal.roles)),
            action=action,
            object=object,
            details=dict(details or {}),
        )
    )


class Audit:
    """The audit with the process's clock, for services."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock

    def append(
        self,
        session: AsyncSession,
        principal: Principal,
        action: str,
        object: str,
        details: Mapping[str, Detail] | None = None,
    ) -> None:
        """See `append`; the time is now."""
        append(session, principal, action, object, details, now=self._clock.now())
