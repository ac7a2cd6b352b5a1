"""Bodies of the archive's part of the HTTP API: what pages send. What they are shown is `archive_views`."""

import re
from datetime import datetime
from typing import Annotated, Literal

from pydantic import Field, StringConstraints

from classroom.messages.base import Message
from classroom.model.catalogue import Audience, CollectionLevel, Consent, Downloads, LessonType, Licence
from classroom.model.keeping import RetentionState
from classroom.model.lesson import LessonMode
from classroom.model.recording import RecordingStep

Text = Annotated[str, StringConstraints(strip_whitespace=True, max_length=4000)]
Reason = Annotated[str, StringConstraints(strip_whitespace=True, max_length=1000)]
Title = Annotated[str, StringConstraints(strip_whitespace=True, min_length=1, max_length=200)]
Tag = Annotated[str, StringConstraints(strip_whitespace=True, min_length=1, max_length=32)]
ShortName = Annotated[str, StringConstraints(strip_whitespace=True, max_length=80)]
GivenName = Annotated[str, StringConstraints(strip_whitespace=True, min_length=1, max_length=80)]
# RFC 5646, as far as schools need it
LANGUAGE_TAG = re.compile(r"[a-zA-Z]{2,3}(-[a-zA-Z0-9]{2,5}){0,2}")
Language = Annotated[str, Field(pattern=f"^{LANGUAGE_TAG.pattern}$", max_length=16)]
Id = Annotated[str, Field(min_length=1, max_length=32)]
"""An identifier; an unknown one is answered 404."""


class EntryEdit(Message):
    """What of a catalogue entry shall change; what is left out stays as it is."""

    title: Title | None = None
    subject: ShortName = ""
    grade: Annotated[int, Field(ge=1, le=12)] | None = None
    textbook_id: Id | None = None
    knowledge: Annotated[list[Id], Field(max_length=32)] | None = None
    teacher_name: ShortName = ""
    mode: LessonMode | None = None
    lesson_type: LessonType = LessonType.NEW
    description: Text = ""
    language: Language = "zh-CN"
    tags: Annotated[list[Tag], Field(max_length=20)] | None = None
    authors: Annotated[list[GivenName], Field(max_length=20)] = []
    rights_holder: ShortName = ""
    licence: Licence = Licence.TEACHING


class StepOrder(Message):
    """`reason` is needed to return and to retire."""

    step: Literal[
        RecordingStep.SUBMIT,
        RecordingStep.APPROVE,
        RecordingStep.RETURN,
        RecordingStep.PUBLISH,
        RecordingStep.WITHDRAW,
        RecordingStep.RETIRE,
    ]
    reason: Reason = ""


class CirculationOrder(Message):
    audience: Audience
    downloads: Downloads
    embed: bool


class PromotionOrder(Message):
    level: CollectionLevel


class ConsentOrder(Message):
    consent: Consent
    note: Reason = ""


class HoldOrder(Message):
    """`reason` None releases it."""

    reason: Reason | None


BulkDeed = Literal["submit", "approve", "return", "publish", "withdraw", "retire", "trash", "restore", "promote", "tag"]


class BulkOrder(Message):
    """One deed for many recordings; each succeeds or fails by itself. `level` for promote, `tag` for tag."""

    ids: Annotated[list[Id], Field(min_length=1, max_length=500)]
    deed: BulkDeed
    reason: Reason = ""
    level: CollectionLevel | None = None
    tag: Tag | None = None


class RatingOrder(Message):
    stars: int
    comment: Text = ""


class JudgementOrder(Message):
    """`scores` from 0 to 100 for every criterion of the rubric."""

    scores: dict[str, float]
    recommends: bool
    comment: Text = ""


class ExpertsOrder(Message):
    account_ids: Annotated[list[Id], Field(max_length=100)]


class RemarkOrder(Message):
    at_s: float
    text: Annotated[str, StringConstraints(strip_whitespace=True, min_length=1, max_length=4000)]


class ShareOrder(Message):
    expires_at: datetime
    download: bool = False
    note: ShortName = ""


class NominationOrder(Message):
    activity: GivenName
    year: Annotated[int, Field(ge=2000, le=2100)]
    level: CollectionLevel
    statement: Text = ""


class RetentionRuleOrder(Message):
    """`id` of the rule to change; None adds one."""

    id: Id | None = None
    name: GivenName
    region_id: Id | None = None
    states: Annotated[list[RetentionState], Field(min_length=1)]
    levels: list[CollectionLevel] = []
    keep_days: Annotated[int, Field(ge=1, le=36_500)]
    enabled: bool = True


class ExportOrder(Message):
    """Export what a search finds (as the query of `GET …/recordings`), or these recordings."""

    ids: Annotated[list[Id], Field(max_length=10_000)] | None = None
    query: dict[str, list[str]] = {}
    media: bool = True


class ImportOrder(Message):
    """Import from `folder`, a directory below the server's import directory, what `sheet` in it describes."""

    folder: Annotated[str, Field(min_length=1, max_length=200)]
    sheet: Annotated[str, Field(min_length=1, max_length=200)]
    dry_run: bool


class TranscriptOrder(Message):
    """Have the installed recogniser write the transcript; without `language`, in the recording's."""

    recording_id: Id
    language: Language | None = None


SENT: tuple[type[Message], ...] = (
    EntryEdit, StepOrder, CirculationOrder, PromotionOrder, ConsentOrder, HoldOrder, BulkOrder, RatingOrder,
    JudgementOrder, ExpertsOrder, RemarkOrder, ShareOrder, NominationOrder, RetentionRuleOrder, ExportOrder,
    ImportOrder, TranscriptOrder,
)  # fmt: skip
