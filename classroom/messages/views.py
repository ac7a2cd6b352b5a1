"""What pages are shown of lessons, rooms and viewers.

Each view is a whole snapshot: the newest one replaces the last.
"""

from datetime import datetime
from typing import Literal

from classroom.messages.base import Message
from classroom.model.lesson import LessonMode, LessonState, Topology

MediaKind = Literal["audio", "video"]
Quality = Literal["good", "fair", "poor", "audio_only", "lost"]
AlarmCode = Literal[
    "no_signal",
    "silence",
    "black_picture",
    "source_failed",
    "publishing_lost",
    "recording_failed",
    "disk_low",
    "disk_full",
]


class EncodingView(Message):
    """One encoding of a source's picture; `rid` as in RFC 8851. Zero where not known yet."""

    rid: str
    width: int = 0
    height: int = 0
    bitrate_bps: int = 0


class SourceView(Message):
    """A source now published into a lesson. `encodings` from the highest to the lowest; empty without a picture."""

    name: str
    kinds: list[MediaKind]
    encodings: list[EncodingView] = []


class ViewerView(Message):
    """Somebody watching, as the server measures it."""

    id: str
    name: str
    quality: Quality
    loss_percent: float
    rtt_ms: int | None
    encoding: str | None
    since: datetime


class LessonView(Message):
    """A lesson as pages see it. `viewers` is present for staff only; everyone gets `viewer_count`."""

    id: str
    code: str
    title: str
    subject: str
    grade: int
    mode: LessonMode
    topology: Topology
    state: LessonState
    teacher_name: str
    school_name: str
    room_id: str
    room_name: str
    points: list[str]
    open_join: bool
    starts_at: datetime
    ends_at: datetime
    started_at: datetime | None
    ended_at: datetime | None
    sources: list[SourceView]
    viewer_count: int
    viewers: list[ViewerView] | None = None


class AlarmView(Message):
    """Something the teacher should know, raised by the room agent. `source` is empty for the room itself."""

    code: AlarmCode
    source: str
    since: datetime


class RoomSourceView(Message):
    """A source of a room, whether or not it is being published. `problem` is an error code of the catalogs and
    `problem_data` what fills its text."""

    name: str
    kinds: list[MediaKind]
    state: Literal["starting", "running", "failed"]
    problem: str | None = None
    problem_data: dict[str, str | int | float | bool | list[str]] = {}
    problem_text: str | None = None
    width: int = 0
    height: int = 0
    fps: float = 0
    encoder: str | None = None


class RoomRecordingView(Message):
    """A lesson on the room's own disk that is not wholly on the server yet. `problem` is an error code of the catalogs:
    why it is not recorded, or why nothing moves."""

    lesson_id: str
    title: str
    running: bool
    recorded_s: float
    safe_s: float
    waiting_bytes: int
    problem: str | None = None
    problem_data: dict[str, str | int | float | bool | list[str]] = {}
    problem_text: str | None = None


class RoomView(Message):
    """A room and its agent as pages see them."""

    id: str
    code: str
    name: str
    school_name: str
    online: bool
    sources: list[RoomSourceView] = []
    alarms: list[AlarmView] = []
    publishing_lesson_id: str | None = None
    recordings: list[RoomRecordingView] = []
