"""Chromium publishes in every codec; the server records it without transcoding, and FFmpeg decodes the recording."""

import asyncio
import contextlib
import io
from collections.abc import AsyncIterator
from fractions import Fraction
from itertools import pairwise
from pathlib import Path
from typing import Any

import av
import pytest

from classroom.clock import SystemClock
from media_server.engine import MediaEngine
from tests.fakes.recorded_lesson import RecordedLesson, recorded_lesson, running_lesson
from tests.harness.browser import chromium
from tests.harness.eventually import eventually
from tests.harness.processes import HOST
from tests.integration.media_server.test_browser_codecs import ACCEPT

WIDTH, HEIGHT, FPS = 320, 192, 15
SECONDS = 3.0
# A drawn picture and a tone instead of a camera and a microphone, so that no secure page is needed.
PUBLISH = """
async ([codec, encoding]) => {
  const canvas = document.createElement('canvas');
  [canvas.width, canvas.height] = [320, 192];
  const context = canvas.getContext('2d');
  let count = 0;
  setInterval(() => {
    context.fillStyle = `hsl(${count++ % 360} 60% 50%)`;
    context.fillRect(0, 0, 320, 192);
    context.fillStyle = 'white';
    context.fillText(count, 100 + count % 100, 100);
  }, 66);
  const sound = new AudioContext();
  const tone = new OscillatorNode(sound, {frequency: 440});
  const destination = sound.createMediaStreamDestination();
  tone.connect(destination);
  tone.start();
  const connection = window.connection = new RTCPeerConnection();
  const picture = canvas.captureStream(15).getVideoTracks()[0];
  const video = connection.addTransceiver(picture, {direction: 'sendonly', sendEncodings: [encoding]});
  const all = RTCRtpSender.getCapabilities('video').codecs;
  video.setCodecPreferences(all.filter(each => [`video/${codec}`, 'video/rtx'].includes(each.mimeType)));
  connection.addTransceiver(destination.stream.getAudioTracks()[0], {direction: 'sendonly'});
  await connection.setLocalDescription();
  return connection.localDescription.sdp;
}
"""
CODECS: dict[str, tuple[str, dict[str, str], str]] = {
    "h264": ("H264", {}, "avc1.42"),
    "vp8": ("VP8", {}, "vp08.00"),
    "vp9": ("VP9", {}, "vp09.00"),
    "av1": ("AV1", {}, "av01.0"),
}


@pytest.fixture(scope="module")
def lesson(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, str]:
    return running_lesson(tmp_path_factory.mktemp("lesson"), SystemClock().now())


@pytest.fixture
async def engine() -> AsyncIterator[MediaEngine]:
    engine = MediaEngine(SystemClock(), HOST, 0, [HOST])
    running = asyncio.create_task(engine.run())
    yield engine
    running.cancel()
    with contextlib.suppress(asyncio.CancelledError):
        await running
    engine.close()


def decoded(file: bytes) -> tuple[list[Any], Fraction]:
    """All frames of a file, and its time base."""
    with av.open(io.BytesIO(file), "r") as container:
        stream = container.streams[0]
        assert stream.time_base is not None
        return list(container.decode(stream)), stream.time_base


async def check_picture(recorded: RecordedLesson, name: str, codec: str) -> None:
    track, segments = (await recorded.tracks())[name, "video"]
    assert (track.codec[: len(codec)], track.width, track.height) == (codec, WIDTH, HEIGHT)
    frames, base = decoded(await recorded.file(segments))
    assert {(frame.width, frame.height) for frame in frames} == {(WIDTH, HEIGHT)}
    duration_s = sum(segment.duration for segment in segments) / track.timescale
    assert duration_s >= SECONDS
    assert len(frames) >= duration_s * FPS / 3, "a loaded machine leaves pictures out, but not so many"
    times = [frame.pts * base for frame in frames]
    assert times[0] == Fraction(segments[0].start, track.timescale)
    assert all(first < second for first, second in pairwise(times))


async def check_sound(recorded: RecordedLesson, name: str) -> None:
    track, segments = (await recorded.tracks())[name, "audio"]
    assert track.codec == "opus"
    frames, _ = decoded(await recorded.file(segments))
    samples = sum(frame.samples for frame in frames)
    duration_s = sum(segment.duration for segment in segments) / track.timescale
    assert abs(samples / 48_000 - duration_s) < 0.1
    assert max(abs(frame.to_ndarray()).max() for frame in frames) > 0.1


async def test_every_codec_is_recorded_and_decoded(
    engine: MediaEngine, lesson: tuple[Path, str], tmp_path: Path
) -> None:
    async with chromium() as browser, recorded_lesson(engine, SystemClock(), lesson, tmp_path) as recorded:
        for name, (codec, encoding, _) in CODECS.items():
            page = await browser.new_page()
            offer: str = await page.evaluate(PUBLISH, [codec, encoding])
            _, answer = engine.publish(recorded.lesson_id, name, "room", offer)
            await page.evaluate(ACCEPT, answer)

        async def long_enough() -> bool:
            lesson = recorded.recorder.lessons.get(recorded.lesson_id)
            tracks = lesson.tracks.values() if lesson else []
            return len(tracks) == 2 * len(CODECS) and all(track.writer.recorded_s > SECONDS for track in tracks)

        await eventually(long_enough, "all sources to be recorded", 60.0)
        await recorded.stop()
        for name, (_, _, codec) in CODECS.items():
            await check_picture(recorded, name, codec)
            await check_sound(recorded, name)
