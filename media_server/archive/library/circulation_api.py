"""`…/shares`, `…/nominations`: how a recording goes out. Views and downloads are counted by the player."""

from classroom.access.circulation import (
    access_new_share,
    access_nomination,
    access_nominations,
    access_share_revocation,
    access_shares,
)
from classroom.http.call import Call
from classroom.http.routes import Routes
from classroom.messages.archive import NominationOrder, ShareOrder
from classroom.messages.archive_views import NominationsView, NominationView, SharesView, ShareView
from classroom.service import Context
from media_server.archive.library.catalogue_api import ONE
from media_server.archive.library.views import view


class CirculationApi:
    """Handlers; who may do what is decided by `classroom.access`."""

    def __init__(self, context: Context) -> None:
        self._store = context.store
        self._clock = context.clock

    def add_routes(self, routes: Routes) -> None:
        routes.json("GET", ONE + "/shares", self._shares, summary="Its share links", returns=SharesView)
        routes.json(
            "POST", ONE + "/shares", self._share, summary="A link that opens it until it expires", body=ShareOrder,
            returns=ShareView, status=201,
        )  # fmt: skip
        routes.json("DELETE", ONE + "/shares/{share}", self._revoke, summary="Close a share link", returns=ShareView)
        nominations = ONE + "/nominations"
        routes.json("GET", nominations, self._nominations, summary="Its nominations", returns=NominationsView)
        routes.json(
            "POST", nominations, self._nominate, summary="Send it into a contest", body=NominationOrder,
            returns=NominationView, status=201,
        )  # fmt: skip

    async def _shares(self, call: Call) -> SharesView:
        found = await access_shares(self._store, call.principal, call.path["id"], self._clock.now())
        return SharesView(shares=[view(ShareView, share) for share in found])

    async def _share(self, call: Call) -> ShareView:
        order = call.parsed(ShareOrder)
        share, token = await access_new_share(
            self._store, call.principal, call.path["id"], expires_at=order.expires_at, download=order.download,
            note=order.note, now=self._clock.now(),
        )  # fmt: skip
        return view(ShareView, share).model_copy(update={"token": token})

    async def _revoke(self, call: Call) -> ShareView:
        return view(
            ShareView,
            await access_share_revocation(
                self._store, call.principal, call.path["id"], call.path["share"], self._clock.now()
            ),
        )

    async def _nominations(self, call: Call) -> NominationsView:
        found = await access_nominations(self._store, call.principal, call.path["id"], self._clock.now())
        return NominationsView(nominations=[view(NominationView, each) for each in found])

    async def _nominate(self, call: Call) -> NominationView:
        order = call.parsed(NominationOrder)
        made = await access_nomination(
            self._store, call.principal, call.path["id"], activity=order.activity, year=order.year, level=order.level,
            statement=order.statement, now=self._clock.now(),
        )  # fmt: skip
        return view(NominationView, made)
