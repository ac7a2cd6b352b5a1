"""`/api/v1/archive/recordings`: search, the item page, editing, steps; one by one and many at once."""

from collections.abc import Mapping, Sequence
from datetime import date

from classroom.access.cataloguing import access_entry_edit, access_tag
from classroom.access.circulation import access_history, access_uses
from classroom.access.items import access_item
from classroom.access.library import MOST_PER_PAGE, SHOWN_FACETS, Order, Wanted, access_search
from classroom.access.lifecycle import (
    access_circulation,
    access_consent,
    access_hold,
    access_promotion,
    access_recording_step,
    access_restore,
    access_trash,
)
from classroom.catalog import text_of
from classroom.errors import BadInput, ClassroomError
from classroom.http.call import Call
from classroom.http.routes import Handler, QueryParameter, Routes
from classroom.messages.archive import (
    BulkOrder,
    CirculationOrder,
    ConsentOrder,
    EntryEdit,
    HoldOrder,
    PromotionOrder,
    StepOrder,
)
from classroom.messages.archive_views import (
    BulkResult,
    BulkView,
    FoundView,
    HappeningView,
    HistoryView,
    HitView,
    ItemView,
    UseView,
)
from classroom.messages.base import Message
from classroom.model.principal import Principal
from classroom.model.recording import RecordingStep
from classroom.service import Context
from media_server.archive.library.views import item_view, view

RECORDINGS = "/api/v1/archive/recordings"
ONE = RECORDINGS + "/{id}"
SHARE = QueryParameter("share", "Token of a share link, for who may not see it otherwise")
MOST_OFFSET = 1_000_000
_MARKS = ("tag", "knowledge", "teacher", "partner")
SEARCH_QUERY = (
    QueryParameter("text", "Words of title, names or transcript, or pinyin"),
    *(QueryParameter(facet, f"Wanted {facet}; several are alternatives") for facet in SHOWN_FACETS),
    *(QueryParameter(name, f"Every hit has this {name}") for name in _MARKS),
    QueryParameter("since", "Recorded on this day or later, like 2026-09-01"),
    QueryParameter("until", "Recorded on this day or earlier"),
    QueryParameter("order", "relevance, newest or oldest"),
    QueryParameter("offset", "Hits to leave out"),
    QueryParameter("limit", f"Hits to show, at most {MOST_PER_PAGE}"),
)


