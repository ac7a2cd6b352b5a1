"""The demo's coordinator finds a timetable."""

import asyncio
from pathlib import Path

from classroom.access.proposals import access_runs
from classroom.access.terms import access_terms
from classroom.auth.secret import load_secret
from classroom.clock import VirtualClock
from classroom.demo.seed import SeededCounty, seed_county
from classroom.demo.term import AFTER_S, solve_term
from classroom.model.principal import SYSTEM
from classroom.server import Server
from scheduler.service import SchedulerService
from tests.fakes.county import NOW
from tests.fakes.hub import hub_settings


async def runs(server: Server, clock: VirtualClock, county: SeededCounty, secret: bytes) -> list[str]:
    solving = asyncio.ensure_future(solve_term(server.context, server.url, county.county_id, secret))
    await asyncio.sleep(0)
    clock.advance(AFTER_S)
    await solving
    [term] = await access_terms(server.context.store, SYSTEM, county.county_id)
    return [run.id for run in await access_runs(server.context.store, SYSTEM, term.id)]


async def test_a_demo_solves_its_term_once(tmp_path: Path) -> None:
    clock = VirtualClock(NOW)
    async with Server(hub_settings(tmp_path), clock=clock, services=[SchedulerService]) as server:
        secret = load_secret(server.context.settings.secret_path)
        county = await seed_county(server.context.store, secret, clock.now())
        first = await runs(server, clock, county, secret)
        assert len(first) == 1
        assert await runs(server, clock, county, secret) == first
