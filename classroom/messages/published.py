"""Bodies of /api/v1 about timetables that were published: versions, dated lessons, notices, calendar feeds."""

from datetime import date, datetime

from classroom.messages.base import Message
from classroom.model.lesson import LessonState
from classroom.model.plan import FeedKind, NoticeKind


class Publish(Message):
    """Make the lessons of the term from `from_day` on (today, if null) those of the proposal."""

    from_day: date | None = None
    dry_run: bool = False
    with_clashes: bool = False


class ClashView(Message):
    """A lesson without a free room, or whose teacher is in `other` at the time."""

    title: str
    starts_at: datetime
    teacher_name: str
    other: str
    teacher: bool


class PublicationView(Message):
    """`version` null: nothing had to be done, or it was a dry run."""

    version: int | None
    created: int
    moved: int
    cancelled: int
    kept: int
    clashes: list[ClashView]


class VersionView(Message):
    number: int
    proposal_id: str | None
    from_day: date
    created: int
    moved: int
    cancelled: int
    published_at: datetime


class VersionsView(Message):
    versions: list[VersionView]


class PlannedLessonView(Message):
    """A dated lesson as the print view and the calendar show it."""

    id: str
    code: str
    title: str
    subject: str
    grade: int
    state: LessonState
    teacher_name: str
    school_name: str
    room_name: str
    points: list[str]
    starts_at: datetime
    ends_at: datetime


class PlannedLessonsView(Message):
    lessons: list[PlannedLessonView]


class NoticeChange(Message):
    """What happened to a lesson (`created`, `moved`, `cancelled`, `attending`: others attend), or to a request
    (`refused`); times in ISO 8601."""

    what: str
    title: str
    before: datetime | None
    after: datetime | None


class NoticeView(Message):
    """Something one should know: a publication has changed one's lessons. `changes` are the first of them."""

    id: str
    kind: NoticeKind
    term: str
    version: int
    created: int
    moved: int
    cancelled: int
    changes: list[NoticeChange]
    created_at: datetime
    read_at: datetime | None


class NoticesView(Message):
    notices: list[NoticeView]


class NewFeed(Message):
    """A calendar feed of a teacher (an account), a room or a school."""

    kind: FeedKind
    subject_id: str


class FeedView(Message):
    """`path` is only shown once, when the feed is made: whoever knows it reads the calendar."""

    id: str
    kind: FeedKind
    subject_id: str
    name: str
    created_at: datetime
    path: str | None = None


class FeedsView(Message):
    feeds: list[FeedView]


# What pages send; everything else here is what they are sent.
SENT: tuple[type[Message], ...] = (Publish, NewFeed)
