"""Needs computed again, for whoever has changed what they come from."""

from datetime import datetime

from classroom.access.needs import access_needs_computed, access_term_registry
from classroom.model.principal import Principal
from classroom.store.store import Store
from scheduler.io.national_plan import national_plan
from scheduler.planning.curriculum import Curriculum, computed_needs


async def compute_needs(store: Store, principal: Principal, term_id: str, now: datetime) -> None:
    """The needs of a term from curriculum, textbooks and own teaching; what was edited stays.

    Raises `NotFound("term_unknown")`, `Forbidden`.
    """
    _, registry = await access_term_registry(store, principal, term_id)
    needs = computed_needs(registry, Curriculum(national_plan(), registry))
    await access_needs_computed(store, principal, term_id, needs, now)
