"""Who may do what: one table. A principal may do a deed when one of its relations to the thing is listed for it."""

from collections.abc import Mapping
from enum import StrEnum


class Relation(StrEnum):
    """How somebody stands to a lesson, to a school and its rooms, or to a region."""

    ADMIN = "admin"
    COORDINATOR = "coordinator"  # of the host school, of the region, or of one above
    SUPERVISOR = "supervisor"
    ARCHIVIST = "archivist"
    RECEIVING_STAFF = "receiving_staff"  # coordinator or supervisor of a teaching point that takes part
    TEACHER = "teacher"  # the lesson's own
    COLLEAGUE = "colleague"  # a teacher of the host school or of a teaching point that takes part
    PUPIL = "pupil"  # a student there
    ROOM_DEVICE = "room_device"  # the agent of the lesson's room
    SCHOOL_DEVICE = "school_device"  # an agent of another room there
    GUEST = "guest"  # holds a join token for this lesson
    PUBLISHER = "publisher"  # holds a publishing token for this lesson
    PASSER_BY = "passer_by"  # signed in, and the lesson is open to all


class Deed(StrEnum):
    """What may be done with a lesson, in a school, or in a region."""

    SEE_LESSON = "see_lesson"
    WATCH_LESSON = "watch_lesson"
    SEE_VIEWERS = "see_viewers"
    PUBLISH = "publish"
    CONTROL_LESSON = "control_lesson"
    CANCEL_LESSON = "cancel_lesson"
    MOVE_LESSON = "move_lesson"  # the steps only the server itself takes
    PLAN_LESSON = "plan_lesson"  # into a school's room, for any teacher
    PLAN_OWN_LESSON = "plan_own_lesson"
    SEE_ROOM = "see_room"
    MANAGE_SCHOOL = "manage_school"  # its rooms, devices and accounts
    RECORD_LESSON = "record_lesson"
    KEEP_SEGMENTS = "keep_segments"  # what only the server itself does with the segment store
    SEE_CONNECTIONS = "see_connections"  # every media connection, with its addresses
    SEE_PLANNING = "see_planning"  # a region's registry, needs and timetables
    MANAGE_PLANNING = "manage_planning"


_R = Relation

ALLOWED: Mapping[Deed, frozenset[Relation]] = {
    Deed.SEE_LESSON: frozenset(Relation),
    Deed.WATCH_LESSON: frozenset(Relation) - {_R.ARCHIVIST, _R.PUBLISHER},
    Deed.SEE_VIEWERS: frozenset(
        {_R.ADMIN, _R.COORDINATOR, _R.SUPERVISOR, _R.RECEIVING_STAFF, _R.TEACHER, _R.ROOM_DEVICE}
    ),
    # not the admin: nobody speaks into a classroom but those who teach in it
    Deed.PUBLISH: frozenset({_R.TEACHER, _R.ROOM_DEVICE, _R.PUBLISHER}),
    Deed.CONTROL_LESSON: frozenset({_R.ADMIN, _R.COORDINATOR, _R.TEACHER, _R.ROOM_DEVICE}),
    Deed.CANCEL_LESSON: frozenset({_R.ADMIN, _R.COORDINATOR, _R.TEACHER}),
    Deed.MOVE_LESSON: frozenset({_R.ADMIN}),
    Deed.PLAN_LESSON: frozenset({_R.ADMIN, _R.COORDINATOR}),
    Deed.PLAN_OWN_LESSON: frozenset({_R.ADMIN, _R.COORDINATOR, _R.COLLEAGUE}),
    Deed.SEE_ROOM: frozenset({_R.ADMIN, _R.COORDINATOR, _R.SUPERVISOR, _R.COLLEAGUE, _R.ROOM_DEVICE, _R.SCHOOL_DEVICE}),
    Deed.MANAGE_SCHOOL: frozenset({_R.ADMIN, _R.COORDINATOR}),
    Deed.RECORD_LESSON: frozenset({_R.ADMIN, _R.ROOM_DEVICE}),
    Deed.KEEP_SEGMENTS: frozenset({_R.ADMIN}),
    Deed.SEE_CONNECTIONS: frozenset({_R.ADMIN}),
    Deed.SEE_PLANNING: frozenset({_R.ADMIN, _R.COORDINATOR, _R.SUPERVISOR}),
    Deed.MANAGE_PLANNING: frozenset({_R.ADMIN, _R.COORDINATOR}),
}


def allowed(deed: Deed, relations: frozenset[Relation]) -> bool:
    """Whether somebody with these relations may."""
    return not ALLOWED[deed].isdisjoint(relations)
