"""Events on the bus, in the past tense: facts other processes may want to know.

State itself is in the store or presence.
"""

from typing import Annotated, Literal

from pydantic import Field, TypeAdapter

from classroom.messages.base import Message
from classroom.messages.views import SourceView, ViewerView
from classroom.model.lesson import LessonState


class LessonMoved(Message):
    """A lesson was created, changed or took a step; read it from the store."""

    type: Literal["lesson_moved"] = "lesson_moved"
    lesson_id: str
    room_id: str
    state: LessonState


class SourcesChanged(Message):
    """What one media node carries of a lesson (all of it, also kept as presence `lesson:{id}:sources:{node}`)."""

    type: Literal["sources_changed"] = "sources_changed"
    lesson_id: str
    node: str
    sources: list[SourceView]


class ViewersChanged(Message):
    """Who watches a lesson at one media node (all of them, at most once a second)."""

    type: Literal["viewers_changed"] = "viewers_changed"
    lesson_id: str
    node: str
    viewers: list[ViewerView]


class RoomStateChanged(Message):
    """A room's agent came, went or changed; its view is presence `room:{id}`."""

    type: Literal["room_state_changed"] = "room_state_changed"
    room_id: str


class RoomWatched(Message):
    """Somebody looks into a room; said again every few seconds while they do."""

    type: Literal["room_watched"] = "room_watched"
    room_id: str


class RoomPreviewTaken(Message):
    type: Literal["room_preview_taken"] = "room_preview_taken"
    room_id: str
    source: str
    jpeg: str


class RoomLevelsMeasured(Message):
    type: Literal["room_levels_measured"] = "room_levels_measured"
    room_id: str
    source: str
    rms_dbfs: float
    peak_dbfs: float


class PlanRunMoved(Message):
    """A run of the solver went on, ended or was cancelled; read it from the store."""

    type: Literal["plan_run_moved"] = "plan_run_moved"
    run_id: str


BusEvent = Annotated[
    LessonMoved
    | SourcesChanged
    | ViewersChanged
    | RoomStateChanged
    | RoomWatched
    | RoomPreviewTaken
    | RoomLevelsMeasured
    | PlanRunMoved,
    Field(discriminator="type"),
]

bus_events: TypeAdapter[BusEvent] = TypeAdapter(BusEvent)