class CatalogueApi:
    """Handlers; who may do what is decided by `classroom.access`."""

    def __init__(self, context: Context) -> None:
        self._store = context.store
        self._clock = context.clock

    def add_routes(self, routes: Routes) -> None:
        routes.json("GET", RECORDINGS, self._search, summary="Find recordings", returns=FoundView, query=SEARCH_QUERY)
        routes.json("GET", ONE, self._show, summary="A recording with its entry", returns=ItemView, query=(SHARE,))
        routes.json("PATCH", ONE, self._edit, summary="Correct its entry", body=EntryEdit, returns=ItemView)
        routes.json("GET", ONE + "/history", self._history, summary="What was done with it", returns=HistoryView)
        orders: tuple[tuple[str, Handler, type[Message] | None, str], ...] = (
            ("steps", self._step, StepOrder, "Submit, approve, return, publish, withdraw or retire it"),
            ("circulation", self._circulate, CirculationOrder, "Who may watch, take away and embed it"),
            ("promotion", self._promote, PromotionOrder, "Take it into another collection"),
            ("consent", self._consent, ConsentOrder, "What the guardians of the children in the picture say"),
            ("hold", self._hold, HoldOrder, "Keep it from every retirement and removal, or let it go"),
            ("trash", self._trash, None, "Throw it into the trash"),
            ("restore", self._restore, None, "Bring it back from the trash"),
        )
        for name, handler, body, summary in orders:
            routes.json("POST", f"{ONE}/{name}", handler, summary=summary, body=body, returns=ItemView)
        routes.json(
            "POST", "/api/v1/archive/bulk", self._bulk, summary="One deed for many recordings",
            body=BulkOrder, returns=BulkView,
        )  # fmt: skip

    async def _search(self, call: Call) -> FoundView:
        query = call.request.query
        found = await access_search(
            self._store, call.principal, wanted_of({name: query.getall(name) for name in query})
        )
        return FoundView(
            total=found.total,
            hits=[view(HitView, hit) for hit in found.hits],
            facets={facet: dict(counts) for facet, counts in found.facets.items()},
            schools=dict(found.schools),
        )

    async def _show(self, call: Call) -> ItemView:
        return await self._item(call, call.query.get("share"))

    async def _edit(self, call: Call) -> ItemView:
        await access_entry_edit(self._store, call.principal, call.path["id"], call.parsed(EntryEdit), self._clock.now())
        return await self._item(call)

    async def _step(self, call: Call) -> ItemView:
        order = call.parsed(StepOrder)
        await access_recording_step(
            self._store, call.principal, call.path["id"], order.step, reason=order.reason, now=self._clock.now()
        )
        return await self._item(call)

    async def _circulate(self, call: Call) -> ItemView:
        order = call.parsed(CirculationOrder)
        await access_circulation(
            self._store, call.principal, call.path["id"], audience=order.audience, downloads=order.downloads,
            embed=order.embed, now=self._clock.now(),
        )  # fmt: skip
        return await self._item(call)

    async def _promote(self, call: Call) -> ItemView:
        level = call.parsed(PromotionOrder).level
        await access_promotion(self._store, call.principal, call.path["id"], level, self._clock.now())
        return await self._item(call)

    async def _consent(self, call: Call) -> ItemView:
        order = call.parsed(ConsentOrder)
        await access_consent(
            self._store, call.principal, call.path["id"], order.consent, note=order.note, now=self._clock.now()
        )
        return await self._item(call)

    async def _hold(self, call: Call) -> ItemView:
        reason = call.parsed(HoldOrder).reason
        await access_hold(self._store, call.principal, call.path["id"], reason, self._clock.now())
        return await self._item(call)

    async def _trash(self, call: Call) -> ItemView:
        await access_trash(self._store, call.principal, call.path["id"], self._clock.now())
        return await self._item(call)

    async def _restore(self, call: Call) -> ItemView:
        await access_restore(self._store, call.principal, call.path["id"], self._clock.now())
        return await self._item(call)

    async def _item(self, call: Call, share: str | None = None) -> ItemView:
        return item_view(await access_item(self._store, call.principal, call.path["id"], self._clock.now(), share))

    async def _history(self, call: Call) -> HistoryView:
        asked = self._store, call.principal, call.path["id"], self._clock.now()
        happenings = await access_history(*asked)
        uses = await access_uses(*asked)
        return HistoryView(
            happenings=[view(HappeningView, each) for each in happenings], uses=[view(UseView, each) for each in uses]
        )

    async def _bulk(self, call: Call) -> BulkView:
        order = call.parsed(BulkOrder)
        if order.deed == "promote" and order.level is None:
            raise BadInput("field_missing", field="level")
        if order.deed == "tag" and order.tag is None:
            raise BadInput("field_missing", field="tag")
        results = []
        for recording_id in dict.fromkeys(order.ids):
            problem: ClassroomError | None = None
            try:
                await self._do(call.principal, recording_id, order)
            except ClassroomError as error:
                problem = error
            text = text_of(problem, call.language) if problem else None
            results.append(
                BulkResult(
                    id=recording_id,
                    title=str(problem.data.get("recording", "")) if problem else "",
                    problem=text.message if text else None,
                    remedy=text.remedy if text else None,
                )
            )
        return BulkView(results=results)

    async def _do(self, principal: Principal, recording_id: str, order: BulkOrder) -> None:
        store, now = self._store, self._clock.now()
        if order.deed == "trash":
            await access_trash(store, principal, recording_id, now)
        elif order.deed == "restore":
            await access_restore(store, principal, recording_id, now)
        elif order.deed == "promote" and order.level is not None:
            await access_promotion(store, principal, recording_id, order.level, now)
        elif order.deed == "tag" and order.tag is not None:
            await access_tag(store, principal, recording_id, order.tag, now)
        else:
            step = RecordingStep(order.deed)
            await access_recording_step(store, principal, recording_id, step, reason=order.reason, now=now)


def wanted_of(query: Mapping[str, Sequence[str]]) -> Wanted:
    """A search as it stands in an address. Raises `BadInput("field_invalid")` naming the parameter."""

    def first(name: str) -> str | None:
        return query[name][0] if query.get(name) else None

    def day(name: str) -> date | None:
        text = first(name)
        try:
            return date.fromisoformat(text) if text else None
        except ValueError:
            raise BadInput("field_invalid", field=name, reason="YYYY-MM-DD") from None

    def number(name: str, default: int, highest: int) -> int:
        text = first(name)
        if text is None:
            return default
        if not text.isascii() or not text.isdigit() or int(text[:9]) > highest:
            raise BadInput("field_invalid", field=name, reason=f"0 … {highest}")
        return int(text)

    order = first("order") or Order.RELEVANCE.value
    if order not in set(Order):
        raise BadInput("field_invalid", field="order", reason=", ".join(Order))
    return Wanted(
        text=first("text") or "",
        facets={facet: tuple(query[facet]) for facet in SHOWN_FACETS if query.get(facet)},
        tag=first("tag"),
        knowledge=first("knowledge"),
        teacher=first("teacher"),
        partner=first("partner"),
        since=day("since"),
        until=day("until"),
        order=Order(order),
        offset=number("offset", 0, MOST_OFFSET),
        limit=number("limit", 20, MOST_PER_PAGE),
    )
