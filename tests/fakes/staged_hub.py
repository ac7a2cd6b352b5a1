"""The server side of the pages with a stage manager: lessons, rooms and viewers are whatever a test puts there.

Everything around it is real (HTTP edge, socket endpoint, sign-in, tokens, pages); only the scheduler's answers come
from `Stage`, so that a test can show a page any state, also those that take hardware faults to reach.
"""

import base64
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import ClassVar

import cv2
import numpy as np

from classroom.access.people import access_new_account
from classroom.access.places import access_new_region, access_new_school
from classroom.access.rows import RoleGrant
from classroom.clock import SCHOOL_ZONE
from classroom.errors import Conflict, NotFound, NotSignedIn
from classroom.http.call import Call
from classroom.http.routes import QueryParameter
from classroom.http.sockets import Socket
from classroom.messages.api import (
    JoinInfo,
    JoinRequest,
    LessonsView,
    NewLesson,
    RoomsView,
    TeachersView,
    TeacherView,
    TokenView,
)
from classroom.messages.base import Message
from classroom.messages.live import (
    LessonChanged,
    LessonList,
    MediaOffer,
    RoomChanged,
    RoomLevels,
    RoomPreview,
    WatchLesson,
    WatchLessons,
    WatchRoom,
)
from classroom.messages.views import LessonView, RoomView
from classroom.model.lesson import LessonMode, LessonState, Topology
from classroom.model.place import RegionLevel, SchoolKind
from classroom.model.principal import SYSTEM, Role
from classroom.server import Server
from classroom.service import Context, ServerRole, Service
from classroom.settings import load_settings
from web_ui.service import WebService

PASSWORD = "a-long-passphrase-42"


@dataclass
class Stage:
    """What the hub says. Change it, then `show` it to every open page."""

    lessons: dict[str, LessonView] = field(default_factory=dict)
    rooms: dict[str, RoomView] = field(default_factory=dict)
    teachers: list[TeacherView] = field(default_factory=list)
    problem: Callable[[], None] = lambda: None
    sockets: set[Socket] = field(default_factory=set)

    def put(self, *views: LessonView | RoomView) -> None:
        for view in views:
            if isinstance(view, LessonView):
                self.lessons[view.id] = view
                self.tell(LessonChanged(lesson=view))
            else:
                self.rooms[view.id] = view
                self.tell(RoomChanged(room=view))

    def change(self, lesson_id: str, **fields: object) -> LessonView:
        view = self.lessons[lesson_id].model_copy(update=fields)
        self.put(view)
        return view

    def tell(self, message: Message) -> None:
        for socket in self.sockets:
            socket.send(message)


def a_lesson(code: str = "k7m2qz", **fields: object) -> LessonView:
    """A lesson that has just begun; fields as wanted."""
    now = datetime.now(UTC).replace(microsecond=0)
    whole: dict[str, object] = {
        "id": f"lesson-{code}",
        "code": code,
        "title": "长方形和正方形的面积",
        "subject": "数学",
        "grade": 3,
        "mode": LessonMode.DELIVERY,
        "topology": Topology.ONE_TO_N,
        "state": LessonState.PLANNED,
        "teacher_name": "李晓燕",
        "school_name": "青山县实验小学",
        "room_id": "room-1",
        "room_name": "一号录播教室",
        "points": ["石桥教学点", "柳林教学点"],
        "open_join": True,
        "starts_at": now + timedelta(minutes=5),
        "ends_at": now + timedelta(minutes=45),
        "started_at": None,
        "ended_at": None,
        "sources": [],
        "viewer_count": 0,
        "viewers": [],
        **fields,
    }
    return LessonView.model_validate(whole)


def a_jpeg(blue: int, green: int, red: int) -> str:
    """A small picture in one colour with a line across, base64."""
    picture = np.full((180, 320, 3), (blue, green, red), dtype=np.uint8)
    cv2.line(picture, (0, 180), (320, 0), (255, 255, 255), 3)
    done, data = cv2.imencode(".jpg", picture)
    assert done
    return base64.b64encode(data.tobytes()).decode()


