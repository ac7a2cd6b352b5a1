"""The `/ws` socket: JSON text frames, each one message with its `type`.

The first frame of a client is `hello`; a page sends a join token in it or relies on its session cookie, an agent
carries its device token. The server answers `welcome`. Requests with an `id` are answered by a message or an `error`
with the same `id`. Pages offer, the server answers (WHEP over a socket): to add a source or restart ICE, offer again.
"""

from datetime import date, datetime
from typing import Annotated, Literal

from pydantic import Field, TypeAdapter

from classroom.messages.base import Message
from classroom.messages.plans import RunView
from classroom.messages.views import AlarmView, LessonView, MediaKind, RoomRecordingView, RoomSourceView, RoomView
from classroom.model.principal import Role

MAX_FRAME_BYTES = 256 * 1024

# -- from pages ------------------------------------------------------------------------------------------------------


class Hello(Message):
    type: Literal["hello"] = "hello"
    token: str | None = None
    language: Literal["zh-CN", "en"] = "zh-CN"


class WatchLesson(Message):
    """Send `lesson` now and whenever it changes."""

    type: Literal["watch_lesson"] = "watch_lesson"
    id: int
    lesson_id: str


class WatchLessons(Message):
    """Send `lessons` of one day now and whenever one changes; `room_id` narrows to a room."""

    type: Literal["watch_lessons"] = "watch_lessons"
    id: int
    day: date
    room_id: str | None = None


class WatchRoom(Message):
    """Send `room`, `room_preview` and `room_levels`."""

    type: Literal["watch_room"] = "watch_room"
    id: int
    room_id: str


class WatchRun(Message):
    """Send `run`, a run of the solver, now and whenever it goes on."""

    type: Literal["watch_run"] = "watch_run"
    id: int
    run_id: str


class WantedTrack(Message):
    """One receiving media section of an offer: which source's sound or picture it shall carry."""

    mid: str
    source: str
    kind: MediaKind


class MediaOffer(Message):
    """Subscribe. The first offer creates the connection, later ones renegotiate it (new sources, ICE restart)."""

    type: Literal["media_offer"] = "media_offer"
    id: int
    lesson_id: str
    sdp: Annotated[str, Field(max_length=100_000)]
    tracks: Annotated[list[WantedTrack], Field(max_length=32)]


class MediaPrefer(Message):
    """Choose for one picture: "auto", "off", or a `rid` to be pinned to."""

    type: Literal["media_prefer"] = "media_prefer"
    mid: str
    encoding: str


class MediaClose(Message):
    type: Literal["media_close"] = "media_close"


class Ping(Message):
    """Keeps the socket alive through proxies and measures the round trip."""

    type: Literal["ping"] = "ping"
    id: int


# -- from room agents ------------------------------------------------------------------------------------------------


class AgentState(Message):
    """The whole state of a room agent, sent on connecting and on change."""

    type: Literal["agent_state"] = "agent_state"
    sources: list[RoomSourceView]
    alarms: list[AlarmView]
    publishing_lesson_id: str | None
    recordings: Annotated[list[RoomRecordingView], Field(max_length=16)] = []


class AgentPreview(Message):
    """A small JPEG of what a source shows now (base64)."""

    type: Literal["agent_preview"] = "agent_preview"
    source: str
    jpeg: Annotated[str, Field(max_length=120_000)]


class AgentLevels(Message):
    """Sound level of a source over the last tenth of a second, dBFS (0 is full scale, -96 is silence)."""

    type: Literal["agent_levels"] = "agent_levels"
    source: str
    rms_dbfs: float
    peak_dbfs: float


ClientMessage = Annotated[
    Hello
    | WatchLesson
    | WatchLessons
    | WatchRoom
    | WatchRun
    | MediaOffer
    | MediaPrefer
    | MediaClose
    | Ping
    | AgentState
    | AgentPreview
    | AgentLevels,
    Field(discriminator="type"),
]

# -- from the server -------------------------------------------------------------------------------------------------


class Welcome(Message):
    type: Literal["welcome"] = "welcome"
    client_id: str
    name: str
    roles: list[Role]
    server_time: datetime


class LessonChanged(Message):
    type: Literal["lesson"] = "lesson"
    id: int | None = None
    lesson: LessonView


class LessonList(Message):
    type: Literal["lessons"] = "lessons"
    id: int | None = None
    day: date
    lessons: list[LessonView]


class RoomChanged(Message):
    type: Literal["room"] = "room"
    id: int | None = None
    room: RoomView


class RoomPreview(Message):
    type: Literal["room_preview"] = "room_preview"
    room_id: str
    source: str
    jpeg: str


class RoomLevels(Message):
    type: Literal["room_levels"] = "room_levels"
    room_id: str
    source: str
    rms_dbfs: float
    peak_dbfs: float


class RunChanged(Message):
    type: Literal["run"] = "run"
    id: int | None = None
    run: RunView


class MediaAnswer(Message):
    type: Literal["media_answer"] = "media_answer"
    id: int
    sdp: str


class MediaTrackState(Message):
    """What a media section carries now; sent on change. `rid` is null while the server sends no picture on it,
    and `reason` says why ("bandwidth": the line is too thin, "codec": your offer has no codec that can carry it,
    "no_source": nobody publishes it, "off": you chose so)."""

    type: Literal["media_track"] = "media_track"
    mid: str
    rid: str | None
    reason: Literal["bandwidth", "codec", "no_source", "off"] | None = None


class MediaLost(Message):
    """The server gave the media connection up (or never had it): offer again."""

    type: Literal["media_lost"] = "media_lost"
    reason: str


class AgentLesson(Message):
    """To an agent: the lesson to publish and record now; null: stop. `began_at` is when it was started: media time 0
    of its recording."""

    type: Literal["agent_lesson"] = "agent_lesson"
    lesson_id: str | None
    title: str | None = None
    began_at: datetime | None = None


class AgentWatched(Message):
    """To an agent: somebody looks into the room, so send previews and levels for so long; said again while they do."""

    type: Literal["agent_watched"] = "agent_watched"
    for_s: Annotated[float, Field(gt=0, le=60)]


class Pong(Message):
    type: Literal["pong"] = "pong"
    id: int
    server_time: datetime


class Failure(Message):
    """A request, or the whole socket when `id` is null, was refused. Text is in the language of `hello`."""

    type: Literal["error"] = "error"
    id: int | None = None
    code: str
    message: str
    remedy: str


ServerMessage = Annotated[
    Welcome
    | LessonChanged
    | LessonList
    | RoomChanged
    | RoomPreview
    | RoomLevels
    | RunChanged
    | MediaAnswer
    | MediaTrackState
    | MediaLost
    | AgentLesson
    | AgentWatched
    | Pong
    | Failure,
    Field(discriminator="type"),
]

client_messages: TypeAdapter[ClientMessage] = TypeAdapter(ClientMessage)
server_messages: TypeAdapter[ServerMessage] = TypeAdapter(ServerMessage)
