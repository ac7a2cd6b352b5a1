"""Bodies of the HTTP API by which a room's agent brings its recording to the server."""

from datetime import datetime
from typing import Annotated

from pydantic import Field

from classroom.messages.base import Message
from classroom.model.recording import TrackKind

MAX_LINES = 200  # of a manifest, in one request
MAX_LOST = 900  # digests, in one request: an hour of one track
MAX_SEGMENT_BYTES = 64_000_000  # six seconds at 85 Mbps
Digest = Annotated[str, Field(pattern=r"^[0-9a-f]{64}$")]
Ticks = Annotated[int, Field(ge=0, lt=2**62)]


class NewTrackBody(Message):
    """A track the agent is about to record; see `classroom.model.recording.Track`."""

    name: Annotated[str, Field(pattern=r"^[a-z][a-z0-9_-]{0,31}$")]
    kind: TrackKind
    codec: Annotated[str, Field(pattern=r"^[a-zA-Z0-9.]{1,40}$")]
    timescale: Annotated[int, Field(ge=1, le=10_000_000)]
    width: Annotated[int, Field(ge=0, le=16_384)] = 0
    height: Annotated[int, Field(ge=0, le=16_384)] = 0
    channels: Annotated[int, Field(ge=0, le=8)] = 0


class SegmentLine(Message):
    """A line of a track's manifest; see `classroom.model.recording.Segment`."""

    sequence: Annotated[int, Field(ge=0, lt=1_000_000)]
    digest: Digest
    init_digest: Digest
    size_bytes: Annotated[int, Field(ge=1, le=MAX_SEGMENT_BYTES)]
    start: Ticks
    duration: Ticks


class SegmentLines(Message):
    segments: Annotated[list[SegmentLine], Field(min_length=1, max_length=MAX_LINES)]


class TrackEnd(Message):
    """The track has so many segments and no more; `given_up`: those that are missing never come; `lost`: these digests
    never come, they are damaged on the recorder."""

    segments: Annotated[int, Field(ge=0, lt=1_000_000)]
    given_up: bool = False
    lost: Annotated[list[Digest], Field(max_length=MAX_LOST)] = []


class MissingView(Message):
    """Bytes the server wants (again); `size_bytes` is null for a header."""

    digest: str
    size_bytes: int | None


class TrackStockView(Message):
    """What the server has of a track. `next_sequence`: the first line it does not know; `missing`: the first ones."""

    track_id: str
    recording_id: str
    complete: bool
    next_sequence: int
    stored: int
    missing: list[MissingView]


class TrackOpened(TrackStockView):
    """`began_at` is media time 0 of all tracks."""

    began_at: datetime


class UploadView(Message):
    """How much of a segment has arrived; `stored` once all of it is safe."""

    digest: str
    stored: bool
    received_bytes: int
