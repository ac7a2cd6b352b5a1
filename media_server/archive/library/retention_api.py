"""`/api/v1/archive/retention`: rules, what they would take, and taking it every night."""

from datetime import time

from classroom.access.retention import (
    RetentionRule,
    access_kept_regions,
    access_new_retention_rule,
    access_retention_preview,
    access_retention_rule_removal,
    access_retention_rules,
    access_retention_run,
)
from classroom.access.unused import access_unused
from classroom.clock import seconds_until
from classroom.http.call import Call
from classroom.http.routes import Routes
from classroom.logs import get_logger
from classroom.messages.archive import RetentionRuleOrder
from classroom.messages.archive_views import (
    DueListView,
    DueView,
    KeptRegionsView,
    KeptRegionView,
    RetentionRuleView,
    RetentionView,
    UnusedView,
)
from classroom.service import Context
from classroom.store.types import new_id
from media_server.archive.library.views import view

REGIONS = "/api/v1/archive/regions"
RETENTION = "/api/v1/archive/retention"
# When nobody teaches and nobody looks.
RUN_AT = time(3, 30)

log = get_logger(__name__)


class RetentionApi:
    """Handlers, and the nightly run."""

    def __init__(self, context: Context) -> None:
        self._store = context.store
        self._clock = context.clock

    def add_routes(self, routes: Routes) -> None:
        routes.json("GET", RETENTION, self._show, summary="Retention rules, and what is due", returns=RetentionView)
        routes.json(
            "POST", RETENTION, self._set, summary="Add or change a rule", body=RetentionRuleOrder,
            returns=RetentionView, status=201,
        )  # fmt: skip
        routes.json(
            "POST", RETENTION + "/preview", self._preview, summary="What a rule would take", body=RetentionRuleOrder,
            returns=DueListView,
        )  # fmt: skip
        routes.json("GET", REGIONS, self._regions, summary="Regions whose archive one keeps", returns=KeptRegionsView)
        routes.json("DELETE", RETENTION + "/{id}", self._remove, summary="Take a rule away")

    async def run(self) -> None:
        """Every night."""
        while True:
            await self._clock.sleep(seconds_until(RUN_AT, self._clock.now()))
            taken = await access_retention_run(self._store, self._clock.now())
            log.info("retention applied", recordings=len(taken))

    async def _show(self, call: Call) -> RetentionView:
        rules = await access_retention_rules(self._store, call.principal)
        due = await access_retention_preview(self._store, call.principal, self._clock.now())
        return RetentionView(
            rules=[view(RetentionRuleView, rule) for rule in rules],
            due=[view(DueView, each) for each in due],
            unused=view(UnusedView, await access_unused(self._store, call.principal)),
        )

    async def _regions(self, call: Call) -> KeptRegionsView:
        found = await access_kept_regions(self._store, call.principal)
        return KeptRegionsView(regions=[KeptRegionView(id=region_id, name=name) for region_id, name in found])

    async def _set(self, call: Call) -> RetentionView:
        rule = _rule(call.parsed(RetentionRuleOrder))
        await access_new_retention_rule(self._store, call.principal, rule, self._clock.now())
        return await self._show(call)

    async def _preview(self, call: Call) -> DueListView:
        rule = _rule(call.parsed(RetentionRuleOrder))
        due = await access_retention_preview(self._store, call.principal, self._clock.now(), rule)
        return DueListView(due=[view(DueView, each) for each in due])

    async def _remove(self, call: Call) -> None:
        await access_retention_rule_removal(self._store, call.principal, call.path["id"], self._clock.now())


def _rule(order: RetentionRuleOrder) -> RetentionRule:
    return RetentionRule(
        id=order.id or new_id(),
        name=order.name,
        region_id=order.region_id,
        states=tuple(dict.fromkeys(order.states)),
        levels=tuple(dict.fromkeys(order.levels)),
        keep_days=order.keep_days,
        enabled=order.enabled,
    )
