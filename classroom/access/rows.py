"""From rows to model dataclasses, and the names that pages show beside them."""

from dataclasses import dataclass
from datetime import datetime

from classroom.model.lesson import Lesson
from classroom.model.place import Region, Room, School
from classroom.model.principal import Role
from classroom.model.recording import Recording, Segment, Track
from classroom.store.recording_tables import RecordingRow, SegmentRow, TrackRow
from classroom.store.tables import AccountRow, DeviceRow, LessonRow, RegionRow, RoomRow, SchoolRow


@dataclass(frozen=True, slots=True)
class LessonDetails:
    """A lesson with the names of its teacher and place."""

    lesson: Lesson
    teacher_name: str
    school_name: str
    room_name: str


@dataclass(frozen=True, slots=True)
class RoomDetails:
    """A room with its school."""

    room: Room
    school: School


@dataclass(frozen=True, slots=True)
class RoleGrant:
    """A role within a region and below; without a region, within the account's school."""

    role: Role
    region_id: str | None = None


@dataclass(frozen=True, slots=True)
class Account:
    """An account, without its password."""

    id: str
    username: str
    name: str
    school_id: str | None
    grants: tuple[RoleGrant, ...]
    disabled_at: datetime | None


@dataclass(frozen=True, slots=True)
class Device:
    """A room's agent, known by the token issued to it."""

    id: str
    room_id: str
    name: str
    created_at: datetime
    revoked_at: datetime | None


def region_of(row: RegionRow) -> Region:
    return Region(id=row.id, name=row.name, level=row.level, parent_id=row.parent_id)


def school_of(row: SchoolRow) -> School:
    return School(id=row.id, code=row.code, name=row.name, kind=row.kind, region_id=row.region_id)


def room_of(row: RoomRow) -> Room:
    return Room(id=row.id, code=row.code, name=row.name, kind=row.kind, school_id=row.school_id)


def account_of(row: AccountRow) -> Account:
    return Account(
        id=row.id,
        username=row.username,
        name=row.name,
        school_id=row.school_id,
        grants=tuple(RoleGrant(entry.role, entry.region_id) for entry in row.roles),
        disabled_at=row.disabled_at,
    )


def device_of(row: DeviceRow) -> Device:
    return Device(id=row.id, room_id=row.room_id, name=row.name, created_at=row.created_at, revoked_at=row.revoked_at)


def lesson_of(row: LessonRow) -> Lesson:
    return Lesson(
        id=row.id,
        code=row.code,
        title=row.title,
        subject=row.subject,
        grade=row.grade,
        mode=row.mode,
        topology=row.topology,
        state=row.state,
        room_id=row.room_id,
        teacher_id=row.teacher_id,
        starts_at=row.starts_at,
        ends_at=row.ends_at,
        open_join=row.open_join,
        points=tuple(point.name for point in row.points),
        started_at=row.started_at,
        ended_at=row.ended_at,
    )


def recording_of(row: RecordingRow) -> Recording:
    return Recording(
        id=row.id,
        lesson_id=row.lesson_id,
        school_id=row.school_id,
        title=row.title,
        state=row.state,
        began_at=row.began_at,
        duration_s=row.duration_s,
    )


def track_of(row: TrackRow) -> Track:
    return Track(
        id=row.id,
        recording_id=row.recording_id,
        name=row.name,
        kind=row.kind,
        origin=row.origin,
        codec=row.codec,
        timescale=row.timescale,
        width=row.width,
        height=row.height,
        channels=row.channels,
        complete=row.expected_segments is not None,
    )


def segment_of(row: SegmentRow) -> Segment:
    return Segment(
        sequence=row.sequence,
        digest=row.digest,
        init_digest=row.init_digest,
        size_bytes=row.size_bytes,
        start=row.start,
        duration=row.duration,
    )
