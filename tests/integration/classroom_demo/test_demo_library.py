"""The demo's archive and library fill themselves."""

import asyncio
import subprocess
from pathlib import Path

from classroom.access.library import Wanted, access_search
from classroom.auth.secret import load_secret
from classroom.demo.library import TAG, fill_library
from classroom.demo.room import FILM
from classroom.demo.seed import seed_county
from classroom.model.principal import SYSTEM
from classroom.model.recording import RecordingState
from media_server.exchange.service import ExchangeService
from tests.fakes.hub import Hub, running_hub

MAKE = (
    "ffmpeg -v error -f lavfi -i testsrc=s=160x90:r=10:d=5 -f lavfi -i sine=d=5 -c:v libx264 -preset ultrafast "
    "-pix_fmt yuv420p -g 20 -c:a aac"
)


async def filled(hub: Hub) -> list[RecordingState]:
    context = hub.server.context
    filling = asyncio.ensure_future(fill_library(context.store, context.clock, context.settings.data))
    while not filling.done():
        await asyncio.wait([filling], timeout=0.02)
        hub.clock.advance(1.0)
    await filling
    hits = (await access_search(context.store, SYSTEM, Wanted(tag=TAG))).hits
    return sorted(hit.state for hit in hits)


async def test_a_demo_has_lessons_to_watch_and_one_to_judge_and_never_twice(tmp_path: Path) -> None:
    async with running_hub(tmp_path, services=[ExchangeService]) as hub:
        context = hub.server.context
        await seed_county(context.store, load_secret(context.settings.secret_path), context.clock.now())
        assert await filled(hub) == []  # somebody shows a film of their own
        await asyncio.to_thread(subprocess.run, [*MAKE.split(), str(tmp_path / FILM)], check=True)
        three = [RecordingState.PUBLISHED, RecordingState.PUBLISHED, RecordingState.SUBMITTED]
        assert await filled(hub) == three
        assert await filled(hub) == three
