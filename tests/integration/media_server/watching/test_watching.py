"""A recording served over HTTP, and played by players not written here."""

import asyncio
import io
import json
import subprocess
from collections.abc import AsyncIterator
from dataclasses import replace
from typing import Any

import av
import cv2
import numpy as np
import pytest
import pytest_asyncio
from av.container import InputContainer

from classroom.access.extras import extras_of
from classroom.access.lessons import access_step
from classroom.clock import VirtualClock
from classroom.fmp4.fragment import Sample, write_fragment
from classroom.model.lesson import LessonStep
from classroom.model.principal import SYSTEM
from classroom.model.recording import RecordingState, TrackOrigin
from classroom.server import Server
from media_server.watching.service import WatchingService
from tests.fakes.county import NOW, start
from tests.fakes.hls_rules import check_growth, check_media_playlist, check_multivariant
from tests.fakes.hub import Hub, hub_settings, running_hub
from tests.fakes.kept_recordings import KeptRecording, keep_recording
from tests.fakes.recorded import RecordedTrack, a_picture, a_sound, digest_of
from tests.harness.eventually import eventually

# One server, with one worker process, for all of them: starting one costs more than what it does here.
pytestmark = pytest.mark.asyncio(loop_scope="module")


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def hub(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Hub]:
    async with running_hub(tmp_path_factory.mktemp("watching"), services=[WatchingService]) as made:
        yield made


async def kept(hub: Hub, **more: Any) -> KeptRecording:
    tracks = more.pop("tracks", {"teacher-v": a_picture(), "teacher-a": a_sound(), "slides": a_picture(slides_s=4.0)})
    return await keep_recording(
        hub.server.context.store,
        hub.server.context.settings.data,
        tracks,
        school_id=hub.county.host.id,
        began_at=NOW,
        teacher_id=hub.county["teacher"].id,
        lesson_id=more.pop("lesson_id", None),
        **more,
    )


def opened(data: bytes) -> InputContainer:
    return av.open(io.BytesIO(data), "r")


async def get(hub: Hub, path: str, who: str = "teacher", **headers: str) -> tuple[int, bytes, dict[str, str]]:
    sent = {**await hub.headers_of(who), **{name.replace("_", "-"): value for name, value in headers.items()}}
    async with hub.http.get(path, headers=sent) as response:
        return response.status, await response.read(), {name.lower(): value for name, value in response.headers.items()}


async def text(hub: Hub, path: str) -> str:
    status, body, _ = await get(hub, path)
    assert status == 200, body
    return body.decode()


async def test_a_recording_is_playlists_and_segments(hub: Hub) -> None:
    recording = await kept(hub)
    base = f"/hls/{recording.id}"
    status, body, headers = await get(hub, f"{base}/index.m3u8")
    assert (status, headers["content-type"]) == (200, "application/vnd.apple.mpegurl")
    index = check_multivariant(body.decode())
    assert index.playlists[0].uri == "vod/teacher-video.m3u8"
    info = index.playlists[0].stream_info
    assert (info.resolution, info.frame_rate, info.codecs) == ((320, 180), 10.0, "avc1.42c00b,opus")
    for key in ("teacher-video", "teacher-audio", "teacher-audio-aac", "slides-video"):
        found = check_media_playlist(await text(hub, f"{base}/vod/{key}.m3u8"))
        assert found.is_endlist
        assert sum(each.duration for each in found.segments) == pytest.approx(8.0, abs=0.03)
        data = b""
        for uri in [found.segments[0].init_section.uri, *(each.uri for each in found.segments)]:
            status, body, headers = await get(hub, f"{base}/vod/{uri}")
            assert status == 200, uri
            assert "immutable" in headers["cache-control"]
            data += body
        with opened(data) as container:
            assert container.duration == pytest.approx(8_000_000, abs=50_000)


async def test_segments_are_cached_and_given_in_parts(hub: Hub) -> None:
    recording = await kept(hub)
    digest = a_picture().segments[1].digest
    whole = a_picture().blobs[digest]
    path = f"/hls/{recording.id}/segment/{digest}.m4s"
    status, body, headers = await get(hub, path)
    assert (status, body) == (200, whole)
    etag = headers["etag"]
    assert (await get(hub, path, If_None_Match=etag))[0] == 304
    status, body, headers = await get(hub, path, Range="bytes=10-19")
    assert (status, body, headers["content-range"]) == (206, whole[10:20], f"bytes 10-19/{len(whole)}")
    assert (await get(hub, path, Range="bytes=-7"))[:2] == (206, whole[-7:])
    assert (await get(hub, path, Range="bytes=10-", If_Range=etag))[:2] == (206, whole[10:])
    assert (await get(hub, path, Range="bytes=10-19", If_Range='"another"'))[:2] == (200, whole)
    assert (await get(hub, path, Range="bytes=5-1,3"))[0] == 200
    status, body, _ = await get(hub, path, Range=f"bytes={len(whole)}-")
    assert (status, json.loads(body)["code"]) == (416, "range_unsatisfiable")


