"""The tables of recordings. What a recording is about and who may see it stands in tables of the catalogue."""

from datetime import datetime

from sqlalchemy import BigInteger, Float, ForeignKey, Index, String, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from classroom.model.recording import RecordingState, TrackKind, TrackOrigin
from classroom.store.tables import Base
from classroom.store.types import UtcDateTime, enum_column, id_column, new_id

DIGEST_LENGTH = 64  # SHA-256, hex


class RecordingRow(Base):
    __tablename__ = "recordings"

    id: Mapped[str] = mapped_column(id_column(), primary_key=True, default=new_id)
    lesson_id: Mapped[str | None] = mapped_column(ForeignKey("lessons.id"), unique=True)
    school_id: Mapped[str] = mapped_column(ForeignKey("schools.id"), index=True)
    title: Mapped[str] = mapped_column(String(200))
    state: Mapped[RecordingState] = mapped_column(enum_column(RecordingState), index=True)
    began_at: Mapped[datetime] = mapped_column(UtcDateTime(), index=True)
    duration_s: Mapped[float] = mapped_column(Float(), default=0.0)
    created_at: Mapped[datetime] = mapped_column(UtcDateTime())
    completed_at: Mapped[datetime | None] = mapped_column(UtcDateTime())
    trashed_at: Mapped[datetime | None] = mapped_column(UtcDateTime(), index=True)  # in the trash since; undone by None


class TrackRow(Base):
    __tablename__ = "recording_tracks"

    id: Mapped[str] = mapped_column(id_column(), primary_key=True, default=new_id)
    recording_id: Mapped[str] = mapped_column(ForeignKey("recordings.id", ondelete="CASCADE"))
    name: Mapped[str] = mapped_column(String(32))
    kind: Mapped[TrackKind] = mapped_column(enum_column(TrackKind))
    origin: Mapped[TrackOrigin] = mapped_column(enum_column(TrackOrigin))
    codec: Mapped[str] = mapped_column(String(40))
    timescale: Mapped[int]
    width: Mapped[int] = mapped_column(default=0)
    height: Mapped[int] = mapped_column(default=0)
    channels: Mapped[int] = mapped_column(default=0)
    # How many segments there will be, once whoever records it has said so; complete when all of them are in the store.
    expected_segments: Mapped[int | None]
    # Since when it is known that what is missing of it never comes: it is complete with its gaps.
    given_up_at: Mapped[datetime | None] = mapped_column(UtcDateTime())

    __table_args__ = (UniqueConstraint("recording_id", "name", "kind", "origin"),)


class SegmentRow(Base):
    """A line of a track's manifest. It may be known before its bytes are here: then `blobs` has no such digest yet."""

    __tablename__ = "recording_segments"

    track_id: Mapped[str] = mapped_column(ForeignKey("recording_tracks.id", ondelete="CASCADE"), primary_key=True)
    sequence: Mapped[int] = mapped_column(primary_key=True)
    digest: Mapped[str] = mapped_column(String(DIGEST_LENGTH), index=True)
    init_digest: Mapped[str] = mapped_column(String(DIGEST_LENGTH), index=True)
    size_bytes: Mapped[int] = mapped_column(BigInteger())
    start: Mapped[int] = mapped_column(BigInteger())
    duration: Mapped[int] = mapped_column(BigInteger())


class BlobRow(Base):
    """What the segment store holds, and when it was last found whole."""

    __tablename__ = "blobs"

    digest: Mapped[str] = mapped_column(String(DIGEST_LENGTH), primary_key=True)
    size_bytes: Mapped[int] = mapped_column(BigInteger())
    stored_at: Mapped[datetime] = mapped_column(UtcDateTime())
    verified_at: Mapped[datetime] = mapped_column(UtcDateTime())
    damaged_at: Mapped[datetime | None] = mapped_column(UtcDateTime())
    # Since when it is known that no manifest names it; a little later it goes.
    unused_since: Mapped[datetime | None] = mapped_column(UtcDateTime(), index=True)

    __table_args__ = (Index(None, "verified_at"),)


class LeavingBlobRow(Base):
    """What is being removed from the segment store: on record no more, and until it is gone nobody keeps it anew."""

    __tablename__ = "blobs_leaving"

    digest: Mapped[str] = mapped_column(String(DIGEST_LENGTH), primary_key=True)
    size_bytes: Mapped[int] = mapped_column(BigInteger())
    since: Mapped[datetime] = mapped_column(UtcDateTime())
