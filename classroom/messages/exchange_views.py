"""What pages are shown of what goes out of the archive and comes into it."""

from datetime import datetime

from classroom.messages.archive_views import ReportView
from classroom.messages.base import Message
from classroom.model.keeping import JobKind, JobState


class JobProblemView(Message):
    """What is wrong with one recording of many; the others were exported."""

    id: str
    title: str
    problem: str
    remedy: str


class JobView(Message):
    """`done` of `total` bytes. `recordings`: how many are in the package, or were imported; `size_bytes` of the
    package, 0 without one. `name`: of the folder an import is of; `nomination`, `recording`: whose papers or
    transcript it is.
    `problem` and `remedy` if it failed.
    """

    id: str
    kind: JobKind
    state: JobState
    made_by_name: str
    made_at: datetime
    ended_at: datetime | None
    done: int
    total: int
    recordings: int
    size_bytes: int
    name: str
    nomination: str | None
    recording: str | None
    problems: list[JobProblemView]
    report: ReportView | None
    problem: str | None
    remedy: str | None


class JobsView(Message):
    jobs: list[JobView]


class ImportFileView(Message):
    """A file of an uploaded library; all of it is here when `whole`."""

    name: str
    size_bytes: int
    received_bytes: int
    whole: bool


class ImportFolderView(Message):
    """A directory of the server's import directory, with the tables in it. `uploaded`: one brought it through the
    page; then `files` are all that is there or on its way."""

    name: str
    tables: list[str]
    uploaded: bool
    files: list[ImportFileView]


class ImportsView(Message):
    folders: list[ImportFolderView]
