"""Every endpoint, called by everybody there is and by nobody: the whole matrix, written out.

A caller may (True) when the answer is neither 401 nor 403, whatever else may be wrong with the request; a caller who
is somebody must be told 403 and nobody 401. An endpoint without a row here fails the test.
"""

from collections.abc import Callable
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from classroom.http.routes import Route
from classroom.service import ServiceFactory
from media_server.archive.library.service import LibraryService
from media_server.archive.service import ArchiveService
from media_server.exchange.service import ExchangeService
from media_server.service import MediaService
from media_server.watching.service import WatchingService
from scheduler.service import SchedulerService
from tests.fakes.county import NOW, PASSWORD, County
from tests.fakes.hub import Hub, running_hub
from tests.integration.classroom_http.library_matrix import LIBRARY, add_what_is_kept
from tests.integration.classroom_http.matrix_rows import (
    ACCOUNTS_AND_DEVICES,
    ADMINS,
    ARCHIVISTS,
    CONTROLLERS,
    COORDINATORS,
    DEVICES,
    EVERYBODY,
    RECORDERS,
    SCHOOL_STAFF,
    SOMEBODY,
    SUPERVISORS,
    WATCHERS,
    Row,
    fixed,
)
from tests.integration.classroom_http.planning_matrix import PLANNING, add_what_is_planned
from tests.integration.classroom_http.watching_matrix import WATCHING, add_what_is_watched
from web_ui.service import WebService

DIGEST = "0" * 64
SERVICES: list[ServiceFactory] = [
    ArchiveService, ExchangeService, LibraryService, MediaService, SchedulerService, WatchingService, WebService
]  # fmt: skip
TRACK = {"name": "teacher", "kind": "audio", "codec": "opus", "timescale": 48_000, "channels": 1}
LINE = {"sequence": 0, "digest": DIGEST, "init_digest": DIGEST, "size_bytes": 1, "start": 0, "duration": 1}


def lesson_path(suffix: str = "") -> Callable[[County], str]:
    return lambda county: f"/api/v1/lessons/{county.lesson.id}{suffix}"


def new_lesson(county: County) -> dict[str, Any]:
    day = NOW + timedelta(days=30)
    body = {
        "title": "t", "subject": "s", "grade": 1, "mode": "delivery", "room_id": county.room.id,
        "teacher_id": county["teacher"].id, "starts_at": day.isoformat(),
        "ends_at": (day + timedelta(minutes=40)).isoformat(),
    }  # fmt: skip
    return {"json": body}


def offer(county: County) -> dict[str, Any]:
    return {"data": b"v=0\r\n", "headers": {"Content-Type": "application/sdp"}}


def fragment(county: County) -> dict[str, Any]:
    return {"data": b"a=mid:0\r\n", "headers": {"Content-Type": "application/trickle-ice-sdpfrag"}}


