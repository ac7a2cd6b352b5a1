"""What the record costs the room's computer: from the encoders' output to durable fragments, manifest and digests."""

import shutil
import tempfile
import time
from pathlib import Path

from bench.library.lesson import FPS, picture, sounds
from room_agent.encode.simulcast import EncodedPicture
from room_agent.encode.sounds import EncodedSound
from room_agent.recording.folders import read_manifest
from room_agent.recording.recorder import Recorder

MINUTES = 3


async def record() -> dict[str, float]:
    """`record_cpu_ms_per_minute`: of one picture of 1.5 Mbps and its sound, on a real disk."""
    folder = Path(tempfile.mkdtemp(prefix="bench-record-"))
    try:
        recorder = Recorder(folder, lambda source: None)
        recorder.start()
        begin_s = time.monotonic() - MINUTES * 60
        recorder.begin("a" * 24, "bench", begin_s)
        cpu_s, wall_s = time.process_time(), time.perf_counter()
        made_s = 0.0
        for number in range(MINUTES * 60 * FPS):
            before_s = time.thread_time()
            events: list[EncodedPicture | EncodedSound] = [picture(number, begin_s), *sounds(number, begin_s)]
            made_s += time.thread_time() - before_s  # making them up is no part of recording them
            for event in events:
                recorder.take("teacher", event)
            while recorder.waiting_bytes > 2_000_000:
                time.sleep(0.001)  # noqa: ASYNC251 - nothing else runs here
        recorder.close()
        cpu_s = time.process_time() - cpu_s - made_s
        wall_s = time.perf_counter() - wall_s
        lines = read_manifest(folder / ("a" * 24) / "teacher-video")
        recorded_s = sum(line.duration for line in lines) / 90_000
        if abs(recorded_s - MINUTES * 60) > 0.1 or recorder.lost_samples:
            raise RuntimeError(f"recorded {recorded_s} s of {MINUTES * 60}, lost {recorder.lost_samples}")
        return {
            "record_cpu_ms_per_minute": cpu_s * 1000 / MINUTES,
            "record_times_real_time": MINUTES * 60 / wall_s,
        }
    finally:
        shutil.rmtree(folder)
