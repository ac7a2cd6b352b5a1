"""Bodies of the HTTP API under /api/v1."""

from datetime import datetime
from typing import Annotated, Literal

from pydantic import Field

from classroom.messages.base import Message
from classroom.messages.views import LessonView, RoomView
from classroom.model.lesson import LessonMode, LessonState, Topology
from classroom.model.principal import Role

Name = Annotated[str, Field(min_length=1, max_length=80)]


class SignIn(Message):
    username: Annotated[str, Field(min_length=1, max_length=64)]
    password: Annotated[str, Field(min_length=1, max_length=256)]


class SessionView(Message):
    """Who is signed in."""

    id: str
    name: str
    roles: list[Role]
    school_id: str | None


class JoinInfo(Message):
    """What anybody with the code may know of a lesson."""

    lesson_id: str
    code: str
    title: str
    subject: str
    teacher_name: str
    school_name: str
    state: LessonState
    starts_at: datetime
    ends_at: datetime
    needs_account: bool


class JoinRequest(Message):
    """`name` is shown to the teacher: the teaching point's or the child's."""

    name: Name


class TokenView(Message):
    token: str
    lesson_id: str
    expires_at: datetime


class TokenRequest(Message):
    """A token for a third-party publisher or player; `source` is needed to publish."""

    kind: Literal["join", "publish"]
    source: Annotated[str, Field(pattern=r"^[a-z][a-z0-9_-]{0,31}$")] | None = None


class NewLesson(Message):
    title: Name
    subject: Name
    grade: Annotated[int, Field(ge=1, le=12)]
    mode: LessonMode
    topology: Topology = Topology.ONE_TO_N
    room_id: str
    teacher_id: str
    starts_at: datetime
    ends_at: datetime
    open_join: bool = True
    points: Annotated[list[Name], Field(max_length=64)] = []


class LessonsView(Message):
    lessons: list[LessonView]


class RoomsView(Message):
    rooms: list[RoomView]


class TeacherView(Message):
    """Somebody a lesson can be planned for."""

    id: str
    name: str


class TeachersView(Message):
    teachers: list[TeacherView]


class Problem(Message):
    """RFC 9457 problem details, with our stable `code` and what to do about it."""

    type: str = "about:blank"
    title: str
    status: int
    code: str
    detail: str
    remedy: str
    data: dict[str, str | int | float | bool | list[str]] = {}
