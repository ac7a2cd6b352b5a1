"""Chromium publishes, and stops what nobody watches when the server tells its page so."""

import asyncio
import contextlib
from collections.abc import AsyncIterator

import pytest

from classroom.clock import SystemClock
from media_server.engine import MediaEngine
from media_server.sfu.pause import STOP_AFTER_S
from tests.fakes.peers import until
from tests.harness.browser import chromium
from tests.harness.eventually import eventually
from tests.harness.processes import HOST
from tests.integration.media_server.test_browser_codecs import ACCEPT, LESSON, PUBLISH, SIMULCAST, WIDTH, shows, watch

# What docs/interop.md tells a publishing page to do.
OBEY = """
async () => {
  const sender = () => connection.getSenders().find(each => each.track?.kind === 'video');
  let changes = Promise.resolve();
  window.told = [];
  const channel = connection.createDataChannel('encodings');
  channel.onmessage = ({data}) => {
    const wanted = new Map(JSON.parse(data).encodings.map(({rid, active}) => [rid, active]));
    window.told.push(Object.fromEntries(wanted));
    changes = changes.then(() => {
      const parameters = sender().getParameters();
      for (const encoding of parameters.encodings) encoding.active = wanted.get(encoding.rid) ?? true;
      return sender().setParameters(parameters);
    });
  };
  await connection.setLocalDescription();
  return connection.localDescription.sdp;
}
"""


class LeapingClock(SystemClock):
    """The machine's clock, but that time can be left out."""

    def __init__(self) -> None:
        self._leapt_s = 0.0

    def monotonic(self) -> float:
        return super().monotonic() + self._leapt_s

    def leap(self, seconds: float) -> None:
        self._leapt_s += seconds


@pytest.fixture
async def clock() -> LeapingClock:
    return LeapingClock()


@pytest.fixture
async def engine(clock: LeapingClock) -> AsyncIterator[MediaEngine]:
    engine = MediaEngine(clock, HOST, 0, [HOST])
    running = asyncio.create_task(engine.run())
    yield engine
    running.cancel()
    with contextlib.suppress(asyncio.CancelledError):
        await running
    engine.close()


async def test_a_page_stops_what_nobody_watches_and_starts_it_again(engine: MediaEngine, clock: LeapingClock) -> None:
    async with chromium() as browser:
        publisher, viewer = await browser.new_page(), await browser.new_page()
        await publisher.evaluate(PUBLISH, ["H264", SIMULCAST])
        session, answer = engine.publish(LESSON, "teacher", "room", await publisher.evaluate(OBEY))
        await publisher.evaluate(ACCEPT, answer)
        source = engine.rooms[LESSON].sources["teacher"]
        await until(lambda: len(source.encodings) == 2)

        async def told() -> list[dict[str, bool]]:
            found: list[dict[str, bool]] = await publisher.evaluate("told")
            return found if found and set(found[-1]) == {"h", "l"} else []

        assert (await eventually(told, "the page is told"))[-1] == {"h": True, "l": True}
        clock.leap(STOP_AFTER_S)
        best, lowest = source.encodings

        def silent_s() -> float:
            return clock.monotonic() - best.last_packet_at

        async def best_stopped() -> bool:
            return (await told())[-1:] == [{"h": False, "l": True}]

        await eventually(best_stopped, "the page is told to stop the best encoding")
        await until(lambda: silent_s() > 0.5 and lowest.sending(clock.monotonic()))
        await watch(engine, viewer)
        await shows(viewer, WIDTH)
        assert (await told())[-1] == {"h": True, "l": True}
        assert not session.peer.closed