class StagedHub:
    """A service that says what its stage holds."""

    name: ClassVar[str] = "staged"
    runs_in: ClassVar[frozenset[ServerRole]] = frozenset(ServerRole)

    def __init__(self, context: Context, stage: Stage) -> None:
        self._context = context
        self._stage = stage

    async def start(self) -> None:
        routes, sockets = self._context.routes, self._context.sockets
        join = "/api/v1/join/{code}"
        query = (QueryParameter("day", "day"), QueryParameter("room", "room"))
        lessons = "/api/v1/lessons"
        routes.json("GET", join, self._info, summary="info", returns=JoinInfo)
        routes.json("POST", join, self._join, summary="join", body=JoinRequest, returns=TokenView, status=201)
        routes.json("GET", lessons, self._lessons, summary="lessons", returns=LessonsView, query=query)
        routes.json("POST", lessons, self._plan, summary="plan", body=NewLesson, returns=LessonView, status=201)
        steps = {"start": LessonState.LIVE, "stop": LessonState.ENDED, "cancel": LessonState.CANCELLED}
        for name, state in steps.items():
            routes.json("POST", f"{lessons}/{{id}}/{name}", self._step(state), summary=name, returns=LessonView)
        routes.json("GET", "/api/v1/rooms", self._rooms, summary="rooms", returns=RoomsView)
        routes.json("GET", "/api/v1/rooms/{id}/teachers", self._teachers, summary="teachers", returns=TeachersView)
        sockets.on(WatchLesson, self._watch_lesson)
        sockets.on(WatchLessons, self._watch_lessons)
        sockets.on(WatchRoom, self._watch_room)
        sockets.on(MediaOffer, self._offer)

    async def stop(self) -> None:
        self._stage.sockets.clear()

    def _by_code(self, code: str) -> LessonView:
        self._stage.problem()
        for lesson in self._stage.lessons.values():
            if lesson.code == code:
                return lesson
        raise NotFound("lesson_code_unknown")

    async def _info(self, call: Call) -> JoinInfo:
        lesson = self._by_code(call.path["code"])
        return JoinInfo(
            lesson_id=lesson.id,
            needs_account=not lesson.open_join,
            **lesson.model_dump(
                include={"code", "title", "subject", "teacher_name", "school_name", "state", "starts_at", "ends_at"}
            ),
        )

    async def _join(self, call: Call) -> TokenView:
        lesson = self._by_code(call.path["code"])
        if lesson.state in {LessonState.ENDED, LessonState.CANCELLED}:
            raise Conflict("lesson_over", lesson=lesson.title)
        token = self._context.tokens.issue_join(lesson.id, call.parsed(JoinRequest).name)
        return TokenView(token=token, lesson_id=lesson.id, expires_at=self._context.clock.now() + timedelta(minutes=10))

    async def _lessons(self, call: Call) -> LessonsView:
        self._need_account(call)
        return LessonsView(lessons=list(self._stage.lessons.values()))

    async def _plan(self, call: Call) -> LessonView:
        self._need_account(call)
        new = call.parsed(NewLesson)
        fields = new.model_dump(exclude={"teacher_id"})
        names = {teacher.id: teacher.name for teacher in self._stage.teachers}
        lesson = a_lesson(f"n{len(self._stage.lessons)}w2ab", **fields, teacher_name=names.get(new.teacher_id, ""))
        self._stage.put(lesson)
        self._stage.tell(LessonList(day=new.starts_at.date(), lessons=list(self._stage.lessons.values())))
        return lesson

    def _step(self, state: LessonState) -> Callable[[Call], Awaitable[LessonView]]:
        async def take(call: Call) -> LessonView:
            self._need_account(call)
            self._stage.problem()
            started = {"started_at": self._context.clock.now()} if state is LessonState.LIVE else {}
            return self._stage.change(call.path["id"], state=state, **started)

        return take

    async def _rooms(self, call: Call) -> RoomsView:
        self._need_account(call)
        return RoomsView(rooms=list(self._stage.rooms.values()))

    async def _teachers(self, call: Call) -> TeachersView:
        self._need_account(call)
        return TeachersView(teachers=self._stage.teachers)

    def _need_account(self, call: Call) -> None:
        if not call.principal.signed_in:
            raise NotSignedIn("sign_in_needed")

    async def _watch_lesson(self, socket: Socket, message: WatchLesson) -> None:
        self._keep(socket)
        lesson = self._stage.lessons.get(message.lesson_id)
        if lesson is None:
            raise NotFound("lesson_unknown", lesson=message.lesson_id)
        socket.send(LessonChanged(id=message.id, lesson=lesson))

    async def _watch_lessons(self, socket: Socket, message: WatchLessons) -> None:
        self._keep(socket)
        found = (
            [lesson for lesson in self._stage.lessons.values() if message.room_id in {None, lesson.room_id}]
            if message.day == _today()
            else []
        )
        socket.send(LessonList(id=message.id, day=message.day, lessons=found))

    async def _watch_room(self, socket: Socket, message: WatchRoom) -> None:
        self._keep(socket)
        room = self._stage.rooms[message.room_id]
        socket.send(RoomChanged(id=message.id, room=room))
        for index, source in enumerate(room.sources):
            if source.state == "running" and "video" in source.kinds and room.online:
                jpeg = a_jpeg(*((120, 96, 40), (60, 110, 150))[index % 2])
                socket.send(RoomPreview(room_id=room.id, source=source.name, jpeg=jpeg))
            if "audio" in source.kinds and room.online:
                socket.send(RoomLevels(room_id=room.id, source=source.name, rms_dbfs=-22.5, peak_dbfs=-9.0))

    async def _offer(self, socket: Socket, message: MediaOffer) -> None:
        raise NotFound("lesson_unknown", lesson=message.lesson_id)

    def _keep(self, socket: Socket) -> None:
        self._stage.sockets.add(socket)
        socket.on_close(lambda: self._stage.sockets.discard(socket))


def _today() -> date:
    return datetime.now(UTC).astimezone(SCHOOL_ZONE).date()


@asynccontextmanager
async def staged_server(folder: Path, port: int = 0) -> AsyncIterator[tuple[str, Stage]]:
    """A server on `folder` with accounts "teacher", "student" and "coordinator" (`PASSWORD`); its URL and stage."""
    stage = Stage()
    overrides = {"host": "127.0.0.1", "port": port, "media_port": 0, "data": folder}
    settings = load_settings(None, overrides)

    def hub(context: Context) -> Service:
        return StagedHub(context, stage)

    async with Server(settings, services=[hub, WebService]) as server:
        with suppress(Conflict):
            await _people(server.context)
        yield server.url, stage


async def _people(context: Context) -> None:
    store, now = context.store, context.clock.now()
    region = await access_new_region(store, SYSTEM, name="青山县", level=RegionLevel.COUNTY, parent_id=None, now=now)
    school = await access_new_school(
        store, SYSTEM, code="2137000001", name="青山县实验小学", kind=SchoolKind.STRONG, region_id=region.id, now=now
    )
    people = (
        ("teacher", "李晓燕", Role.TEACHER),
        ("student", "王小明", Role.STUDENT),
        ("coordinator", "王建国", Role.COORDINATOR),
    )
    for username, name, role in people:
        await access_new_account(
            store,
            SYSTEM,
            username=username,
            name=name,
            password=PASSWORD,
            grants=[RoleGrant(role, None)],
            school_id=school.id,
            now=now,
        )
