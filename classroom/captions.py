"""What is said, with times: WebVTT (https://www.w3.org/TR/webvtt1/) and SubRip read, WebVTT written. Pure."""

import html
import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Final

from classroom.errors import BadInput

MOST_CUES: Final = 20_000
LONGEST_CUE: Final = 2_000
LONGEST_MS: Final = 24 * 3600 * 1000

_TIME = r"(?:(\d{1,3}):)?(\d{1,2}):(\d{2})[.,](\d{3})"
_TIMES = re.compile(rf"\s*{_TIME}\s*-->\s*{_TIME}(?:\s.*)?")
# WebVTT § 4.2: <v Teacher>, <b>, <00:19.000> …; SubRip's own are a subset
_TAG = re.compile(r"<[^>]*>")
_NOT_CUES = ("WEBVTT", "NOTE", "STYLE", "REGION")


@dataclass(frozen=True, slots=True)
class Cue:
    """`text` is plain, its lines separated by `\\n`."""

    begin_ms: int
    end_ms: int
    text: str


def read_captions(text: str) -> list[Cue]:
    """The cues of a WebVTT or SubRip file, by time.

    Raises `BadInput` with `captions_line_wrong` (data: `line`), `captions_empty` or `captions_too_long`.
    """
    cues: list[Cue] = []
    for first, block in _blocks(text):
        if block[0].startswith(_NOT_CUES) and not any("-->" in line for line in block):
            continue
        at = next((at for at, line in enumerate(block) if "-->" in line), None)
        # a line above the times names the cue; more than one does not belong there
        if at is None or at > 1:
            raise BadInput("captions_line_wrong", line=first, found=block[0][:80])
        begin_ms, end_ms = _times(block[at], first + at)
        said = html.unescape(_TAG.sub("", "\n".join(block[at + 1 :]))).strip()
        if said:
            cues.append(Cue(begin_ms, end_ms, said[:LONGEST_CUE]))
        if len(cues) > MOST_CUES:
            raise BadInput("captions_too_long", most=MOST_CUES)
    if not cues:
        raise BadInput("captions_empty")
    return sorted(cues, key=lambda cue: (cue.begin_ms, cue.end_ms))


def _blocks(text: str) -> Iterator[tuple[int, list[str]]]:
    """Lines between empty ones, with the number of the first."""
    block: list[str] = []
    lines = text.removeprefix("\ufeff").replace("\r\n", "\n").replace("\r", "\n").split("\n")
    for number, line in enumerate([*lines, ""], 1):
        if line.strip():
            block.append(line.strip("\0"))
        elif block:
            yield number - len(block), block
            block = []


def _times(line: str, number: int) -> tuple[int, int]:
    match = _TIMES.fullmatch(line)
    if match is None:
        raise BadInput("captions_line_wrong", line=number, found=line[:80])
    begin_ms, end_ms = _ms(match.groups()[:4]), _ms(match.groups()[4:])
    if not begin_ms < end_ms <= LONGEST_MS:
        raise BadInput("captions_line_wrong", line=number, found=line[:80])
    return begin_ms, end_ms


def _ms(parts: tuple[str | None, ...]) -> int:
    hours, minutes, seconds, milliseconds = (int(part or 0) for part in parts)
    return ((hours * 60 + minutes) * 60 + seconds) * 1000 + milliseconds


def write_webvtt(cues: Iterable[Cue]) -> str:
    """As browsers read it."""
    return "WEBVTT\n\n" + "\n".join(
        f"{_written(cue.begin_ms)} --> {_written(cue.end_ms)}\n{html.escape(cue.text, quote=False)}\n" for cue in cues
    )


def _written(ms: int) -> str:
    seconds, ms = divmod(ms, 1000)
    minutes, seconds = divmod(seconds, 60)
    hours, minutes = divmod(minutes, 60)
    return f"{hours:02d}:{minutes:02d}:{seconds:02d}.{ms:03d}"
