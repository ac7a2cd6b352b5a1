"""The recording of a lesson as the database keeps it, on both databases."""

import asyncio
from collections.abc import Awaitable
from dataclasses import replace
from datetime import timedelta

import pytest

from classroom.access.blobs import (
    access_blob_damaged,
    access_blob_to_bring,
    access_blobs_stored,
    access_blobs_to_verify,
    access_blobs_verified,
    access_damaged_blobs,
)
from classroom.access.items import access_item
from classroom.access.lessons import access_lesson_to_see, access_step
from classroom.access.recordings import (
    Missing,
    NewTrack,
    UnfinishedTrack,
    access_recording_open,
    access_recording_settle,
    access_recordings_to_settle,
    access_segments_append,
    access_track_complete,
    access_track_register,
    access_track_stock,
    access_tracks_unfinished,
)
from classroom.access.watching import manifest_of
from classroom.errors import Conflict, Forbidden, NotFound, NotSignedIn
from classroom.model.lesson import LessonState, LessonStep
from classroom.model.principal import SYSTEM
from classroom.model.recording import RecordingState, Segment, TrackKind, TrackOrigin
from classroom.store.recording_tables import RecordingRow
from classroom.store.store import Store
from tests.fakes.county import NOW, County, build_county

SOUND = NewTrack("teacher", TrackKind.AUDIO, TrackOrigin.AGENT, "opus", 48_000, channels=1)
INIT = "f" * 64


def segment(number: int, digest: str | None = None) -> Segment:
    return Segment(number, digest or f"{number:064x}", INIT, 1_000 + number, number * 192_000, 192_000)


async def started(store: Store) -> County:
    county = await build_county(store)
    await access_step(store, SYSTEM, county.lesson.id, LessonStep.START, NOW)
    return county


async def test_agent_and_server_open_the_same_recording_at_once(store: Store) -> None:
    county = await started(store)
    device = county["room_device"]
    opened = await asyncio.gather(
        *(access_recording_open(store, who, county.lesson.id, NOW) for who in (device, SYSTEM, device, SYSTEM))
    )
    assert len({recording.id for recording in opened}) == 1
    assert (opened[0].began_at, opened[0].state) == (NOW, RecordingState.CAPTURING)
    tracks = await asyncio.gather(
        *(access_track_register(store, device, opened[0].id, SOUND, NOW) for _ in range(4)),
    )
    assert len({stock.track.id for stock in tracks}) == 1


async def test_a_lesson_is_recorded_from_its_start_to_the_archive(store: Store) -> None:
    county = await started(store)
    device = county["room_device"]
    recording = await access_recording_open(store, device, county.lesson.id, NOW)
    track = (await access_track_register(store, device, recording.id, SOUND, NOW)).track
    stock = await access_segments_append(store, device, track.id, [segment(0), segment(1)])
    assert (stock.next_sequence, stock.stored) == (2, 0)
    assert stock.missing == (Missing(INIT, None), Missing(segment(0).digest, 1_000), Missing(segment(1).digest, 1_001))
    again = await access_segments_append(store, device, track.id, [segment(1), segment(2)])
    assert again.next_sequence == 3
    for digest in (INIT, segment(0).digest, segment(1).digest):
        await access_blobs_stored(store, SYSTEM, {digest: 1_000}, NOW)
    stock = await access_track_stock(store, device, track.id)
    assert (stock.stored, stock.missing) == (2, (Missing(segment(2).digest, 1_002),))
    done = await access_track_complete(store, device, track.id, 3, NOW)
    assert done.track.complete
    assert (await access_track_complete(store, device, track.id, 3, NOW)).track.complete
    assert await access_recordings_to_settle(store, SYSTEM) == [], "the lesson still runs"
    await access_step(store, SYSTEM, county.lesson.id, LessonStep.STOP, NOW + timedelta(seconds=12))
    assert await access_recordings_to_settle(store, SYSTEM) == [recording.id]
    assert await access_recording_settle(store, SYSTEM, recording.id, NOW) is None, "a segment is missing"
    await access_blobs_stored(store, SYSTEM, {segment(2).digest: 1_002}, NOW)
    settled = await access_recording_settle(store, SYSTEM, recording.id, NOW)
    assert settled is not None
    assert (settled[0].state, settled[0].duration_s) == (RecordingState.COMPLETE, 12.0)
    assert (await access_lesson_to_see(store, SYSTEM, county.lesson.id)).state is LessonState.ARCHIVED
    assert await access_recording_settle(store, SYSTEM, recording.id, NOW) is None
    other = NewTrack("slides", TrackKind.VIDEO, TrackOrigin.AGENT, "avc1.42e01f", 90_000, 1280, 720)
    late = (await access_track_register(store, device, recording.id, other, NOW)).track
    await access_segments_append(store, device, late.id, [segment(0)])
    tracks = (await manifest_of(store, recording.id)).tracks
    assert [(track.name, len(lines)) for track, lines in tracks] == [("slides", 1), ("teacher", 3)]
    async with store.session() as db:
        (await db.get_one(RecordingRow, recording.id)).state = RecordingState.RETIRED
    with pytest.raises(Conflict) as caught:
        await access_track_register(store, device, recording.id, replace(other, name="screen"), NOW)
    assert caught.value.code == "recording_closed"