async def test_nobody_gets_what_is_not_theirs(hub: Hub) -> None:
    mine = await kept(hub)
    other = await kept(hub, tracks={"teacher": a_picture(2.0, width=64, height=64)}, lesson_id=None)
    foreign = a_picture(2.0, width=64, height=64).segments[0].digest
    for path in (f"segment/{foreign}.m4s", f"header/{foreign}.mp4", f"aac/{foreign}/start/0-2.m4s", "segment/none.m4s"):
        status, body, _ = await get(hub, f"/hls/{mine.id}/{path}")
        assert (status, json.loads(body)["code"]) == (404, "segment_missing"), path
    assert (await get(hub, f"/hls/{other.id}/segment/{foreign}.m4s"))[0] == 200
    for path in ("index.m3u8", "vod/teacher-video.m3u8", f"segment/{a_picture().segments[0].digest}.m4s", "movie.mp4"):
        assert (await get(hub, f"/hls/{mine.id}/{path}", "other_pupil"))[0] == 403
        assert (await get(hub, f"/hls/{mine.id}/{path}", "nobody"))[0] == 401
    assert (await get(hub, "/hls/none/index.m3u8"))[0] == 404
    assert (await get(hub, f"/hls/{mine.id}/vod/board-video.m3u8"))[0] == 404


async def test_a_running_lesson_grows_and_then_is_whole(hub: Hub) -> None:
    await start(hub.county)
    recording = await kept(hub, tracks={}, state=RecordingState.CAPTURING, lesson_id=hub.county.lesson.id)
    base = f"/hls/{recording.id}"
    status, body, _ = await get(hub, f"{base}/index.m3u8")
    assert (status, json.loads(body)["code"]) == (409, "recording_empty")
    picture, sound = a_picture(), a_sound()
    before: dict[str, str] = {}
    for upto in (1, 2, 3, None):
        await recording.add("teacher", picture, origin=TrackOrigin.SERVER, upto=upto)
        await recording.add("teacher", sound, origin=TrackOrigin.SERVER, upto=upto)
        if upto == 2:  # the room's own record comes later, and changes nothing of what was listed
            await recording.add("teacher", a_picture(width=160, height=96), upto=1)
        hub.clock.advance(2.0)
        index = check_multivariant(await text(hub, f"{base}/index.m3u8"))
        assert index.playlists[0].uri == "event/teacher-video.m3u8"
        for key in ("event/teacher-video", "event/teacher-audio", "live/teacher-video", "event/teacher-audio-aac"):
            after = await text(hub, f"{base}/{key}.m3u8")
            if key in before:
                check_growth(before[key], after)
            before[key] = after
    found = check_media_playlist(before["event/teacher-video"])
    assert (len(found.segments), found.is_endlist, found.playlist_type) == (4, False, "event")
    await access_step(hub.server.context.store, SYSTEM, hub.county.lesson.id, LessonStep.STOP, NOW)
    hub.clock.advance(2.0)
    # who followed it hears that it is over; who comes now gets all there is, from the best record
    after = await text(hub, f"{base}/event/teacher-video.m3u8")
    check_growth(before["event/teacher-video"], after)
    assert check_media_playlist(after).is_endlist
    index = check_multivariant(await text(hub, f"{base}/index.m3u8"))
    assert index.playlists[0].uri == "vod/teacher-video.m3u8"
    found = check_media_playlist(await text(hub, f"{base}/vod/teacher-video.m3u8"))
    assert [bool(each.discontinuity) for each in found.segments] == [False, True, False, False]


