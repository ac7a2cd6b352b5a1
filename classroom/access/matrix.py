"""Who may do what: one table. A principal may do a deed when one of its relations to the thing is listed for it."""

from collections.abc import Mapping
from enum import StrEnum


class Relation(StrEnum):
    """How somebody stands to a lesson, to a recording, to a school and its rooms, or to a region."""

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
    PRESENT = "present"  # may watch the lesson, which is still being recorded
    EXPERT = "expert"  # asked to judge the recording
    AUDIENCE = "audience"  # the recording is published, for people like this
    RECIPIENT = "recipient"  # of the audience, and may take the file away
    BEARER = "bearer"  # holds a share link that has not expired


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
    SEE_RECORDING = "see_recording"
    WATCH_RECORDING = "watch_recording"
    DOWNLOAD_RECORDING = "download_recording"
    DESCRIBE_RECORDING = "describe_recording"
    SUBMIT_RECORDING = "submit_recording"
    RATE_RECORDING = "rate_recording"  # with stars
    JUDGE_RECORDING = "judge_recording"  # by the rubric
    REMARK_RECORDING = "remark_recording"  # 听评课: see and make comments at a moment of it
    SEE_REVIEWS = "see_reviews"
    KEEP_RECORDING = "keep_recording"  # decide, publish, share, retire, trash
    KEEP_ARCHIVE = "keep_archive"  # knowledge points, imports, exports, retention


_R = Relation
_STAFF = frozenset({_R.ADMIN, _R.COORDINATOR, _R.SUPERVISOR, _R.ARCHIVIST})
_KEEPERS = frozenset({_R.ADMIN, _R.ARCHIVIST})
_OF_RECORDINGS = frozenset({_R.PRESENT, _R.EXPERT, _R.AUDIENCE, _R.RECIPIENT, _R.BEARER})
_RECORDING_SEEN = _STAFF | _OF_RECORDINGS | {_R.TEACHER, _R.COLLEAGUE}

ALLOWED: Mapping[Deed, frozenset[Relation]] = {
    Deed.SEE_LESSON: frozenset(Relation) - _OF_RECORDINGS,
    Deed.WATCH_LESSON: frozenset(Relation) - _OF_RECORDINGS - {_R.ARCHIVIST, _R.PUBLISHER},
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
    Deed.SEE_RECORDING: _RECORDING_SEEN,
    Deed.WATCH_RECORDING: _RECORDING_SEEN,
    Deed.DOWNLOAD_RECORDING: _KEEPERS | {_R.COORDINATOR, _R.TEACHER, _R.RECIPIENT},
    Deed.DESCRIBE_RECORDING: _KEEPERS | {_R.TEACHER},
    Deed.SUBMIT_RECORDING: _KEEPERS | {_R.TEACHER},
    Deed.RATE_RECORDING: frozenset({_R.COLLEAGUE, _R.AUDIENCE}),
    Deed.JUDGE_RECORDING: frozenset({_R.EXPERT}),
    Deed.REMARK_RECORDING: _STAFF | {_R.TEACHER, _R.COLLEAGUE, _R.EXPERT},
    Deed.SEE_REVIEWS: _STAFF | {_R.TEACHER, _R.EXPERT},
    Deed.KEEP_RECORDING: _KEEPERS,
    Deed.KEEP_ARCHIVE: _KEEPERS,
}


def allowed(deed: Deed, relations: frozenset[Relation]) -> bool:
    """Whether somebody with these relations may."""
    return not ALLOWED[deed].isdisjoint(relations)
