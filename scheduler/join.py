"""Joining with a code: what a child types after `/join/`."""

from collections import OrderedDict
from datetime import timedelta

from classroom.access.lessons import access_lesson_by_code, access_lesson_to_watch
from classroom.access.rows import LessonDetails
from classroom.auth.tokens import JOIN_TTL_S
from classroom.errors import Conflict, NotFound, NotSignedIn
from classroom.http.call import Call
from classroom.http.rates import Rates
from classroom.http.routes import Routes
from classroom.messages.api import JoinInfo, JoinRequest, TokenView
from classroom.model.lesson import RUNNING, UPCOMING
from classroom.model.principal import Role
from classroom.service import Context

JOIN = "/api/v1/join/{code}"


class JoinGate:
    """Stops guessing of codes without locking a class out. Pure: time is a parameter.

    Wrong codes are limited per address, and a school shares one; so an address that has found a lesson keeps access
    to that lesson, and a child who guesses cannot keep the others from coming back after a network failure.
    """

    def __init__(self, max_known: int = 10_000) -> None:
        # Ten a minute: 31^6 codes take centuries, typing errors of a class do not add up to it.
        self._wrong = Rates(burst=20, per_s=10 / 60)
        # A county's children who come back all at once, perhaps through one address.
        self._all = Rates(burst=1000, per_s=20)
        self._known: OrderedDict[tuple[str, str], None] = OrderedDict()
        self._max_known = max_known

    def enter(self, address: str, code: str, now_s: float) -> None:
        """Raises `TooMany("too_many_requests")`."""
        self._all.take(address, now_s)
        if (address, code) not in self._known:
            self._wrong.check(address, now_s)

    def found(self, address: str, code: str) -> None:
        """The code opened a lesson."""
        self._known[address, code] = None
        self._known.move_to_end((address, code))
        while len(self._known) > self._max_known:
            self._known.popitem(last=False)

    def missed(self, address: str, now_s: float) -> None:
        """There is no such code."""
        self._wrong.charge(address, now_s)


class JoinApi:
    """`/api/v1/join/{code}`."""

    def __init__(self, context: Context) -> None:
        self._context = context
        self._gate = JoinGate()

    def add_routes(self, routes: Routes) -> None:
        routes.json("GET", JOIN, self._show, summary="What a join code opens", returns=JoinInfo)
        routes.json(
            "POST", JOIN, self._join, summary="A token to watch", body=JoinRequest, returns=TokenView, status=201
        )

    async def _find(self, call: Call) -> LessonDetails:
        code = call.path["code"].strip().lower()
        now_s = self._context.clock.monotonic()
        self._gate.enter(call.remote, code, now_s)
        try:
            details = await access_lesson_by_code(self._context.store, code)
        except NotFound:
            self._gate.missed(call.remote, now_s)
            raise
        self._gate.found(call.remote, code)
        return details

    async def _show(self, call: Call) -> JoinInfo:
        details = await self._find(call)
        lesson = details.lesson
        return JoinInfo(
            lesson_id=lesson.id,
            code=lesson.code,
            title=lesson.title,
            subject=lesson.subject,
            teacher_name=details.teacher_name,
            school_name=details.school_name,
            state=lesson.state,
            starts_at=lesson.starts_at,
            ends_at=lesson.ends_at,
            needs_account=not lesson.open_join,
        )

    async def _join(self, call: Call) -> TokenView:
        lesson = (await self._find(call)).lesson
        if lesson.state not in RUNNING | UPCOMING:
            raise Conflict("lesson_over", lesson=lesson.title)
        name = call.parsed(JoinRequest).name
        if not lesson.open_join:
            if not call.principal.signed_in:
                raise NotSignedIn("account_needed")
            await access_lesson_to_watch(self._context.store, call.principal, lesson.id)
        if call.principal.signed_in and not call.principal.has(Role.DEVICE):
            # Who is known is shown under the name the school gave, whatever was typed.
            name = call.principal.name
        token = self._context.tokens.issue_join(lesson.id, name)
        expires_at = self._context.clock.now() + timedelta(seconds=JOIN_TTL_S)
        return TokenView(token=token, lesson_id=lesson.id, expires_at=expires_at)
