"""`/api/v1/feeds`: one's calendar feeds; `/feeds/{secret}.ics`: a feed, for calendar programs."""

import asyncio
import hashlib

from aiohttp import web

from classroom.access.feeds import (
    Feed,
    FeedLesson,
    access_feed_lessons,
    access_feed_revoke,
    access_feeds,
    access_new_feed,
)
from classroom.http.call import Call
from classroom.http.routes import Routes
from classroom.messages.published import FeedsView, FeedView, NewFeed
from classroom.service import Context

FEEDS = "/api/v1/feeds"


class FeedsApi:
    """Handlers. A feed is read without signing in: its address is the secret."""

    def __init__(self, context: Context) -> None:
        self._store = context.store
        self._clock = context.clock
        self._public_url = context.settings.public_url

    def add_routes(self, routes: Routes) -> None:
        add = routes.json
        add("GET", FEEDS, self._list, summary="One's calendar feeds", returns=FeedsView)
        add("POST", FEEDS, self._new, summary="A new calendar feed", body=NewFeed, returns=FeedView, status=201)
        add("DELETE", FEEDS + "/{id}", self._revoke, summary="Nobody reads the feed any more")
        routes.raw("GET", "/feeds/{secret}.ics", self._read, summary="A calendar (RFC 5545)", anonymous=True)

    async def _list(self, call: Call) -> FeedsView:
        return FeedsView(feeds=[_view(feed) for feed in await access_feeds(self._store, call.principal)])

    async def _new(self, call: Call) -> FeedView:
        new = call.parsed(NewFeed)
        feed, secret = await access_new_feed(self._store, call.principal, new.kind, new.subject_id, self._clock.now())
        return _view(feed, f"/feeds/{secret}.ics")

    async def _revoke(self, call: Call) -> None:
        await access_feed_revoke(self._store, call.principal, call.path["id"], self._clock.now())

    async def _read(self, call: Call) -> web.Response:
        name, lessons = await access_feed_lessons(self._store, call.path["secret"], self._clock.now())
        origin = self._public_url or f"{'https' if call.secure else 'http'}://{call.request.host}"
        content = await asyncio.to_thread(_calendar, name, lessons, f"{origin}/join/")
        etag = hashlib.sha256(content).hexdigest()[:32]
        headers = {"Cache-Control": "private, no-cache"}
        known = call.request.if_none_match or ()
        # RFC 9110 § 13.1.2: a tag, a weak one too, or `*`
        if any(tag.value in {etag, "*"} for tag in known):
            answer = web.Response(status=304, headers=headers)
        else:
            answer = web.Response(body=content, content_type="text/calendar", charset="utf-8", headers=headers)
        answer.etag = etag
        return answer


def _calendar(name: str, lessons: list[FeedLesson], join_url: str) -> bytes:
    # the library takes a moment to load, which a start need not wait for
    from scheduler.io.ical import calendar_of

    return calendar_of(name, lessons, join_url)


def _view(feed: Feed, path: str | None = None) -> FeedView:
    return FeedView(
        id=feed.id, kind=feed.kind, subject_id=feed.subject_id, name=feed.name, created_at=feed.created_at, path=path
    )
