"""What is said in a recording: brought as captions or recognised, and searched to the second."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import delete, select
from sqlalchemy.ext.asyncio import AsyncSession

from classroom.access.archive import ask
from classroom.access.cataloguing import touch
from classroom.access.lifecycle import decide, lock
from classroom.access.matrix import Deed
from classroom.captions import Cue
from classroom.errors import NotFound
from classroom.model.principal import Principal
from classroom.search.query import Every, Expression, Some, Word, parse
from classroom.search.words import words_of
from classroom.store.catalogue_tables import CueRow, TranscriptRow
from classroom.store.store import Store

MOST_HITS = 200


@dataclass(frozen=True, slots=True)
class Transcript:
    """`recogniser` names the program that wrote it; None: people did."""

    language: str
    recogniser: str | None
    made_at: datetime


async def access_transcripts(
    store: Store, principal: Principal, recording_id: str, now: datetime, share: str | None = None
) -> list[Transcript]:
    """Which transcripts there are, for whoever may watch."""
    async with store.reading() as db:
        await ask(db, principal, recording_id, Deed.WATCH_RECORDING, now=now, share=share)
        rows = select(TranscriptRow).where(TranscriptRow.recording_id == recording_id)
        ordered = rows.order_by(TranscriptRow.language)
        return [Transcript(row.language, row.recogniser, row.made_at) for row in await db.scalars(ordered)]


async def access_cues(
    store: Store, principal: Principal, recording_id: str, language: str, *, now: datetime, share: str | None = None
) -> list[Cue]:
    """One transcript. Raises `NotFound("transcript_unknown")`."""
    async with store.reading() as db:
        await ask(db, principal, recording_id, Deed.WATCH_RECORDING, now=now, share=share)
        row = await _transcript(db, recording_id, language)
        return await _cues(db, row.id)


async def access_cues_found(
    store: Store, principal: Principal, recording_id: str, text: str, *, now: datetime, share: str | None = None
) -> list[tuple[str, Cue]]:
    """The moments at which all words of `text` are said, with the language, by time; `MOST_HITS` at most."""
    wanted = parse(text)
    async with store.reading() as db:
        await ask(db, principal, recording_id, Deed.WATCH_RECORDING, now=now, share=share)
        found: list[tuple[str, Cue]] = []
        transcripts = select(TranscriptRow).where(TranscriptRow.recording_id == recording_id)
        for row in await db.scalars(transcripts.order_by(TranscriptRow.language)):
            found += [(row.language, cue) for cue in await _cues(db, row.id) if wanted and said(cue.text, wanted)]
    return sorted(found, key=lambda hit: hit[1].begin_ms)[:MOST_HITS]


def said(text: str, wanted: Sequence[Expression]) -> bool:
    """Whether a text has every part, as the index would find it."""
    words = set(words_of(text))
    return all(_matches(words, part) for part in wanted)


def _matches(words: set[str], part: Expression) -> bool:
    match part:
        case Word(text, begins):
            return any(word.startswith(text) for word in words) if begins else text in words
        case Every(parts):
            return all(_matches(words, each) for each in parts)
        case Some(parts):
            return any(_matches(words, each) for each in parts)


async def access_new_transcript(
    store: Store,
    principal: Principal,
    recording_id: str,
    *,
    language: str,
    cues: Sequence[Cue],
    recogniser: str | None,
    now: datetime,
) -> None:
    """Keep a transcript; it replaces the one in the same language."""
    async with store.session() as db:
        await lock(db, recording_id)
        await ask(db, principal, recording_id, Deed.DESCRIBE_RECORDING, now=now)
        same = (TranscriptRow.recording_id == recording_id, TranscriptRow.language == language)
        await db.execute(delete(TranscriptRow).where(*same))
        row = TranscriptRow(
            recording_id=recording_id, language=language, recogniser=recogniser, made_by=principal.id, made_at=now
        )
        db.add(row)
        await db.flush()
        db.add_all(
            CueRow(transcript_id=row.id, position=at, begin_ms=cue.begin_ms, end_ms=cue.end_ms, text=cue.text)
            for at, cue in enumerate(cues)
        )
        await touch(db, recording_id, now)
        decide(db, principal, recording_id, "transcribed", now=now, language=language, cues=len(cues))


async def access_transcript_removal(
    store: Store, principal: Principal, recording_id: str, language: str, now: datetime
) -> None:
    """Take a transcript away. Raises `NotFound("transcript_unknown")`."""
    async with store.session() as db:
        await ask(db, principal, recording_id, Deed.DESCRIBE_RECORDING, now=now)
        row = await _transcript(db, recording_id, language)
        await db.delete(row)
        await touch(db, recording_id, now)
        decide(db, principal, recording_id, "transcript_removed", now=now, language=language)


async def _transcript(db: AsyncSession, recording_id: str, language: str) -> TranscriptRow:
    row = await db.scalar(select(TranscriptRow).filter_by(recording_id=recording_id, language=language))
    if row is None:
        raise NotFound("transcript_unknown", language=language[:16])
    return row


async def _cues(db: AsyncSession, transcript_id: str) -> list[Cue]:
    rows = select(CueRow).where(CueRow.transcript_id == transcript_id).order_by(CueRow.position)
    return [Cue(row.begin_ms, row.end_ms, row.text) for row in await db.scalars(rows)]
