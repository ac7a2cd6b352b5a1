"""A recording, its tracks and segments, and the table of its states.

Recording → Track → Segment. All times of one recording count from the same instant, `began_at` (media time 0), on every
track, whoever recorded it; so tracks recorded on two machines still lie side by side.
"""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from enum import StrEnum

from classroom.errors import Conflict


class RecordingState(StrEnum):
    CAPTURING = "capturing"
    COMPLETE = "complete"
    SUBMITTED = "submitted"
    APPROVED = "approved"
    RETURNED = "returned"
    PUBLISHED = "published"
    RETIRED = "retired"  # a tombstone is left: who, when, why


class RecordingStep(StrEnum):
    """What may happen to a recording."""

    COMPLETE = "complete"
    SUBMIT = "submit"
    APPROVE = "approve"
    RETURN = "return"
    PUBLISH = "publish"
    WITHDRAW = "withdraw"  # published by mistake: back to approved
    RETIRE = "retire"


# The one table of a recording's life; docs/architecture.md draws its diagram from it.
TRANSITIONS: Mapping[RecordingState, Mapping[RecordingStep, RecordingState]] = {
    RecordingState.CAPTURING: {RecordingStep.COMPLETE: RecordingState.COMPLETE},
    RecordingState.COMPLETE: {
        RecordingStep.SUBMIT: RecordingState.SUBMITTED,
        RecordingStep.RETIRE: RecordingState.RETIRED,
    },
    RecordingState.SUBMITTED: {
        RecordingStep.APPROVE: RecordingState.APPROVED,
        RecordingStep.RETURN: RecordingState.RETURNED,
    },
    RecordingState.RETURNED: {
        RecordingStep.SUBMIT: RecordingState.SUBMITTED,
        RecordingStep.RETIRE: RecordingState.RETIRED,
    },
    RecordingState.APPROVED: {
        RecordingStep.PUBLISH: RecordingState.PUBLISHED,
        RecordingStep.RETIRE: RecordingState.RETIRED,
    },
    RecordingState.PUBLISHED: {
        RecordingStep.WITHDRAW: RecordingState.APPROVED,
        RecordingStep.RETIRE: RecordingState.RETIRED,
    },
    RecordingState.RETIRED: {},
}


class TrackKind(StrEnum):
    VIDEO = "video"
    AUDIO = "audio"


class TrackOrigin(StrEnum):
    AGENT = "agent"  # the room's own disk: the master
    SERVER = "server"  # from the packets that reached the server: fills the master's gaps
    IMPORT = "import"  # a file somebody brought


@dataclass(frozen=True, slots=True)
class Recording:
    """`lesson_id` is None for an import. `duration_s` grows while it is captured."""

    id: str
    lesson_id: str | None
    school_id: str
    title: str
    state: RecordingState
    began_at: datetime
    duration_s: float

    def after(self, step: RecordingStep) -> "Recording":
        """This recording after `step`.

        Raises `Conflict` with code `recording_step_illegal` when the table has no such step from this state.
        """
        state = TRANSITIONS[self.state].get(step)
        if state is None:
            raise Conflict("recording_step_illegal", recording=self.title, state=self.state.value, step=step.value)
        return replace(self, state=state)


@dataclass(frozen=True, slots=True)
class Track:
    """One picture or one sound of a recording, in one quality.

    `name` is the lesson's source; (`name`, `kind`, `origin`) is unique in a recording. `codec` is as in RFC 6381
    (`avc1.42e01f`, `vp08.00.10.08`, `opus`, `mp4a.40.2`). `width` and `height` are of the picture, `channels` of the
    sound.
    `complete` once whoever records it has said that nothing more will come.
    """

    id: str
    recording_id: str
    name: str
    kind: TrackKind
    origin: TrackOrigin
    codec: str
    timescale: int
    width: int = 0
    height: int = 0
    channels: int = 0
    complete: bool = False


@dataclass(frozen=True, slots=True)
class Segment:
    """Some seconds of one track: fragmented MP4 (CMAF), kept in the segment store under `digest`.

    `sequence` counts from 0 without a hole. `digest` and `init_digest` are SHA-256 in lower-case hex: of the fragments,
    and of the header they need (ISO/IEC 14496-12 `ftyp` + `moov`), which changes when a source comes back in another
    form. `start` and `duration` are in the track's timescale, `start` from the recording's `began_at` (it equals the
    first `tfdt`).
    """

    sequence: int
    digest: str
    init_digest: str
    size_bytes: int
    start: int
    duration: int
