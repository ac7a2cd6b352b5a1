"""What is made in the background of a recording, for whoever watches it."""

from datetime import datetime

from sqlalchemy import JSON, ForeignKey, String
from sqlalchemy.orm import Mapped, mapped_column

from classroom.store.tables import Base
from classroom.store.types import UtcDateTime


class RecordingExtrasRow(Base):
    """How far the pictures, the waveform, the chapters and the AAC of a recording are.

    `made_from` is a digest of all that was recorded when it began: with more or other segments it is made again.
    `chapters` are seconds from the recording's beginning at which a new slide is shown.
    """

    __tablename__ = "recording_extras"

    recording_id: Mapped[str] = mapped_column(ForeignKey("recordings.id", ondelete="CASCADE"), primary_key=True)
    made_from: Mapped[str] = mapped_column(String(64))
    steps_done: Mapped[int] = mapped_column(default=0)
    steps: Mapped[int] = mapped_column(default=0)
    steps_failed: Mapped[int] = mapped_column(default=0)
    chapters: Mapped[list[float]] = mapped_column(JSON, default=list)
    # Whose process makes it says so again and again; one that died says nothing, and another one takes it up.
    claimed_by: Mapped[str | None] = mapped_column(String(80))
    claimed_until: Mapped[datetime | None] = mapped_column(UtcDateTime())
    finished_at: Mapped[datetime | None] = mapped_column(UtcDateTime(), index=True)