async def test_what_is_damaged_or_lost_is_never_served_as_good(hub: Hub) -> None:
    recording = await kept(hub)
    base = f"/hls/{recording.id}"
    damaged, lost = a_picture().segments[1].digest, a_picture().segments[2].digest
    recording.damage(damaged)
    recording.lose(lost)
    status, body, _ = await get(hub, f"{base}/segment/{damaged}.m4s")
    assert (status, json.loads(body)["code"]) == (503, "segment_damaged")
    status, body, _ = await get(hub, f"{base}/segment/{lost}.m4s")
    assert (status, json.loads(body)["code"]) == (404, "segment_missing")
    found = check_media_playlist(await text(hub, f"{base}/vod/teacher-video.m3u8"))
    assert [bool(each.gap_tag) for each in found.segments] == [False, True, False]
    assert [each.duration for each in found.segments] == [2.0, 4.0, 2.0]
    # the sound goes on
    found = check_media_playlist(await text(hub, f"{base}/vod/teacher-audio.m3u8"))
    assert not any(each.gap_tag for each in found.segments)
    # and where the server has recorded the same, that is shown
    await recording.come_to(RecordingState.CAPTURING)
    await recording.add("teacher", a_picture(width=160, height=96), origin=TrackOrigin.SERVER)
    hub.clock.advance(60.0)
    found = check_media_playlist(await text(hub, f"{base}/vod/teacher-video.m3u8"))
    assert [bool(each.gap_tag) for each in found.segments] == [False] * 4
    assert [bool(each.discontinuity) for each in found.segments] == [False, True, False, True]
    sound = check_media_playlist(await text(hub, f"{base}/vod/teacher-audio.m3u8"))
    assert sum(each.discontinuity for each in sound.segments) == 2


async def movie_of(hub: Hub, recording: KeptRecording, query: str = "") -> bytes:
    status, body, headers = await get(hub, f"/hls/{recording.id}/movie.mp4{query}")
    assert status == 200, body
    assert headers["content-type"] == "video/mp4"
    assert headers["content-length"] == str(len(body))
    return body


async def finished(hub: Hub, recording: KeptRecording) -> dict[str, Any]:
    """The player's view once all extras are made."""
    async with asyncio.timeout(20):
        while True:
            status, view = await hub.call("teacher", "GET", f"/api/v1/recordings/{recording.id}/watch")
            assert status == 200, view
            if view["extras"] and view["extras"]["finished"]:
                return dict(view)
            hub.clock.advance(1.0)
            await asyncio.sleep(0.05)


async def test_a_recording_is_one_file_with_two_sounds_and_chapters(hub: Hub) -> None:
    tracks = {"teacher-v": a_picture(20.0), "teacher-a": a_sound(20.0), "slides": a_picture(20.0, slides_s=16.0)}
    recording = await kept(hub, tracks=tracks)
    with opened(await movie_of(hub, recording)) as container:
        assert [each.codec_context.name for each in container.streams] == ["h264", "opus"]
    view = await finished(hub, recording)
    assert [chapter["start_s"] for chapter in view["chapters"]] == [0.0, 16.0]
    data = await movie_of(hub, recording)
    with opened(data) as container:
        assert [each.codec_context.name for each in container.streams] == ["h264", "aac", "opus"]
        assert container.duration == pytest.approx(20_000_000, abs=20_000)
        assert [each["metadata"]["title"] for each in container.chapters()] == ["第 1 页", "第 2 页"]
    with opened(await movie_of(hub, recording, "?picture=slides")) as container:
        assert container.streams.video[0].width == 320
    path = f"/hls/{recording.id}/movie.mp4"
    status, body, headers = await get(hub, path, Range=f"bytes={len(data) - 1000}-")
    assert (status, body) == (206, data[-1000:])
    assert (await get(hub, path, If_None_Match=headers["etag"]))[0] == 304
    async with hub.http.head(path, headers=await hub.headers_of("teacher")) as response:
        assert response.headers["Content-Length"] == str(len(data))
        assert "%E5%8F%A4%E8%AF%97" in response.headers["Content-Disposition"]
    assert (await get(hub, f"{path}?picture=board"))[0] == 404
    assert (await get(hub, f"{path}?pictures=board"))[0] == 400


async def test_a_file_breaks_off_rather_than_send_what_is_damaged(hub: Hub) -> None:
    recording = await kept(hub)
    before = len(await movie_of(hub, recording))
    recording.damage(a_picture().segments[3].digest)
    with pytest.raises(Exception, match="payload"):
        await get(hub, f"/hls/{recording.id}/movie.mp4")
    hub.clock.advance(1.0)
    whole = await movie_of(hub, recording)
    assert len(whole) < before
    with opened(whole) as container:
        assert container.duration == pytest.approx(8_000_000, abs=20_000)