async def test_what_was_given_up_is_not_waited_for_and_taken_all_the_same(store: Store) -> None:
    county = await started(store)
    device = county["room_device"]
    recording = await access_recording_open(store, device, county.lesson.id, NOW)
    track = (await access_track_register(store, device, recording.id, SOUND, NOW)).track
    await access_segments_append(store, device, track.id, [segment(0), segment(1)])
    await access_blobs_stored(store, SYSTEM, {INIT: 1_000, segment(0).digest: 1_000}, NOW)
    await access_track_complete(store, device, track.id, 2, NOW)
    await access_step(store, SYSTEM, county.lesson.id, LessonStep.STOP, NOW + timedelta(seconds=12))
    assert await access_recording_settle(store, SYSTEM, recording.id, NOW) is None
    await access_track_complete(store, device, track.id, 2, NOW, given_up=True)
    settled = await access_recording_settle(store, SYSTEM, recording.id, NOW)
    assert settled is not None
    assert settled[0].state is RecordingState.COMPLETE
    [state] = (await access_item(store, county["admin"], recording.id, NOW)).tracks
    assert (state.given_up, state.segments, state.stored) == (True, 2, 1)
    assert (await manifest_of(store, recording.id)).broken == {segment(1).digest}
    await access_blobs_stored(store, SYSTEM, {segment(1).digest: 1_001}, NOW)
    assert not (await manifest_of(store, recording.id)).broken


async def test_tracks_that_nobody_called_complete(store: Store) -> None:
    county = await started(store)
    recording = await access_recording_open(store, SYSTEM, county.lesson.id, NOW)
    server = NewTrack("teacher", TrackKind.AUDIO, TrackOrigin.SERVER, "opus", 48_000)
    tracks = [
        (await access_track_register(store, SYSTEM, recording.id, new, NOW)).track.id
        for new in (server, replace(server, name="slides"), SOUND)
    ]
    await access_segments_append(store, SYSTEM, tracks[0], [segment(0), segment(1)])
    await access_track_complete(store, SYSTEM, tracks[1], 0, NOW)
    ended_at = NOW + timedelta(minutes=1)
    await access_step(store, SYSTEM, county.lesson.id, LessonStep.STOP, ended_at)
    assert await access_tracks_unfinished(store, SYSTEM, TrackOrigin.SERVER, NOW) == [], "not so long ago"
    unfinished = await access_tracks_unfinished(store, SYSTEM, TrackOrigin.SERVER, ended_at)
    assert unfinished == [UnfinishedTrack(county.lesson.id, tracks[0], 2)]
    with pytest.raises(Forbidden):
        await access_tracks_unfinished(store, county["room_device"], TrackOrigin.SERVER, ended_at)


