"""Recordings in a store, as the recorder would have made them: for tests of the archive."""

from datetime import datetime, timedelta

from classroom.access.cataloguing import describe, reindex
from classroom.model.lesson import Lesson
from classroom.model.place import School
from classroom.model.recording import RecordingState
from classroom.store.catalogue_tables import EntryRow
from classroom.store.recording_tables import RecordingRow
from classroom.store.store import Store
from classroom.store.types import new_id
from tests.fakes.county import NOW


async def a_recording(
    store: Store,
    school: School,
    *,
    lesson: Lesson | None = None,
    title: str = "古诗两首",
    state: RecordingState = RecordingState.COMPLETE,
    began_at: datetime = NOW,
    id: str | None = None,
    **entry: object,
) -> str:
    """The id of a new recording; `entry` are columns of its catalogue entry."""
    async with store.session() as db:
        row = RecordingRow(
            id=id or new_id(),
            lesson_id=lesson.id if lesson else None,
            school_id=school.id,
            title=title,
            state=state,
            began_at=began_at,
            duration_s=2400.0,
            created_at=began_at,
            completed_at=None if state is RecordingState.CAPTURING else began_at + timedelta(minutes=40),
            trashed_at=None,
        )
        db.add(row)
        await db.flush()
        await describe(db, row, began_at)
    if entry:
        await change(store, row.id, **entry)
    return row.id


async def change(store: Store, recording_id: str, **columns: object) -> None:
    """Set columns of a recording or of its entry, past every rule, and renew the index."""
    async with store.session() as db:
        row = await db.get_one(RecordingRow, recording_id)
        entry = await db.get_one(EntryRow, recording_id)
        for name, value in columns.items():
            setattr(row if name in RecordingRow.__table__.columns else entry, name, value)
        await db.flush()
        await reindex(db, recording_id)
