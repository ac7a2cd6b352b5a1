"""Cameras, microphones and screens as far as a machine without them can tell, and network cameras for real."""

import asyncio
import importlib
import threading
from collections.abc import Callable
from itertools import pairwise

import pytest

from room_agent.capture.camera import CameraCapture
from room_agent.capture.frames import Capture, CaptureFault
from room_agent.capture.microphone import MicrophoneCapture
from room_agent.capture.network import LiveTimeline, RtspCapture, ScreenCapture, without_password
from tests.fakes.capture import KeepingSink, VirtualBeat
from tests.fakes.clips import clip
from tests.fakes.rtsp_camera import RtspCamera


def enough(pictures: int) -> Callable[[KeepingSink], bool]:
    return lambda sink: len(sink.pictures) >= pictures


def fault_of(capture: Capture) -> CaptureFault:
    with pytest.raises(CaptureFault) as raised:
        capture.run(KeepingSink(enough(1)), threading.Event())
    return raised.value


async def test_a_network_camera_is_shown_and_hung_up_on() -> None:
    async with RtspCamera() as camera:
        sink = KeepingSink(enough(20))
        await asyncio.to_thread(RtspCapture(camera.url).run, sink, sink.stop)
        assert (sink.what[0].kinds, sink.what[0].width, sink.what[0].height) == (("video",), 640, 272)
        assert len(sink.pictures) >= 20
        steps = [later.captured_s - earlier.captured_s for earlier, later in pairwise(sink.pictures)]
        # Timestamps are the camera's, not the network's.
        assert steps[5:] == pytest.approx([0.04] * len(steps[5:]), abs=0.01)


async def test_a_network_camera_that_goes_away_is_a_fault_and_can_be_opened_again() -> None:
    async with RtspCamera() as camera:
        loop = asyncio.get_running_loop()

        def hang_up(sink: KeepingSink) -> bool:
            if len(sink.pictures) == 10:
                loop.call_soon_threadsafe(camera.hang_up)
            return False

        capture = RtspCapture(camera.url)
        sink = KeepingSink(hang_up)
        with pytest.raises(CaptureFault) as raised:
            await asyncio.to_thread(capture.run, sink, sink.stop)
        assert raised.value.code in {"rtsp_ended", "rtsp_unreachable"}
        again = KeepingSink(enough(5))
        await asyncio.to_thread(capture.run, again, again.stop)
        assert camera.played == 2


async def test_a_wrong_password_is_told_from_a_wrong_address_and_never_repeated() -> None:
    async with RtspCamera(password="right") as camera:
        login = camera.url.replace("rtsp://", "rtsp://admin:wrong@")
        refused = await asyncio.to_thread(fault_of, RtspCapture(login))
        assert refused.code == "rtsp_refused"
        assert "wrong" not in str(refused)
        sink = KeepingSink(enough(2))
        await asyncio.to_thread(RtspCapture(login.replace("wrong", "right")).run, sink, sink.stop)
        nobody = camera.url
    unreachable = await asyncio.to_thread(fault_of, RtspCapture(nobody))
    assert unreachable.code == "rtsp_unreachable"


def test_an_address_is_shown_without_its_password() -> None:
    assert without_password("rtsp://admin:p@ss@10.0.0.9:554/ch1?a=b@c") == "rtsp://10.0.0.9:554/ch1?a=b@c"
    assert without_password("rtsp://10.0.0.9/ch@1") == "rtsp://10.0.0.9/ch@1"


def test_network_jitter_does_not_reach_the_timestamps() -> None:
    timeline = LiveTimeline()
    delays = [0.0, 0.2, 0.05, 0.3, 0.01] * 50
    moments = [timeline.moment(n / 25, 100 + n / 25 + delay) for n, delay in enumerate(delays)]
    steps = [later - earlier for earlier, later in pairwise(moments)]
    assert steps == pytest.approx([0.04] * len(steps), abs=0.001)
    # A clock that runs a little slower than ours is followed.
    slow = [timeline.moment(10 + n / 25, 110 + n / 25 * 1.0005) for n in range(5000)]
    assert slow[-1] == pytest.approx(110 + 4999 / 25 * 1.0005, abs=0.05)


def test_opencv_reads_what_it_calls_a_camera() -> None:
    sink = KeepingSink(enough(10))
    CameraCapture(str(clip("carphone_pristine.mp4")), beat=VirtualBeat()).run(sink, sink.stop)
    assert (sink.what[0].width, sink.what[0].height) == (176, 144)
    assert sink.pictures[0].frame.format.name == "bgr24"


def test_a_camera_that_stops_is_told_from_one_that_is_not_there() -> None:
    assert fault_of(CameraCapture("/dev/video-none")).code == "camera_missing"
    missing = fault_of(CameraCapture(63))
    assert (missing.code, missing.data) == ("camera_missing", {"device": "63"})
    sink = KeepingSink(lambda _: False)
    with pytest.raises(CaptureFault) as raised:
        CameraCapture(str(clip("carphone_pristine.mp4")), beat=VirtualBeat()).run(sink, sink.stop)
    assert raised.value.code == "camera_stopped"


def test_a_microphone_that_is_not_there_says_so() -> None:
    try:
        importlib.import_module("sounddevice")
        code = "microphone_missing"
    except OSError:
        code = "microphone_library_missing"
    assert fault_of(MicrophoneCapture("a name no device has")).code == code


def test_without_a_display_the_screen_is_unavailable(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("DISPLAY", raising=False)
    assert fault_of(ScreenCapture("")).code == "screen_unavailable"
    assert fault_of(ScreenCapture(":97.0")).data["display"] == ":97.0"