async def test_extras_are_made_in_the_background_and_say_how_far_they_are(hub: Hub) -> None:
    recording = await kept(hub)
    status, view = await hub.call("teacher", "GET", f"/api/v1/recordings/{recording.id}/watch")
    assert (status, view["extras"], view["waveform"]) == (200, None, None)
    view = await finished(hub, recording)
    assert (view["extras"]["failed"], view["extras"]["done"]) == (0, view["extras"]["steps"])
    assert view["title"] == "古诗两首"
    assert view["duration_s"] == pytest.approx(8.0, abs=0.03)
    assert {track["key"] for track in view["tracks"]} == {
        "teacher-video", "teacher-audio", "teacher-audio-aac", "slides-video",
    }  # fmt: skip
    for address, size in ((view["poster"], (180, 320)), (view["sheet"]["url"], (90, 1600))):
        status, body, headers = await get(hub, address)
        assert (status, headers["content-type"]) == (200, "image/jpeg")
        image = cv2.imdecode(np.frombuffer(body, np.uint8), cv2.IMREAD_COLOR)
        assert image is not None
        assert image.shape[:2] == size
    waveform = json.loads(await text(hub, view["waveform"]))
    assert len(waveform["peaks"]) == 81
    assert waveform["per_second"] == 10.0
    assert (await get(hub, view["chapters"][0]["still"]))[0] == 200


def spoilt(track: RecordedTrack) -> RecordedTrack:
    """The same, with one segment that is whole and still no picture."""
    segment = track.segments[1]
    data = write_fragment(1, segment.start, [Sample(bytes(100), segment.duration)])
    digest = digest_of(data)
    changed = replace(segment, digest=digest, size_bytes=len(data))
    segments = (track.segments[0], changed, *track.segments[2:])
    return replace(track, segments=segments, blobs={**track.blobs, digest: data})


async def test_what_comes_late_renews_the_extras_though_nobody_watches(hub: Hub) -> None:
    recording = await kept(hub)
    store = hub.server.context.store
    await finished(hub, recording)
    before = await extras_of(store, recording.id)
    await recording.add("board", a_picture(4.0, width=160, height=96))

    async def renewed() -> bool:
        hub.clock.advance(60.0)
        found = await extras_of(store, recording.id)
        return found is not None and found.finished and found.made_from != (before and before.made_from)

    await eventually(renewed, "the board has its stills, too")


async def test_one_bad_segment_costs_its_own_pictures_only(hub: Hub) -> None:
    recording = await kept(hub, tracks={"teacher-a": a_sound(), "slides": spoilt(a_picture())})
    view = await finished(hub, recording)
    assert view["extras"]["failed"] == 1
    assert view["extras"]["done"] == view["extras"]["steps"]
    assert (await get(hub, view["sheet"]["url"]))[0] == 200
    assert (await get(hub, view["waveform"]))[0] == 200


async def test_what_was_made_survives_a_restart(hub: Hub) -> None:
    recording = await kept(hub)
    view = await finished(hub, recording)
    sheet = await get(hub, view["sheet"]["url"])
    settings = hub_settings(hub.server.context.settings.data)
    again = Server(settings, clock=VirtualClock(NOW), services=[WatchingService])
    async with again, Hub(again, VirtualClock(NOW), hub.county) as hub2:
        status, view2 = await hub2.call("teacher", "GET", f"/api/v1/recordings/{recording.id}/watch")
        assert (status, view2) == (200, view)
        assert (await get(hub2, view2["sheet"]["url"]))[1] == sheet[1]


def ffprobe(address: str, cookie: str) -> dict[str, Any]:
    found = subprocess.run(
        ["ffprobe", "-v", "error", "-headers", f"Cookie: {cookie}\r\n", "-show_format", "-show_streams",
         "-of", "json", address], capture_output=True, timeout=60, check=False,
    )  # fmt: skip
    assert found.returncode == 0, found.stderr.decode()
    return dict(json.loads(found.stdout))


async def test_ffmpeg_plays_the_playlist(hub: Hub) -> None:
    recording = await kept(hub)
    cookie = (await hub.headers_of("teacher"))["Cookie"]
    found = await asyncio.to_thread(ffprobe, f"{hub.server.url}/hls/{recording.id}/index.m3u8", cookie)
    kinds = sorted(stream["codec_name"] for stream in found["streams"])
    assert {"h264", "opus", "aac"} == set(kinds)
    assert float(found["format"]["duration"]) == pytest.approx(8.0, abs=0.1)
