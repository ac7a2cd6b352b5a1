"""The tables of the archive: what is known of a recording, who judged it, who may have it, and what is being done.

One row of `catalogue` describes one recording; it is made from the lesson, in the transaction that makes the recording.
"""

from datetime import date, datetime
from typing import Any

from sqlalchemy import JSON, BigInteger, Date, Float, ForeignKey, Integer, String, Text, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from classroom.model.catalogue import (
    Audience,
    CollectionLevel,
    Consent,
    Downloads,
    KnowledgeKind,
    LessonType,
    Licence,
)
from classroom.model.lesson import LessonMode
from classroom.store.tables import Base
from classroom.store.types import UtcDateTime, enum_column, id_column, new_id

NAME_LENGTH = 80
REASON_LENGTH = 1000


def recording_key(*, primary: bool = False) -> Mapped[str]:
    """A column that goes with its recording."""
    return mapped_column(
        ForeignKey("recordings.id", ondelete="CASCADE"), primary_key=primary, index=None if primary else True
    )


class TextbookRow(Base):
    __tablename__ = "textbooks"

    id: Mapped[str] = mapped_column(id_column(), primary_key=True, default=new_id)
    subject: Mapped[str] = mapped_column(String(NAME_LENGTH))
    grade: Mapped[int]
    edition: Mapped[str] = mapped_column(String(NAME_LENGTH))
    volume: Mapped[str] = mapped_column(String(24))

    __table_args__ = (UniqueConstraint("subject", "grade", "edition", "volume"),)


class KnowledgeRow(Base):
    """A unit, a section or a knowledge point."""

    __tablename__ = "knowledge"

    id: Mapped[str] = mapped_column(id_column(), primary_key=True, default=new_id)
    textbook_id: Mapped[str] = mapped_column(ForeignKey("textbooks.id", ondelete="CASCADE"))
    parent_id: Mapped[str | None] = mapped_column(ForeignKey("knowledge.id", ondelete="CASCADE"), index=True)
    kind: Mapped[KnowledgeKind] = mapped_column(enum_column(KnowledgeKind))
    code: Mapped[str] = mapped_column(String(64))
    name: Mapped[str] = mapped_column(String(200))
    position: Mapped[int]

    __table_args__ = (UniqueConstraint("textbook_id", "code"),)


class EntryRow(Base):
    """See `classroom.model.catalogue.Entry`."""

    __tablename__ = "catalogue"

    recording_id: Mapped[str] = recording_key(primary=True)
    subject: Mapped[str] = mapped_column(String(NAME_LENGTH), default="")
    grade: Mapped[int | None]
    textbook_id: Mapped[str | None] = mapped_column(ForeignKey("textbooks.id", ondelete="SET NULL"), index=True)
    # the account may be unknown: imported lessons were given by people who never had one
    teacher_id: Mapped[str | None] = mapped_column(ForeignKey("accounts.id"), index=True)
    teacher_name: Mapped[str] = mapped_column(String(NAME_LENGTH), default="")
    mode: Mapped[LessonMode | None] = mapped_column(enum_column(LessonMode))
    lesson_type: Mapped[LessonType] = mapped_column(enum_column(LessonType), default=LessonType.NEW)
    description: Mapped[str] = mapped_column(Text(), default="")
    language: Mapped[str] = mapped_column(String(16), default="zh-CN")
    authors: Mapped[list[str]] = mapped_column(JSON, default=list)
    rights_holder: Mapped[str] = mapped_column(String(NAME_LENGTH), default="")
    licence: Mapped[Licence] = mapped_column(enum_column(Licence), default=Licence.TEACHING)
    level: Mapped[CollectionLevel] = mapped_column(enum_column(CollectionLevel), default=CollectionLevel.SCHOOL)
    audience: Mapped[Audience] = mapped_column(enum_column(Audience), default=Audience.SCHOOL)
    downloads: Mapped[Downloads] = mapped_column(enum_column(Downloads), default=Downloads.NOBODY)
    embed: Mapped[bool] = mapped_column(default=False)
    consent: Mapped[Consent] = mapped_column(enum_column(Consent), default=Consent.UNKNOWN)
    consent_note: Mapped[str] = mapped_column(String(REASON_LENGTH), default="")
    hold_reason: Mapped[str | None] = mapped_column(String(REASON_LENGTH))
    views: Mapped[int] = mapped_column(default=0)
    downloaded: Mapped[int] = mapped_column(default=0)
    submission: Mapped[int] = mapped_column(default=0)  # how often it was submitted: reviews belong to one submission
    published_at: Mapped[datetime | None] = mapped_column(UtcDateTime())  # the first time
    retired_at: Mapped[datetime | None] = mapped_column(UtcDateTime())
    retired_reason: Mapped[str | None] = mapped_column(String(REASON_LENGTH))
    purged_at: Mapped[datetime | None] = mapped_column(UtcDateTime())  # its sound and picture are gone
    public_since: Mapped[datetime | None] = mapped_column(UtcDateTime(), index=True)  # harvesters know of it since
    source_digest: Mapped[str | None] = mapped_column(String(64), index=True)  # SHA-256 of the file it came from
    changed_at: Mapped[datetime] = mapped_column(UtcDateTime(), index=True)


