"""Which encodings are made of a picture."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Rung:
    """A step of the ladder: at most `height` lines at `bitrate_bps`."""

    rid: str
    height: int
    bitrate_bps: int


@dataclass(frozen=True, slots=True)
class Encoding:
    """A rung with the size it has for a certain picture."""

    rid: str
    width: int
    height: int
    bitrate_bps: int


# 720p is enough for a blackboard on the projector of a teaching point; 180p still gets through 200 kbit/s with sound.
DEFAULT_LADDER = (Rung("h", 720, 1_200_000), Rung("m", 360, 400_000), Rung("l", 180, 120_000))


def plan(width: int, height: int, ladder: tuple[Rung, ...]) -> tuple[Encoding, ...]:
    """The encodings for a picture of this size: shape kept, never enlarged, both sides even as 4:2:0 needs."""
    encodings = []
    for rung in ladder:
        lines = max(2, min(rung.height, height) // 2 * 2)
        columns = max(2, round(width * lines / height / 2) * 2)
        encodings.append(Encoding(rung.rid, columns, lines, rung.bitrate_bps))
    return tuple(encodings)
