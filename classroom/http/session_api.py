"""Signing in and out: `/api/v1/session`."""

from aiohttp import web

from classroom.auth.sessions import LONGEST, sign_in, sign_out
from classroom.errors import NotSignedIn, Unavailable
from classroom.http.app import json_response
from classroom.http.call import Call
from classroom.http.callers import SESSION_COOKIE
from classroom.http.rates import Rates
from classroom.http.routes import Routes
from classroom.messages.api import SessionView, SignIn
from classroom.model.principal import Principal
from classroom.service import Context


def view(principal: Principal) -> SessionView:
    return SessionView(
        id=principal.id, name=principal.name, roles=sorted(principal.roles), school_id=principal.school_id
    )


class SessionApi:
    """Failed attempts are limited, others are not: a whole school signs in from one address at eight o'clock."""

    def __init__(self, context: Context) -> None:
        self._store = context.store
        self._clock = context.clock
        # Somebody guessing one account from one place: eight tries, then one a minute.
        self._by_account_and_address = Rates(burst=8, per_s=1 / 60)
        # The same from many places. Higher, so that nobody can lock a teacher out with eight wrong passwords.
        self._by_account = Rates(burst=60, per_s=1 / 20)
        # Somebody guessing many accounts from one place; a school's typing errors stay below it.
        self._by_address = Rates(burst=60, per_s=1 / 10)

    def add_routes(self, routes: Routes) -> None:
        path = "/api/v1/session"
        routes.json("POST", path, self._sign_in, summary="Sign in", body=SignIn, returns=SessionView)
        routes.json("GET", path, self._show, summary="Who is signed in", returns=SessionView)
        routes.json("DELETE", path, self._sign_out, summary="Sign out")

    async def _sign_in(self, call: Call) -> web.Response:
        body = call.parsed(SignIn)
        now_s = self._clock.monotonic()
        account = body.username.strip().casefold()
        limits = (
            (self._by_account_and_address, f"{call.remote} {account}"),
            (self._by_account, account),
            (self._by_address, call.remote),
        )
        for rates, key in limits:
            rates.check(key, now_s)
        # Counted before the slow check of the password, so that many attempts at once are many attempts.
        for rates, key in limits:
            rates.charge(key, now_s)
        try:
            session_id, principal = await sign_in(self._store, self._clock, body.username, body.password)
        except Unavailable:
            for rates, key in limits:
                rates.give_back(key, now_s)
            raise
        for rates, key in limits:
            rates.give_back(key, now_s)
        old = call.request.cookies.get(SESSION_COOKIE)
        if old is not None:
            await sign_out(self._store, self._clock, old)
        response = json_response(view(principal))
        response.set_cookie(
            SESSION_COOKIE,
            session_id,
            max_age=int(LONGEST.total_seconds()),
            path="/",
            httponly=True,
            samesite="Lax",
            secure=call.secure,
        )
        return response

    async def _show(self, call: Call) -> SessionView:
        if not call.principal.signed_in:
            raise NotSignedIn("sign_in_needed")
        return view(call.principal)

    async def _sign_out(self, call: Call) -> web.Response:
        session_id = call.request.cookies.get(SESSION_COOKIE)
        if session_id is not None:
            await sign_out(self._store, self._clock, session_id)
        response = web.Response(status=204)
        response.del_cookie(SESSION_COOKIE, path="/", httponly=True, samesite="Lax", secure=call.secure)
        return response