class RecordingKnowledgeRow(Base):
    __tablename__ = "recording_knowledge"

    recording_id: Mapped[str] = recording_key(primary=True)
    knowledge_id: Mapped[str] = mapped_column(
        ForeignKey("knowledge.id", ondelete="CASCADE"), primary_key=True, index=True
    )


class RecordingPartnerRow(Base):
    """A school or teaching point that took part in the lesson, in the planner's order."""

    __tablename__ = "recording_partners"

    recording_id: Mapped[str] = recording_key(primary=True)
    position: Mapped[int] = mapped_column(primary_key=True)
    name: Mapped[str] = mapped_column(String(NAME_LENGTH))
    school_id: Mapped[str | None] = mapped_column(ForeignKey("schools.id"), index=True)


class RecordingTagRow(Base):
    __tablename__ = "recording_tags"

    recording_id: Mapped[str] = recording_key(primary=True)
    tag: Mapped[str] = mapped_column(String(32), primary_key=True, index=True)


class RecordingExpertRow(Base):
    """Somebody asked to judge one submission."""

    __tablename__ = "recording_experts"

    recording_id: Mapped[str] = recording_key(primary=True)
    submission: Mapped[int] = mapped_column(primary_key=True)
    account_id: Mapped[str] = mapped_column(ForeignKey("accounts.id", ondelete="CASCADE"), primary_key=True, index=True)
    asked_at: Mapped[datetime] = mapped_column(UtcDateTime())


class DecisionRow(Base):
    """A step with the words it was given: why it was returned, retired, held. The audit has the step without them."""

    __tablename__ = "recording_decisions"

    id: Mapped[str] = mapped_column(id_column(), primary_key=True, default=new_id)
    recording_id: Mapped[str] = recording_key()
    action: Mapped[str] = mapped_column(String(64))  # as in the audit
    reason: Mapped[str] = mapped_column(String(REASON_LENGTH))
    made_by: Mapped[str] = mapped_column(String(64))
    made_at: Mapped[datetime] = mapped_column(UtcDateTime())


class ReviewRow(Base):
    """What one person thinks of one submission: an expert by the rubric, a teacher or pupil with one to five stars."""

    __tablename__ = "reviews"

    id: Mapped[str] = mapped_column(id_column(), primary_key=True, default=new_id)
    recording_id: Mapped[str] = recording_key()
    submission: Mapped[int]
    expert: Mapped[bool]
    account_id: Mapped[str] = mapped_column(ForeignKey("accounts.id", ondelete="CASCADE"))
    score: Mapped[float] = mapped_column(Float())  # 0 to 100
    scores: Mapped[dict[str, float]] = mapped_column(JSON)  # by criterion of the rubric; empty for stars
    recommends: Mapped[bool | None]
    comment: Mapped[str] = mapped_column(Text())
    at: Mapped[datetime] = mapped_column(UtcDateTime())

    __table_args__ = (UniqueConstraint("recording_id", "submission", "expert", "account_id"),)


class RemarkRow(Base):
    """听评课: a comment at a moment of the recording."""

    __tablename__ = "remarks"

    id: Mapped[str] = mapped_column(id_column(), primary_key=True, default=new_id)
    recording_id: Mapped[str] = recording_key()
    account_id: Mapped[str] = mapped_column(ForeignKey("accounts.id", ondelete="CASCADE"))
    at_s: Mapped[float] = mapped_column(Float())
    text: Mapped[str] = mapped_column(Text())
    made_at: Mapped[datetime] = mapped_column(UtcDateTime())


class ShareRow(Base):
    """A link that opens one recording to whoever holds it, until it expires. Only the token's hash is kept."""

    __tablename__ = "share_links"

    id: Mapped[str] = mapped_column(id_column(), primary_key=True, default=new_id)
    token_hash: Mapped[str] = mapped_column(String(64), unique=True)
    recording_id: Mapped[str] = recording_key()
    download: Mapped[bool]
    note: Mapped[str] = mapped_column(String(NAME_LENGTH))
    made_by: Mapped[str] = mapped_column(String(64))
    made_at: Mapped[datetime] = mapped_column(UtcDateTime())
    expires_at: Mapped[datetime] = mapped_column(UtcDateTime())
    revoked_at: Mapped[datetime | None] = mapped_column(UtcDateTime())
    uses: Mapped[int] = mapped_column(default=0)


