"""`/api/v1/planning/…/pairings`: who helps whom, and how much of it was held."""

from classroom.access.pairings import access_pairing_edit, access_pairing_remove, access_pairings
from classroom.http.call import Call
from classroom.http.routes import Routes
from classroom.messages.plans import PairingEdit, PairingsView, PairingView
from classroom.service import Context
from scheduler.registry.api import PLANNING
from scheduler.registry.terms_api import TERM


class PairingsApi:
    """Handlers; who may do what is decided by `classroom.access`."""

    def __init__(self, context: Context) -> None:
        self._store = context.store
        self._clock = context.clock

    def add_routes(self, routes: Routes) -> None:
        add = routes.json
        add("GET", f"{TERM}/pairings", self._list, summary="Pairings: agreed, planned, held", returns=PairingsView)
        add("PUT", f"{TERM}/pairings", self._edit, summary="Agree on a pairing, or change it", body=PairingEdit)
        add("DELETE", f"{PLANNING}/pairings/{{id}}", self._remove, summary="Take an agreement back")

    async def _list(self, call: Call) -> PairingsView:
        found = await access_pairings(self._store, call.principal, call.path["id"])
        return PairingsView(pairings=[PairingView.model_validate(pairing, from_attributes=True) for pairing in found])

    async def _edit(self, call: Call) -> None:
        edit = call.parsed(PairingEdit)
        await access_pairing_edit(self._store, call.principal, call.path["id"], edit, self._clock.now())

    async def _remove(self, call: Call) -> None:
        await access_pairing_remove(self._store, call.principal, call.path["id"], self._clock.now())