MATRIX: dict[str, Row] = {
    "GET /": Row(EVERYBODY, fixed("/")),
    "GET /panel": Row(EVERYBODY, fixed("/panel")),
    "GET /join/{code}": Row(EVERYBODY, fixed("/join/abc234")),
    "GET /console": Row(EVERYBODY, fixed("/console")),
    "GET /archive": Row(EVERYBODY, fixed("/archive")),
    "GET /library": Row(EVERYBODY, fixed("/library")),
    "GET /console/plan": Row(EVERYBODY, fixed("/console/plan")),
    "GET /watch/{recording}": Row(EVERYBODY, fixed("/watch/none")),
    "GET /assets/{name}": Row(EVERYBODY, fixed("/assets/none.js")),
    "GET /ws": Row(EVERYBODY, fixed("/ws")),
    "GET /healthz": Row(EVERYBODY, fixed("/healthz")),
    "GET /readyz": Row(EVERYBODY, fixed("/readyz")),
    "GET /metrics": Row(EVERYBODY, fixed("/metrics")),
    "GET /api/openapi.json": Row(EVERYBODY, fixed("/api/openapi.json")),
    "GET /api/v1/session": Row(ACCOUNTS_AND_DEVICES, fixed("/api/v1/session"), needs_account=True),
    "GET /api/v1/join/{code}": Row(EVERYBODY, lambda county: f"/api/v1/join/{county.lesson.code}"),
    # The lesson is for invited people: a code alone opens nothing, and guests with a token have joined already.
    "POST /api/v1/join/{code}": Row(
        (WATCHERS - {"guest"}),
        lambda county: f"/api/v1/join/{county.lesson.code}",
        lambda county: {"json": {"name": "河西"}},
        needs_account=True,
    ),
    "GET /api/v1/lessons": Row(SOMEBODY, fixed("/api/v1/lessons")),
    "POST /api/v1/lessons": Row(ADMINS | COORDINATORS | {"teacher"}, fixed("/api/v1/lessons"), new_lesson),
    "GET /api/v1/lessons/{id}": Row(WATCHERS | ARCHIVISTS | {"publisher"}, lesson_path()),
    "POST /api/v1/lessons/{id}/start": Row(CONTROLLERS, lesson_path("/start")),
    "POST /api/v1/lessons/{id}/stop": Row(CONTROLLERS, lesson_path("/stop")),
    "POST /api/v1/lessons/{id}/cancel": Row(CONTROLLERS - {"room_device"}, lesson_path("/cancel")),
    "POST /api/v1/lessons/{id}/tokens": Row(
        CONTROLLERS, lesson_path("/tokens"), lambda county: {"json": {"kind": "join"}}
    ),
    "GET /api/v1/rooms": Row(SOMEBODY, fixed("/api/v1/rooms")),
    "GET /api/v1/rooms/{id}": Row(
        ADMINS | COORDINATORS | SUPERVISORS | SCHOOL_STAFF | {"room_device", "second_room_device"},
        lambda county: f"/api/v1/rooms/{county.room.id}",
    ),
    "GET /api/v1/rooms/{id}/teachers": Row(
        ADMINS | COORDINATORS | SCHOOL_STAFF, lambda county: f"/api/v1/rooms/{county.room.id}/teachers"
    ),
    # Nobody but the lesson's own room (and the server's administrators) brings its recording.
    "POST /api/v1/lessons/{id}/tracks": Row(RECORDERS, lesson_path("/tracks"), lambda county: {"json": TRACK}),
    # A track is looked up before its lesson is known: 404 for everybody.
    "GET /api/v1/tracks/{id}": Row(SOMEBODY, fixed("/api/v1/tracks/none")),
    "POST /api/v1/tracks/{id}/segments": Row(
        SOMEBODY, fixed("/api/v1/tracks/none/segments"), lambda county: {"json": {"segments": [LINE]}}
    ),
    "POST /api/v1/tracks/{id}/complete": Row(
        SOMEBODY, fixed("/api/v1/tracks/none/complete"), lambda county: {"json": {"segments": 0}}
    ),
    "GET /api/v1/segments/{digest}": Row(DEVICES | ADMINS, fixed(f"/api/v1/segments/{DIGEST}")),
    "PUT /api/v1/segments/{digest}": Row(
        DEVICES | ADMINS, fixed(f"/api/v1/segments/{DIGEST}"), lambda county: {"data": b"x"}
    ),
    "GET /api/v1/media/peers": Row(ADMINS, fixed("/api/v1/media/peers")),
    "POST /whip/{lesson}": Row(
        {"teacher", "room_device", "publisher"}, lambda county: f"/whip/{county.lesson.id}?source=slides", offer
    ),
    "OPTIONS /whip/{lesson}": Row(EVERYBODY, lambda county: f"/whip/{county.lesson.id}"),
    # Sessions are known by an unguessable id to whoever opened them: 404 for everybody else.
    "PATCH /whip/{lesson}/{session}": Row(SOMEBODY, lambda county: f"/whip/{county.lesson.id}/none", fragment),
    "DELETE /whip/{lesson}/{session}": Row(SOMEBODY, lambda county: f"/whip/{county.lesson.id}/none"),
    "POST /whep/{lesson}": Row(WATCHERS, lambda county: f"/whep/{county.lesson.id}?source=teacher", offer),
    "OPTIONS /whep/{lesson}": Row(EVERYBODY, lambda county: f"/whep/{county.lesson.id}"),
    "PATCH /whep/{lesson}/{session}": Row(SOMEBODY, lambda county: f"/whep/{county.lesson.id}/none", fragment),
    "DELETE /whep/{lesson}/{session}": Row(SOMEBODY, lambda county: f"/whep/{county.lesson.id}/none"),
    # Last, because these end the sessions that everybody has used so far.
    "POST /api/v1/session": Row(
        EVERYBODY,
        fixed("/api/v1/session"),
        lambda county: {"json": {"username": "pupil", "password": PASSWORD}},
    ),
    "DELETE /api/v1/session": Row(EVERYBODY, fixed("/api/v1/session")),
}


def key(route: Route) -> str:
    return f"{route.method} {route.path}"


def may(row: Row, who: str, hub: Hub) -> bool:
    principal = hub.county[who]
    if row.may == EVERYBODY:
        return True
    if row.may == SOMEBODY:
        return who != "nobody"
    if row.may == ACCOUNTS_AND_DEVICES:
        return principal.signed_in
    return who in row.may


def expected(row: Row, who: str, hub: Hub) -> str:
    if may(row, who, hub):
        return "may"
    return "401" if who == "nobody" or (row.needs_account and not hub.county[who].signed_in) else "403"


@pytest.mark.parametrize(
    "matrix", [MATRIX, PLANNING, WATCHING, LIBRARY], ids=["lessons", "planning", "watching", "library"]
)
async def test_every_endpoint_lets_in_exactly_whom_the_table_says(tmp_path: Path, matrix: dict[str, Row]) -> None:
    async with running_hub(tmp_path, services=SERVICES) as hub:
        await add_what_is_planned(hub.county)
        await add_what_is_watched(hub.county)
        await add_what_is_kept(hub.county)
        routed = {key(route) for route in hub.server.context.routes}
        assert routed == MATRIX.keys() | PLANNING.keys() | WATCHING.keys() | LIBRARY.keys()
        people = [who for who in hub.county.people if who != "system"]
        assert len(people) >= 30
        wrong: list[str] = []
        for name, row in matrix.items():
            method = name.partition(" ")[0]
            for who in row.callers or people:
                status, body = await hub.call(who, method, row.path(hub.county), **row.request(hub.county))
                answered = str(status) if status in {401, 403} else "may"
                assert status < 500, (name, who, status, body)
                if answered != expected(row, who, hub):
                    wrong.append(f"{name}: {who} got {status}, expected {expected(row, who, hub)} ({body})")
        assert not wrong, "\n".join(wrong)


@pytest.mark.parametrize("language", ["zh-CN", "en"])
async def test_a_refusal_is_a_problem_in_the_callers_language(tmp_path: Path, language: str) -> None:
    async with running_hub(tmp_path) as hub:
        path = f"/api/v1/lessons/{hub.county.lesson.id}"
        status, body = await hub.call("other_pupil", "GET", path, headers={"Accept-Language": language})
        assert status == body["status"] == 403
        assert body["code"] == "lesson_forbidden"
        assert ("课" in body["detail"]) == (language == "zh-CN")
        assert body["remedy"]