class NominationRow(Base):
    """A lesson sent into a contest such as 一师一优课."""

    __tablename__ = "nominations"

    id: Mapped[str] = mapped_column(id_column(), primary_key=True, default=new_id)
    recording_id: Mapped[str] = recording_key()
    activity: Mapped[str] = mapped_column(String(NAME_LENGTH))
    year: Mapped[int]
    level: Mapped[CollectionLevel] = mapped_column(enum_column(CollectionLevel))
    statement: Mapped[str] = mapped_column(Text())
    made_by: Mapped[str] = mapped_column(String(64))
    made_at: Mapped[datetime] = mapped_column(UtcDateTime())

    __table_args__ = (UniqueConstraint("recording_id", "activity", "year"),)


class UseRow(Base):
    """How often a recording was watched and taken away on one day."""

    __tablename__ = "recording_uses"

    recording_id: Mapped[str] = recording_key(primary=True)
    day: Mapped[date] = mapped_column(Date(), primary_key=True)
    views: Mapped[int] = mapped_column(default=0)
    downloads: Mapped[int] = mapped_column(default=0)


class TranscriptRow(Base):
    """What is said in a recording, in one language."""

    __tablename__ = "transcripts"

    id: Mapped[str] = mapped_column(id_column(), primary_key=True, default=new_id)
    recording_id: Mapped[str] = recording_key()
    language: Mapped[str] = mapped_column(String(16))
    recogniser: Mapped[str | None] = mapped_column(String(64))  # None: somebody wrote or checked it
    made_by: Mapped[str] = mapped_column(String(64))
    made_at: Mapped[datetime] = mapped_column(UtcDateTime())

    __table_args__ = (UniqueConstraint("recording_id", "language"),)


class CueRow(Base):
    __tablename__ = "transcript_cues"

    transcript_id: Mapped[str] = mapped_column(ForeignKey("transcripts.id", ondelete="CASCADE"), primary_key=True)
    position: Mapped[int] = mapped_column(primary_key=True)
    begin_ms: Mapped[int]
    end_ms: Mapped[int]
    text: Mapped[str] = mapped_column(Text())


class RetentionRow(Base):
    """A rule: recordings like these go `keep_days` after they were recorded (or last published, or retired)."""

    __tablename__ = "retention_rules"

    id: Mapped[str] = mapped_column(id_column(), primary_key=True, default=new_id)
    name: Mapped[str] = mapped_column(String(NAME_LENGTH), unique=True)
    region_id: Mapped[str | None] = mapped_column(ForeignKey("regions.id"))  # None: everywhere
    states: Mapped[list[str]] = mapped_column(JSON)  # of RecordingState, or "trashed"
    levels: Mapped[list[str]] = mapped_column(JSON)  # of CollectionLevel; empty: all
    keep_days: Mapped[int]
    enabled: Mapped[bool] = mapped_column(default=True)


class JobRow(Base):
    """Long work in the background: it survives a restart and says how far it is."""

    __tablename__ = "archive_jobs"

    id: Mapped[str] = mapped_column(id_column(), primary_key=True, default=new_id)
    kind: Mapped[str] = mapped_column(String(24))
    state: Mapped[str] = mapped_column(String(24), index=True)
    made_by: Mapped[str] = mapped_column(String(64), index=True)
    made_at: Mapped[datetime] = mapped_column(UtcDateTime())
    ended_at: Mapped[datetime | None] = mapped_column(UtcDateTime())
    order: Mapped[dict[str, Any]] = mapped_column(JSON)  # what was asked for
    done: Mapped[int] = mapped_column(BigInteger(), default=0)
    total: Mapped[int] = mapped_column(BigInteger(), default=0)
    result: Mapped[dict[str, Any]] = mapped_column(JSON)
    problem: Mapped[dict[str, Any] | None] = mapped_column(JSON)  # an error's code and data
    worker: Mapped[str | None] = mapped_column(String(64))  # the process at work on it, and when it last said so
    seen_at: Mapped[datetime | None] = mapped_column(UtcDateTime())


class SearchValueRow(Base):
    """The number that stands for a value of a facet in `search_documents.codes`; once given, it stays."""

    __tablename__ = "search_values"

    facet: Mapped[str] = mapped_column(String(16), primary_key=True)
    code: Mapped[int] = mapped_column(primary_key=True)
    value: Mapped[str] = mapped_column(String(NAME_LENGTH))

    __table_args__ = (UniqueConstraint("facet", "value"),)


class SearchDocumentRow(Base):
    """A recording as search counts it. Its words are in `search_texts` (see `classroom.search.index`)."""

    __tablename__ = "search_documents"

    # AUTOINCREMENT, so that a number is never used twice: words left behind by a deleted recording lead nowhere
    id: Mapped[int] = mapped_column(Integer(), primary_key=True, autoincrement=True)
    recording_id: Mapped[str] = mapped_column(ForeignKey("recordings.id", ondelete="CASCADE"), unique=True)
    codes: Mapped[str] = mapped_column(String(64))

    __table_args__ = {"sqlite_autoincrement": True}
