"""What a row of the role matrix says, and who is who in it."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from tests.fakes.county import County

EVERYBODY = "everybody"
SOMEBODY = "somebody"

ADMINS = {"admin"}
COORDINATORS = {"province_coordinator", "county_coordinator", "school_coordinator"}
SUPERVISORS = {"province_supervisor", "county_supervisor", "school_supervisor"}
ARCHIVISTS = {"province_archivist", "county_archivist", "school_archivist"}
RECEIVING_STAFF = {"other_county_coordinator", "other_county_supervisor"}
SCHOOL_STAFF = {"teacher", "colleague"}
MEMBERS = {"colleague", "pupil", "second_room_device", "point_teacher", "point_pupil", "point_device"}
ACCOUNTS_AND_DEVICES = "signed in"

WATCHERS = ADMINS | COORDINATORS | SUPERVISORS | RECEIVING_STAFF | MEMBERS | {"teacher", "room_device", "guest"}
DEVICES = {"room_device", "second_room_device", "point_device", "other_device"}
RECORDERS = ADMINS | {"room_device"}
CONTROLLERS = ADMINS | COORDINATORS | {"teacher", "room_device"}


@dataclass(frozen=True)
class Row:
    """Who may, and a request that is right in everything else."""

    may: set[str] | str
    path: Callable[[County], str]
    request: Callable[[County], dict[str, Any]] = lambda county: {}
    # Token-holders are told to sign in, not that they may not.
    needs_account: bool = False
    # None: everybody there is.
    callers: tuple[str, ...] | None = None


def fixed(path: str) -> Callable[[County], str]:
    return lambda county: path
