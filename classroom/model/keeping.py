"""What becomes of recordings by rule, and the long work that is done on many of them."""

from collections.abc import Mapping
from enum import StrEnum


class RetentionState(StrEnum):
    """What a retention rule is about; what is captured or being reviewed is never touched."""

    COMPLETE = "complete"
    RETURNED = "returned"
    APPROVED = "approved"
    PUBLISHED = "published"
    RETIRED = "retired"
    TRASHED = "trashed"


class RetentionAction(StrEnum):
    TRASH = "trash"
    RETIRE = "retire"
    PURGE = "purge"


# One step towards the end, and never two at once.
ACTIONS: Mapping[RetentionState, RetentionAction] = {
    RetentionState.COMPLETE: RetentionAction.TRASH,
    RetentionState.RETURNED: RetentionAction.TRASH,
    RetentionState.APPROVED: RetentionAction.TRASH,
    RetentionState.PUBLISHED: RetentionAction.RETIRE,
    RetentionState.RETIRED: RetentionAction.PURGE,
    RetentionState.TRASHED: RetentionAction.PURGE,
}


class JobKind(StrEnum):
    EXPORT = "export"
    IMPORT = "import"
    TRANSCRIPT = "transcript"
    NOMINATION = "nomination"


class JobState(StrEnum):
    WAITING = "waiting"
    RUNNING = "running"
    DONE = "done"
    FAILED = "failed"
    CANCELLED = "cancelled"


OPEN_JOBS = frozenset({JobState.WAITING, JobState.RUNNING})
