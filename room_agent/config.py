"""What `qianshou room` reads: sources from the command line or room.toml. Unknown keys are refused.

[sources.teacher]
spec = "camera:0+mic:"

[sources.slides]
spec = "screen:"
fps = 10

[recording]
upload = "after"
keep_days = 14
"""

import re
import tomllib
from collections.abc import Iterable
from enum import StrEnum
from pathlib import Path
from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from classroom.errors import BadSettings
from room_agent.capture.spec import ScreenSpec, SyntheticSpec, parse_spec
from room_agent.encode.ladder import DEFAULT_LADDER, Rung

_NAME = re.compile(r"[a-z][a-z0-9_-]{0,31}")
MAX_SOURCES = 8
MOVING_FPS, STILL_FPS = 25, 10


class _Strict(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class EncodingConfig(_Strict):
    """One H.264 encoding: at most `height` lines."""

    height: Annotated[int, Field(ge=90, le=2160, multiple_of=2)]
    bitrate_bps: Annotated[int, Field(ge=30_000, le=20_000_000)]


class SourceConfig(_Strict):
    """One source. `encodings` go from the highest to the lowest, at most three; they are named h, m and l.

    `fps` is the most pictures a second: 25, or 10 where nothing moves but a pointer (screens and drawn slides).
    """

    spec: Annotated[str, Field(min_length=1)]
    fps: Annotated[int, Field(ge=1, le=60)] | None = None
    encodings: Annotated[list[EncodingConfig], Field(min_length=1, max_length=3)] = [
        EncodingConfig(height=rung.height, bitrate_bps=rung.bitrate_bps) for rung in DEFAULT_LADDER
    ]
    audio_bitrate_bps: Annotated[int, Field(ge=12_000, le=256_000)] = 40_000
    channels: Literal[1, 2] = 1
    stamp: bool = False

    @property
    def max_fps(self) -> int:
        if self.fps is not None:
            return self.fps
        picture = parse_spec(self.spec)[0]
        still = isinstance(picture, ScreenSpec) or picture == SyntheticSpec("slides")
        return STILL_FPS if still else MOVING_FPS

    @property
    def ladder(self) -> tuple[Rung, ...]:
        rids = ("h", "m", "l")
        return tuple(
            Rung(rid, encoding.height, encoding.bitrate_bps)
            for rid, encoding in zip(rids, self.encodings, strict=False)
        )


class UploadPolicy(StrEnum):
    """When the recording is brought to the server. What is recorded is told at once in any case."""

    NOW = "now"  # while the lesson runs, below the live stream
    AFTER = "after"  # when it is over
    NIGHT = "night"  # when nobody teaches


class RecordingConfig(_Strict):
    """What is kept in the room, and when it is brought to the server.

    `directory`: empty for one of the user's own. `keep_days`: how long what is safe on the server stays here too.
    `upload_bps`: the most the upload may take; 0: whatever the line has left. `low_disk_gb`: warned below this;
    below a fifth of it what is safe on the server is removed, the oldest first.
    """

    enabled: bool = True
    directory: str = ""
    upload: UploadPolicy = UploadPolicy.NOW
    keep_days: Annotated[float, Field(ge=0, le=3650)] = 7
    upload_bps: Annotated[int, Field(ge=0)] = 0
    low_disk_gb: Annotated[float, Field(ge=0)] = 10


class RoomConfig(_Strict):
    recording: RecordingConfig = RecordingConfig()
    sources: Annotated[dict[str, SourceConfig], Field(max_length=MAX_SOURCES)] = {}


def load_config(path: Path | None, sources: Iterable[str]) -> RoomConfig:
    """The file's sources, then those of the command line (`NAME=SPEC`), which replace sources of the same name.

    Raises `BadSettings` naming the file and key, or the argument.
    """
    config = _read(path) if path is not None else RoomConfig()
    merged = dict(config.sources)
    for argument in sources:
        name, equals, spec = argument.partition("=")
        if not equals or not spec:
            raise BadSettings("source_argument_wrong", argument=argument)
        merged[name] = SourceConfig(spec=spec)
    if not merged:
        raise BadSettings("room_without_sources")
    if len(merged) > MAX_SOURCES:
        raise BadSettings("room_config_wrong", file=str(path), key="sources", reason=f"more than {MAX_SOURCES}")
    for name, source in merged.items():
        if not _NAME.fullmatch(name):
            raise BadSettings("source_name_wrong", source=name)
        parse_spec(source.spec)
    return config.model_copy(update={"sources": merged})


def _read(path: Path) -> RoomConfig:
    try:
        data = tomllib.loads(path.read_text(encoding="utf-8"))
        return RoomConfig.model_validate(data)
    except OSError as error:
        raise BadSettings("room_config_unreadable", file=str(path), reason=error.strerror or str(error)) from error
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise BadSettings("room_config_unreadable", file=str(path), reason=str(error)) from error
    except ValidationError as error:
        first = error.errors()[0]
        key = ".".join(str(part) for part in first["loc"])
        raise BadSettings("room_config_wrong", file=str(path), key=key, reason=first["msg"]) from error
