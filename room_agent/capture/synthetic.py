"""`synthetic:`: pictures and sound made here, for demonstrations, tests and measurements.

Frame n of a source with a given fps is drawn for the Unix time n / fps and carries n modulo 2^24 in its frame code
(`room_agent.capture.framecode`): read on the other side, it tells how old the picture is, and whether one is missing.
"""

import threading
from math import ceil

from room_agent.capture.frames import (
    SAMPLE_RATE_HZ,
    SOUND_SAMPLES,
    Beat,
    Opened,
    Picture,
    Sink,
    Sound,
    SystemBeat,
)
from room_agent.capture.scenes import HEIGHT, LOOP_S, WIDTH, Scene, SlidesScene, TeacherScene
from room_agent.capture.spec import SceneName
from room_agent.capture.speech import LOUDNESS_RATE_HZ, Voice, speak

_LATE_FRAMES = 5  # behind by more than this, leave frames out instead of hurrying after


class SyntheticCapture:
    """The scene `teacher` has sound, `slides` has none. 1280 × 720."""

    def __init__(self, scene: SceneName, fps: int = 25, beat: Beat | None = None) -> None:
        self._scene: SceneName = scene
        self._fps = fps
        self._beat = beat or SystemBeat()

    def run(self, sink: Sink, stop: threading.Event) -> None:
        scene: Scene = TeacherScene() if self._scene == "teacher" else SlidesScene()
        voice = speak(LOOP_S) if self._scene == "teacher" else None
        channels = 1 if voice is not None else 0
        sink.opened(Opened(("audio", "video") if voice else ("video",), WIDTH, HEIGHT, float(self._fps), channels))
        unix_to_beat_s = self._beat.now() - self._beat.unix()
        frame = ceil(self._beat.unix() * self._fps)
        piece = ceil(self._beat.unix() * SAMPLE_RATE_HZ / SOUND_SAMPLES)
        while not stop.is_set():
            picture_s = frame / self._fps
            sound_s = piece * SOUND_SAMPLES / SAMPLE_RATE_HZ
            if voice is not None and sound_s <= picture_s:
                due_s = sound_s + unix_to_beat_s
                if not self._beat.wait_until(due_s, stop):
                    return
                sink.sound(_sound(voice, piece, due_s))
                piece += 1
                continue
            # Drawn before its time, so that it is given at its time.
            scene.draw(picture_s, _mouth(voice, picture_s), frame)
            due_s = picture_s + unix_to_beat_s
            drawn = scene.canvas.frame()
            if not self._beat.wait_until(due_s, stop):
                return
            sink.picture(Picture(drawn, due_s))
            late = int((self._beat.now() - due_s) * self._fps)
            frame += 1 + (late if late > _LATE_FRAMES else 0)


def _sound(voice: Voice, piece: int, due_s: float) -> Sound:
    pieces = len(voice.samples) // SOUND_SAMPLES
    start = piece % pieces * SOUND_SAMPLES
    return Sound(voice.samples[start : start + SOUND_SAMPLES, None], piece * SOUND_SAMPLES, due_s)


def _mouth(voice: Voice | None, time_s: float) -> float:
    if voice is None:
        return 0.0
    return float(voice.loudness[int(time_s % LOOP_S * LOUDNESS_RATE_HZ) % len(voice.loudness)])
