"""Recording a lesson of 1.5 Mbps from RTP on the server: processor time of all its threads, beyond what forwarding
needs, for every minute of the lesson; segments go into a local store and the manifest into SQLite. The first minute is
not counted: in it the recording is opened, and described for the catalogue."""

import asyncio
import tempfile
import time
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

from classroom.clock import VirtualClock
from classroom.rtp.packet import RtpPacket
from classroom.rtp.sdp import Codec
from media_server.archive.keeper import Keeper
from media_server.archive.local_store import LocalSegmentStore
from media_server.recording.handover import Handover
from media_server.recording.recorder import TURN_S, LessonRecorder
from media_server.recording.spool import Spool
from media_server.sfu.source import Source, Track
from tests.fakes.camera import H264, FakeCamera
from tests.fakes.county import NOW
from tests.fakes.recorded_lesson import copied_store, running_lesson

MINUTES = 5
FPS, PACKETS, PACKET_BYTES = 25, 6, 1_216  # 1.46 Mbps
SOUND_S, SOUND_BYTES = 0.02, 100  # 40 kbps
GOP_S = 6


class _Publisher:
    """One teacher: a picture and a sound, as packets that have arrived and been decrypted."""

    def __init__(self) -> None:
        video, audio = Track("video", H264, []), Track("audio", Codec(111, "opus", 48_000, 2), [])
        self.source = Source("teacher", [video, audio])
        self._video, self._audio = video.add("", 1), audio.add("", 2)
        self._camera = FakeCamera(1, FPS, PACKETS, PACKET_BYTES, gop=FPS * GOP_S)
        self._sounds = 0

    def send(self, now: float) -> None:
        """What comes within a turn."""
        while self._camera.picture < now * FPS:
            for packet in self._camera.take():
                self._video.receive(packet, now)
        while self._sounds * SOUND_S < now:
            payload = b"\x78" + bytes(SOUND_BYTES)
            self._audio.receive(RtpPacket(111, self._sounds & 0xFFFF, self._sounds * 960, 2, payload), now)
            self._sounds += 1


def _turns() -> Iterator[tuple[float, bool]]:
    """When each turn is, and whether counting begins with it."""
    before = round(60 / TURN_S)
    for number in range(before + round(MINUTES * 60 / TURN_S)):
        yield (number + 1) * TURN_S, number == before


def _forwarding_only() -> float:
    """Processor seconds of everything that happens to the packets anyway."""
    publisher, began = _Publisher(), 0.0
    for now, begins in _turns():
        began = time.process_time() if begins else began
        publisher.send(now)
    return time.process_time() - began


async def _recording(folder: Path, template: tuple[Path, str]) -> float:
    """Processor seconds with the recorder beside it."""
    path, lesson_id = template
    clock = VirtualClock(NOW)
    async with copied_store(path, folder) as store:
        spool = Spool(folder / "spool")
        keeper = Keeper(LocalSegmentStore(folder / "segments"), store, clock)
        handover = Handover(keeper, store, clock, settle_after=timedelta(0))
        publisher, recorder = _Publisher(), LessonRecorder(lesson_id, 0.0)
        sources = {"teacher": publisher.source}
        began = 0.0
        for now, begins in _turns():
            began = time.process_time() if begins else began
            publisher.send(now)
            steps = list(recorder.turn(sources, now))
            if steps:
                handover.take(await asyncio.to_thread(spool.write, steps))
            await handover.drain()
        spent_s = time.process_time() - began
        spool.close()
    return spent_s


async def server_record() -> dict[str, float]:
    with tempfile.TemporaryDirectory(prefix="qianshou-bench-") as text:
        folder = Path(text)
        template = await asyncio.to_thread(_template, folder)
        with_recorder_s = await _recording(folder, template)
    beyond_ms = (with_recorder_s - _forwarding_only()) * 1000 / MINUTES
    return {"server_record_cpu_ms_per_minute": beyond_ms}


def _template(folder: Path) -> tuple[Path, str]:
    (folder / "template").mkdir()
    return running_lesson(folder / "template", NOW)