async def test_what_does_not_fit_is_refused_and_nothing_of_it_kept(store: Store) -> None:
    county = await started(store)
    device = county["room_device"]
    with pytest.raises(Conflict) as caught:
        await access_recording_open(store, device, county.open_lesson.id, NOW)
    assert caught.value.code == "lesson_not_started"
    recording = await access_recording_open(store, device, county.lesson.id, NOW)
    server = NewTrack("teacher", TrackKind.AUDIO, TrackOrigin.SERVER, "opus", 48_000)
    with pytest.raises(Conflict) as caught:
        await access_track_register(store, device, recording.id, server, NOW)
    assert caught.value.code == "track_origin_wrong"
    track = (await access_track_register(store, device, recording.id, SOUND, NOW)).track
    with pytest.raises(Conflict) as caught:
        await access_track_register(
            store, device, recording.id, NewTrack("teacher", TrackKind.AUDIO, TrackOrigin.AGENT, "opus", 24_000), NOW
        )
    assert caught.value.code == "track_differs"
    await access_segments_append(store, device, track.id, [segment(0)])
    for lines, code in (
        ([segment(1), segment(3)], "segment_out_of_order"),
        ([segment(1), segment(0, "a" * 64)], "segment_differs"),
    ):
        with pytest.raises(Conflict) as caught:
            await access_segments_append(store, device, track.id, lines)
        assert caught.value.code == code
    assert (await access_track_stock(store, device, track.id)).next_sequence == 1
    await access_track_complete(store, device, track.id, 1, NOW)
    for use in (
        access_segments_append(store, device, track.id, [segment(1)]),
        access_track_complete(store, device, track.id, 2, NOW),
    ):
        with pytest.raises(Conflict) as caught:
            await use
        assert caught.value.code == "track_closed"
    with pytest.raises(NotFound):
        await access_track_stock(store, device, "none")
    with pytest.raises(NotFound):
        await access_track_register(store, device, "none", SOUND, NOW)


async def test_only_the_lessons_room_and_the_server_record_it(store: Store) -> None:
    county = await started(store)
    may = {"system", "admin", "room_device"}
    recording = await access_recording_open(store, SYSTEM, county.lesson.id, NOW)
    track = (await access_track_register(store, SYSTEM, recording.id, SOUND, NOW)).track
    await access_segments_append(store, SYSTEM, track.id, [segment(0)])
    wrong = []
    for who, principal in county.people.items():
        uses: tuple[Awaitable[object], ...] = (
            access_recording_open(store, principal, county.lesson.id, NOW),
            access_track_register(store, principal, recording.id, SOUND, NOW),
            access_segments_append(store, principal, track.id, [segment(0)]),
            access_track_stock(store, principal, track.id),
            access_blob_to_bring(store, principal, INIT),
        )
        for number, use in enumerate(uses):
            try:
                await use
            except (Forbidden, NotSignedIn):
                if who in may:
                    wrong.append((who, number))
            else:
                if who not in may:
                    wrong.append((who, number))
    assert wrong == []
    for keep in (
        access_recordings_to_settle(store, county["room_device"]),
        access_blobs_stored(store, county["room_device"], {INIT: 1}, NOW),
        access_damaged_blobs(store, county["teacher"]),
    ):
        with pytest.raises(Forbidden):
            await keep


async def test_bytes_are_taken_only_when_a_manifest_names_them(store: Store) -> None:
    county = await started(store)
    device = county["room_device"]
    with pytest.raises(NotFound) as caught:
        await access_blob_to_bring(store, device, INIT)
    assert caught.value.code == "segment_unexpected"
    recording = await access_recording_open(store, device, county.lesson.id, NOW)
    track = (await access_track_register(store, device, recording.id, SOUND, NOW)).track
    await access_segments_append(store, device, track.id, [segment(0)])
    assert (await access_blob_to_bring(store, device, INIT)).size_bytes is None
    expected = await access_blob_to_bring(store, device, segment(0).digest)
    assert (expected.size_bytes, expected.stored) == (1_000, False)
    await access_blobs_stored(store, SYSTEM, {segment(0).digest: 1_000}, NOW)
    assert (await access_blob_to_bring(store, device, segment(0).digest)).stored


async def test_damage_is_known_until_it_is_repaired(store: Store) -> None:
    digests = [segment(number).digest for number in range(3)]
    for number, digest in enumerate(digests):
        await access_blobs_stored(store, SYSTEM, {digest: 10}, NOW + timedelta(hours=number))
    later = NOW + timedelta(days=1)
    assert await access_blobs_to_verify(store, SYSTEM, later, 2) == digests[:2]
    await access_blobs_verified(store, SYSTEM, digests[:1], later)
    assert await access_blob_damaged(store, SYSTEM, digests[1], later)
    assert not await access_blob_damaged(store, SYSTEM, digests[1], later)
    assert await access_blobs_to_verify(store, SYSTEM, later, 10) == digests[2:]
    assert await access_damaged_blobs(store, SYSTEM) == 1
    await access_blobs_stored(store, SYSTEM, {digests[1]: 10}, later)
    assert await access_damaged_blobs(store, SYSTEM) == 0
    assert not await access_blob_damaged(store, SYSTEM, "e" * 64, later)
