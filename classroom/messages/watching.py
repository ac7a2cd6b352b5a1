"""What the player page is told of a recording."""

from datetime import datetime

from classroom.messages.base import Message
from classroom.messages.views import MediaKind


class HoleView(Message):
    """Where a track has nothing, seconds from the recording's beginning."""

    begin_s: float
    end_s: float


class TrackView(Message):
    """One picture or sound in one codec; `url` is of its HLS playlist. A source's sound may come in several codecs.

    `offset_s`: recording time at the playlist's own zero.
    """

    key: str
    name: str
    kind: MediaKind
    codec: str
    url: str
    width: int = 0
    height: int = 0
    offset_s: float
    end_s: float
    holes: list[HoleView] = []


class ChapterView(Message):
    """A slide shown from `start_s` on; `still` is a small picture of it."""

    start_s: float
    still: str | None


class SheetView(Message):
    """Small pictures of the whole recording in one image, one every `every_s`, in rows of `columns`."""

    url: str
    every_s: float
    tiles: int
    columns: int
    tile_width: int
    tile_height: int


class CaptionsView(Message):
    """WebVTT. `language` as in RFC 5646."""

    language: str
    label: str
    url: str


class ExtrasView(Message):
    """How far pictures, waveform, chapters and AAC are. `failed`: segments that gave none."""

    done: int
    steps: int
    failed: int
    finished: bool


class WaveformView(Message):
    """Loudness, 0 to 255, `per_second` of them from the recording's beginning."""

    per_second: float
    peaks: list[int]


class WatchView(Message):
    """Everything the player page needs. `running`: the lesson goes on, and the tracks grow."""

    recording_id: str
    title: str
    subject: str
    teacher_name: str
    school_name: str
    lesson_code: str | None
    began_at: datetime
    running: bool
    duration_s: float
    tracks: list[TrackView]
    chapters: list[ChapterView]
    captions: list[CaptionsView]
    poster: str | None
    sheet: SheetView | None
    waveform: str | None
    movie: str | None
    extras: ExtrasView | None


class LessonRecordingView(Message):
    """Where a lesson can be seen from its beginning; `recording_id` is None when nothing was recorded (yet)."""

    recording_id: str | None
    began_at: datetime | None = None
