"""Who is asking, and in which roles."""

from dataclasses import dataclass
from enum import StrEnum


class Role(StrEnum):
    TEACHER = "teacher"
    STUDENT = "student"
    COORDINATOR = "coordinator"
    ARCHIVIST = "archivist"
    SUPERVISOR = "supervisor"
    ADMIN = "admin"
    DEVICE = "device"


@dataclass(frozen=True, slots=True)
class Principal:
    """Whoever is asking. An account has `roles`; a device its `room_id`; a token-holder the one `lesson_id` it opens.

    `id` is stable per account or device and random per guest; `name` is what others see. `publish_source` is set only
    for holders of a publishing token: the one source they may publish.
    """

    id: str
    name: str
    roles: frozenset[Role] = frozenset()
    school_id: str | None = None
    room_id: str | None = None
    lesson_id: str | None = None
    publish_source: str | None = None

    @property
    def signed_in(self) -> bool:
        return bool(self.roles)

    def has(self, *roles: Role) -> bool:
        return not self.roles.isdisjoint(roles)


NOBODY = Principal(id="", name="")

# The server itself: what the scheduler does by the clock, and what commands run on the server's own machine do.
SYSTEM = Principal(id="system", name="system", roles=frozenset({Role.ADMIN}))
