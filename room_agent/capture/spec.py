"""Source specs as people write them, parsed into dataclasses.

    file:PATH                 a video or sound file, looped in real time
    rtsp://…, rtsps://…       a network camera (also written rtsp:HOST/PATH)
    camera:N, camera:PATH     a local camera
    mic:, mic:NAME            the default microphone, or the one whose name contains NAME
    screen:, screen::1.0      an X11 display
    synthetic:teacher         drawn: a teacher at the blackboard, with speech-like sound
    synthetic:slides          drawn: changing slides, no sound

A picture and a microphone make one source with `+`: `camera:0+mic:`.
"""

from dataclasses import dataclass
from pathlib import Path
from typing import Literal, get_args

from classroom.errors import BadSettings

SceneName = Literal["teacher", "slides"]
FORMS = "file:PATH, rtsp://…, camera:N, mic:, screen:, synthetic:teacher, synthetic:slides"


@dataclass(frozen=True, slots=True)
class FileSpec:
    path: Path


@dataclass(frozen=True, slots=True)
class RtspSpec:
    url: str


@dataclass(frozen=True, slots=True)
class CameraSpec:
    device: int | str


@dataclass(frozen=True, slots=True)
class MicrophoneSpec:
    """`name` is part of a device's name; empty for the default one."""

    name: str


@dataclass(frozen=True, slots=True)
class ScreenSpec:
    """`display` as in X11; empty for $DISPLAY."""

    display: str


@dataclass(frozen=True, slots=True)
class SyntheticSpec:
    scene: SceneName


Spec = FileSpec | RtspSpec | CameraSpec | MicrophoneSpec | ScreenSpec | SyntheticSpec


def parse_spec(text: str) -> tuple[Spec, ...]:
    """The captures that make one source: one, or a picture and a microphone.

    Raises `BadSettings("source_spec_wrong")`.
    """
    first, plus, sound = text.rpartition("+mic:")
    if not plus:
        return (_parse_one(text, text),)
    picture = _parse_one(first, text)
    if isinstance(picture, MicrophoneSpec):
        raise BadSettings("source_spec_wrong", spec=text, forms=FORMS)
    return (picture, MicrophoneSpec(sound))


def _parse_one(text: str, whole: str) -> Spec:
    kind, colon, rest = text.partition(":")
    wrong = BadSettings("source_spec_wrong", spec=whole, forms=FORMS)
    if not colon:
        raise wrong
    match kind:
        case "file" if rest:
            return FileSpec(Path(rest))
        case "rtsp" | "rtsps" if rest.strip("/"):
            return RtspSpec(text if rest.startswith("//") else f"{kind}://{rest}")
        case "camera" if rest:
            return CameraSpec(int(rest) if rest.isdecimal() else rest)
        case "mic":
            return MicrophoneSpec(rest)
        case "screen":
            return ScreenSpec(rest)
        case "synthetic":
            for scene in get_args(SceneName):
                if scene == (rest or "teacher"):
                    return SyntheticSpec(scene)
    raise wrong
