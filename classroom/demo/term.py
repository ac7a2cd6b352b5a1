"""A first timetable for the demo's term, so that the coordinator's page has one to look at and to change."""

from typing import Final

import aiohttp

from classroom.access.proposals import access_runs
from classroom.access.terms import access_terms
from classroom.demo.client import DemoClient
from classroom.demo.passwords import demo_password
from classroom.errors import ClassroomError
from classroom.logs import get_logger
from classroom.model.principal import SYSTEM
from classroom.service import Context

log = get_logger(__name__)

# The lesson is on every screen by then: the first run on a machine compiles for half a minute.
AFTER_S: Final = 45.0
_COORDINATOR: Final = "coordinator"


async def solve_term(context: Context, server_url: str, county_id: str, secret: bytes) -> None:
    """Once, a while after the demo is ready, unless somebody was faster."""
    await context.clock.sleep(AFTER_S)
    try:
        for term in (await access_terms(context.store, SYSTEM, county_id))[:1]:
            if await access_runs(context.store, SYSTEM, term.id):
                continue
            async with DemoClient(server_url) as coordinator:
                await coordinator.sign_in(_COORDINATOR, demo_password(secret, _COORDINATOR))
                await coordinator.solve(term.id)
    except (ClassroomError, aiohttp.ClientError, TimeoutError) as error:
        log.warning("the demo's timetable was not solved", reason=str(error))
