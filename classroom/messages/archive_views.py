"""What pages are shown of the archive. Fields are named as those of the dataclasses they are made from."""

from datetime import datetime

from classroom.messages.base import Message
from classroom.model.catalogue import (
    Audience,
    CollectionLevel,
    Consent,
    Downloads,
    KnowledgeKind,
    LessonType,
    Licence,
)
from classroom.model.keeping import RetentionAction, RetentionState
from classroom.model.lesson import LessonMode
from classroom.model.recording import RecordingState, TrackKind, TrackOrigin

Datum = str | int | float | bool | list[str] | None


class HitView(Message):
    """A line of a list of recordings."""

    recording_id: str
    title: str
    state: RecordingState
    trashed: bool
    began_at: datetime
    duration_s: float
    school_id: str
    school_name: str
    subject: str
    grade: int | None
    teacher_name: str
    level: CollectionLevel
    consent: Consent
    held: bool
    views: int
    downloads: int


class FoundView(Message):
    """`facets`: how many there would be with each value of each facet; `schools`: names by id."""

    total: int
    hits: list[HitView]
    facets: dict[str, dict[str, int]]
    schools: dict[str, str]


class EntryView(Message):
    """A catalogue entry. `knowledge` are ids of knowledge points."""

    recording_id: str
    subject: str
    grade: int | None
    textbook_id: str | None
    knowledge: list[str]
    teacher_id: str | None
    teacher_name: str
    partners: list[str]
    mode: LessonMode | None
    lesson_type: LessonType
    description: str
    language: str
    tags: list[str]
    authors: list[str]
    rights_holder: str
    licence: Licence
    level: CollectionLevel
    audience: Audience
    downloads: Downloads
    embed: bool
    consent: Consent
    consent_note: str
    hold_reason: str | None
    views: int
    downloaded: int
    published_at: datetime | None
    retired_at: datetime | None
    retired_reason: str | None
    changed_at: datetime


class TrackStateView(Message):
    """A track and how much of it the segment store has; `expected` None: more may come; `given_up`: no more does.

    `lost`: from when to when (seconds) nothing of it can be shown, the first ones.
    """

    name: str
    kind: TrackKind
    origin: TrackOrigin
    codec: str
    width: int
    height: int
    channels: int
    duration_s: float
    size_bytes: int
    segments: int
    expected: int | None
    stored: int
    damaged: int
    given_up: bool
    lost: list[tuple[float, float]]


class ItemView(Message):
    """A recording with its entry and tracks. `may` names what whoever asks may do with it."""

    hit: HitView
    entry: EntryView
    tracks: list[TrackStateView]
    may: list[str]


class BulkResult(Message):
    """`problem` None: done."""

    id: str
    title: str
    problem: str | None
    remedy: str | None


class BulkView(Message):
    results: list[BulkResult]


class CriterionView(Message):
    key: str
    name: str
    weight: float


class RubricView(Message):
    criteria: list[CriterionView]


class ReviewView(Message):
    account_id: str
    name: str
    expert: bool
    score: float
    scores: dict[str, float]
    recommends: bool | None
    comment: str
    at: datetime


class PersonView(Message):
    id: str
    name: str
    school_name: str = ""


class PeopleView(Message):
    people: list[PersonView]


class ReviewsView(Message):
    """Of the present submission; means are None without a review. `waiting`: experts who have not judged."""

    teachers: list[ReviewView]
    experts: list[ReviewView]
    teachers_mean: float | None
    experts_mean: float | None
    asked: list[PersonView]
    waiting: int


class RemarkView(Message):
    id: str
    account_id: str
    name: str
    at_s: float
    text: str
    made_at: datetime


class RemarksView(Message):
    remarks: list[RemarkView]


class ShareView(Message):
    """`token` only in the answer that made it; a link is `/watch/{recording}?share={token}`."""

    id: str
    recording_id: str
    download: bool
    note: str
    made_at: datetime
    expires_at: datetime
    revoked_at: datetime | None
    uses: int
    token: str | None = None


class SharesView(Message):
    shares: list[ShareView]


class NominationView(Message):
    id: str
    recording_id: str
    activity: str
    year: int
    level: CollectionLevel
    statement: str
    made_at: datetime


class NominationsView(Message):
    nominations: list[NominationView]


class HappeningView(Message):
    at: datetime
    action: str
    name: str
    details: dict[str, Datum]
    reason: str


class UseView(Message):
    day: str
    views: int
    downloads: int


class HistoryView(Message):
    happenings: list[HappeningView]
    uses: list[UseView]


class TranscriptView(Message):
    language: str
    recogniser: str | None
    made_at: datetime


class TranscriptsView(Message):
    transcripts: list[TranscriptView]
    recogniser: str | None  # installed on this server


class CueView(Message):
    language: str
    begin_ms: int
    end_ms: int
    text: str


class CuesView(Message):
    cues: list[CueView]


class TextbookView(Message):
    id: str
    subject: str
    grade: int
    edition: str
    volume: str


class TextbooksView(Message):
    textbooks: list[TextbookView]


class NodeView(Message):
    id: str
    parent_id: str | None
    kind: KnowledgeKind
    code: str
    name: str


class TreeView(Message):
    textbook: TextbookView
    nodes: list[NodeView]


class BookCoverageView(Message):
    textbook: TextbookView
    points: int
    covered: int


class KnowledgeCoverageView(Message):
    books: list[BookCoverageView]


class PointCoverageView(Message):
    id: str
    published: dict[CollectionLevel, int]
    under_way: int
    gap: bool


class BookMatrixView(Message):
    """`nodes` is the whole tree, `points` the coverage of its knowledge points."""

    textbook: TextbookView
    nodes: list[NodeView]
    points: list[PointCoverageView]


class RowProblemView(Message):
    """What is wrong with a row of a table somebody brought, in the reader's language."""

    row: int
    column: str
    value: str
    message: str
    remedy: str


class ReportView(Message):
    """What an import did (`dry_run`: would do); nothing of it when there are problems."""

    dry_run: bool
    added: int
    changed: int
    same: int
    problems: list[RowProblemView]


class KeptRegionView(Message):
    id: str
    name: str


class KeptRegionsView(Message):
    regions: list[KeptRegionView]


class RetentionRuleView(Message):
    id: str
    name: str
    region_id: str | None
    states: list[RetentionState]
    levels: list[CollectionLevel]
    keep_days: int
    enabled: bool


class DueView(Message):
    recording_id: str
    title: str
    school_name: str
    rule_name: str
    action: RetentionAction
    since: datetime
    held: str | None


class UnusedView(Message):
    """What the segment store holds and no manifest names any more."""

    segments: int
    size_bytes: int


class RetentionView(Message):
    """The rules, what the enabled ones would take now, and what goes from the segment store in the nights after."""

    rules: list[RetentionRuleView]
    due: list[DueView]
    unused: UnusedView


class DueListView(Message):
    due: list[DueView]
