"""From the spool into the store: in order, once, whatever fails in between."""

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import suppress
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path

import pytest

from classroom.access.lessons import access_step
from classroom.access.recordings import (
    NewTrack,
    TrackStock,
    access_recording_open,
    access_track_complete,
    access_track_register,
    access_track_stock,
)
from classroom.clock import VirtualClock
from classroom.errors import Unavailable
from classroom.fmp4.formats import opus_format
from classroom.fmp4.fragment import Sample, write_fragment
from classroom.model.lesson import LessonStep
from classroom.model.principal import SYSTEM
from classroom.model.recording import RecordingState, TrackKind, TrackOrigin
from classroom.store.recording_tables import RecordingRow
from classroom.store.store import Store
from media_server.archive.keeper import Keeper
from media_server.archive.local_store import LocalSegmentStore
from media_server.recording.core.segment import FragmentWritten, SegmentClosed, SegmentOpened, Step
from media_server.recording.handover import Handover
from media_server.recording.spool import Spool, Spooled, TrackKey
from tests.fakes.county import NOW
from tests.fakes.recorded_lesson import copied_store, running_lesson
from tests.harness.eventually import eventually

FORM = opus_format(1)
SEGMENT_TICKS = 48_000


@dataclass
class Node:
    """A media server's disk and what becomes of it."""

    lesson_id: str
    store: Store
    spool: Spool
    handover: Handover
    clock: VirtualClock

    @property
    def key(self) -> TrackKey:
        return TrackKey(self.lesson_id, "teacher", "audio")

    def record(self, number: int) -> list[Spooled]:
        """A segment of one second."""
        start = number * SEGMENT_TICKS
        data = write_fragment(number + 1, start, [Sample(b"second %d" % number, SEGMENT_TICKS)])
        steps: list[Step] = [
            SegmentOpened(FORM, start),
            FragmentWritten(data, again=False),
            SegmentClosed(SEGMENT_TICKS),
        ]
        return self.spool.write([(self.key, step) for step in steps])

    async def stock(self) -> TrackStock:
        recording = await access_recording_open(self.store, SYSTEM, self.lesson_id, NOW)
        track = await access_track_register(self.store, SYSTEM, recording.id, self.new_track, NOW)
        return await access_track_stock(self.store, SYSTEM, track.track.id)

    @property
    def new_track(self) -> NewTrack:
        return NewTrack("teacher", TrackKind.AUDIO, TrackOrigin.SERVER, FORM.codec, FORM.timescale, channels=1)


@pytest.fixture(scope="module")
def database(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, str]:
    return running_lesson(tmp_path_factory.mktemp("database"), NOW)


@pytest.fixture
async def new_node(database: tuple[Path, str], tmp_path: Path) -> AsyncIterator[Callable[[], Node]]:
    """Servers that share a database and a segment store, while a lesson is running."""
    template, lesson_id = database
    nodes: list[Node] = []
    async with copied_store(template, tmp_path) as store:

        def make() -> Node:
            clock = VirtualClock(NOW)
            segments = LocalSegmentStore(tmp_path / "segments")
            handover = Handover(Keeper(segments, store, clock), store, clock, settle_after=timedelta(0))
            nodes.append(Node(lesson_id, store, Spool(tmp_path / "spool"), handover, clock))
            return nodes[-1]

        yield make
        for each in nodes:
            each.spool.close()


@pytest.fixture
def node(new_node: Callable[[], Node]) -> Node:
    return new_node()


async def test_segments_get_into_the_manifest_and_off_the_spool(node: Node) -> None:
    node.handover.begins(node.key, FORM)
    await node.handover.drain()
    assert (await node.stock()).next_sequence == 0, "the track is there before its first segment"
    spooled = [*node.record(0), *node.record(1)]
    node.handover.take(spooled)
    assert node.handover.waiting == 2
    await node.handover.drain()
    stock = await node.stock()
    assert (stock.next_sequence, stock.stored, stock.missing) == (2, 2, ())
    assert not any(each.path.exists() or each.header.exists() for each in spooled)
    assert (node.handover.waiting, node.handover.handed_over) == (0, 2)


