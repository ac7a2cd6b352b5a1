"""A recording as it stands: what was recorded, and what of it is there."""

from dataclasses import dataclass

from classroom.errors import NotFound
from classroom.model.merging import TrackSegments
from classroom.model.recording import Recording, Segment, Track


@dataclass(frozen=True, slots=True)
class Manifest:
    """`broken`: digests of segments and headers that the store has not, or not whole. `running`: the lesson goes on."""

    recording: Recording
    tracks: tuple[TrackSegments, ...]
    broken: frozenset[str]
    running: bool

    @property
    def usable(self) -> list[TrackSegments]:
        """The tracks without what is broken: where somebody else has the same time, that is shown instead."""
        return [
            (track, [each for each in segments if self.broken.isdisjoint((each.digest, each.init_digest))])
            for track, segments in self.tracks
        ]

    def find(self, digest: str) -> tuple[Track, Segment]:
        """The segment of this recording with this digest. Raises `NotFound("segment_missing")`."""
        for track, segments in self.tracks:
            for segment in segments:
                if segment.digest == digest:
                    return track, segment
        raise NotFound("segment_missing", digest=digest)
