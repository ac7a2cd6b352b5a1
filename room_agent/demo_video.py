"""Writes the film of the demo room: a teacher at the blackboard, speaking, every frame numbered by its code."""

from fractions import Fraction
from pathlib import Path

import av
import numpy as np

from room_agent.capture.frames import SAMPLE_RATE_HZ
from room_agent.capture.scenes import HEIGHT, LOOP_S, WIDTH, TeacherScene
from room_agent.capture.speech import LOUDNESS_RATE_HZ, speak

FPS = 25
_SOUND_PIECE_S = 1


def write_demo_video(path: Path) -> None:
    """720p, 25 fps, `LOOP_S` seconds that loop without a seam, H.264 and AAC in MP4. About 2 s of two cores.

    The frame code counts frames from 0. Written beside and moved into place, so a crash leaves no half file.
    Raises `OSError` when the place cannot be written.
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    unfinished = path.with_name(f".{path.name}.part")
    try:
        with av.open(str(unfinished), "w", format="mp4", options={"movflags": "faststart"}) as container:
            _write(container)
        unfinished.replace(path)
    finally:
        unfinished.unlink(missing_ok=True)


def _write(container: av.container.OutputContainer) -> None:
    options = {"preset": "ultrafast", "crf": "21", "tune": "fastdecode", "g": "50", "threads": "2"}
    video = container.add_stream("libx264", rate=FPS, options=options)
    video.width, video.height, video.pix_fmt = WIDTH, HEIGHT, "yuv420p"
    audio = container.add_stream("aac", rate=SAMPLE_RATE_HZ, layout="mono", bit_rate=96_000)
    scene, voice = TeacherScene(), speak(LOOP_S)
    piece = SAMPLE_RATE_HZ * _SOUND_PIECE_S
    for index in range(round(LOOP_S * FPS)):
        if index % (FPS * _SOUND_PIECE_S) == 0:
            start = index // FPS * SAMPLE_RATE_HZ
            samples = voice.samples[None, start : start + piece].astype(np.float32) / 32768
            sound = av.AudioFrame.from_ndarray(samples, format="fltp", layout="mono")
            sound.sample_rate, sound.pts, sound.time_base = SAMPLE_RATE_HZ, start, Fraction(1, SAMPLE_RATE_HZ)
            container.mux(audio.encode(sound))
        scene.draw(index / FPS, float(voice.loudness[index * LOUDNESS_RATE_HZ // FPS]), index)
        picture = scene.canvas.frame()
        picture.pts, picture.time_base = index, Fraction(1, FPS)
        container.mux(video.encode(picture))
    container.mux(audio.encode(None))
    container.mux(video.encode(None))