async def test_a_segment_that_got_there_before_a_crash_is_not_there_twice(
    node: Node, new_node: Callable[[], Node]
) -> None:
    first, second = [*node.record(0), *node.record(1)]
    copies = [(path, path.read_bytes()) for path in (second.path, second.header)]
    node.handover.take([first, second])
    await node.handover.drain()
    for path, data in copies:  # the crash came before it was forgotten
        path.write_bytes(data)
    again = new_node()
    again.handover.take([second, *again.record(2)])
    await again.handover.drain()
    assert (await node.stock()).next_sequence == 3
    assert again.handover.refused == 0


async def test_two_servers_record_one_source_after_the_other(node: Node, new_node: Callable[[], Node]) -> None:
    other = new_node()
    for number in range(3):
        for each in (node, other):
            each.handover.take(each.record(2 * number + (each is other)))
            await each.handover.drain()
    assert (await node.stock()).next_sequence == 6


async def test_what_cannot_be_handed_over_waits(node: Node, tmp_path: Path) -> None:
    [segment] = node.record(0)
    (tmp_path / "segments").rename(tmp_path / "away")
    (tmp_path / "segments").write_text("not a folder", "utf-8")
    node.handover.take([segment])
    with pytest.raises(Unavailable):
        await node.handover.drain()
    running = asyncio.create_task(node.handover.run())
    await node.clock.run(5)
    assert (node.handover.waiting, segment.path.exists()) == (1, True)
    (tmp_path / "segments").unlink()
    (tmp_path / "away").rename(tmp_path / "segments")

    async def handed_over() -> bool:
        await node.clock.run(5)
        return node.handover.handed_over == 1

    await eventually(handed_over, "the segment to be handed over")
    running.cancel()
    with suppress(asyncio.CancelledError):
        await running


async def test_tracks_are_complete_when_the_lesson_is_over_and_nothing_waits(node: Node) -> None:
    node.handover.take(node.record(0))
    await node.handover.drain()
    await node.handover.settle(set())
    assert not (await node.stock()).track.complete, "the lesson still runs"
    await access_step(node.store, SYSTEM, node.lesson_id, LessonStep.STOP, NOW)
    await node.handover.settle({node.lesson_id})
    assert not (await node.stock()).track.complete, "it is still recorded"
    node.handover.take(node.record(1))
    await node.handover.settle(set())
    assert not (await node.stock()).track.complete, "a segment waits"
    await node.handover.drain()
    await node.handover.settle(set())
    assert (await node.stock()).track.complete


async def test_what_comes_late_is_taken_and_what_nobody_wants_stays_on_the_disk(node: Node) -> None:
    node.handover.take(node.record(0))
    await node.handover.drain()
    stock = await node.stock()
    await access_track_complete(node.store, SYSTEM, stock.track.id, 1, NOW)
    node.handover.take([*node.record(1), *node.record(2)])
    await node.handover.drain()
    stock = await node.stock()
    assert (stock.next_sequence, stock.stored, node.handover.refused) == (3, 3, 0)
    async with node.store.session() as db:
        recording = await db.get_one(RecordingRow, stock.track.recording_id)
        recording.state = RecordingState.RETIRED
    [late] = node.record(3)
    node.handover.take([late, *node.record(4)])
    await node.handover.drain()
    assert (node.handover.refused, node.handover.waiting) == (2, 0)
    assert late.path.exists()


async def test_a_damaged_file_holds_nothing_up(node: Node) -> None:
    [damaged] = node.record(0)
    damaged.path.write_bytes(b"garbage")
    node.handover.take([damaged, *node.record(1)])
    await node.handover.drain()
    assert (node.handover.refused, node.handover.handed_over) == (1, 1)
