"""The index in the store: documents with their words and facets. Every function works in the caller's transaction."""

from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Final

import numpy as np
from sqlalchemy import (
    Integer,
    String,
    TextClause,
    cast,
    column,
    delete,
    func,
    insert,
    select,
    table,
    text,
    tuple_,
    update,
)
from sqlalchemy.ext.asyncio import AsyncSession

from classroom.search.packed import FACETS, Documents, Numbers, pack, unpack
from classroom.search.query import Every, Expression, for_postgresql, for_sqlite
from classroom.search.words import joined, sounds_of, words_of
from classroom.store.catalogue_tables import SearchDocumentRow, SearchValueRow

# tsvector ends at 1 MB; a lesson of three hours has a tenth of it
MOST_TEXT = 100_000


@dataclass(frozen=True, slots=True)
class Document:
    """What a recording is found by. `names` are looked for by their sound as well, `text` only as written."""

    recording_id: str
    day: date
    title: str
    names: Sequence[str]
    text: str
    marks: Collection[str]
    facets: Mapping[str, str]


@dataclass(frozen=True, slots=True)
class _Dialect:
    """What the databases say differently."""

    put: str
    match: str
    query: Callable[[str, Expression], str]


_DIALECTS: Final = {
    "sqlite": _Dialect(
        put="INSERT INTO search_texts (rowid, title, words) VALUES (:id, :title, :words)",
        match="search_texts MATCH :query",
        query=lambda column, expression: f"{column} : {for_sqlite(expression)}",
    ),
    "postgresql": _Dialect(
        put="INSERT INTO search_texts (rowid, title, words) VALUES (:id,"
        " array_to_tsvector(string_to_array(:title, ' ')), array_to_tsvector(string_to_array(:words, ' ')))",
        match="{column} @@ CAST(:query AS tsquery)",
        query=lambda column, expression: for_postgresql(expression),
    ),
}


# FTS5 numbers its rows by itself, in a column of this name; no other table looks like it, so no model describes it
_TEXTS: Final = table("search_texts", column("rowid", Integer))


def _dialect(db: AsyncSession) -> _Dialect:
    return _DIALECTS[db.get_bind().dialect.name]


@dataclass(frozen=True, slots=True)
class Words:
    """What the database is given of a document's words, each once."""

    title: str
    words: str

    @classmethod
    def of(cls, document: Document) -> "Words":
        title = [*words_of(document.title), *sounds_of(document.title)]
        words = [*title, *document.marks, *words_of(document.text[:MOST_TEXT])]
        for name in document.names:
            words += [*words_of(name), *sounds_of(name)]
        return cls(joined(title), joined(words))


async def put(db: AsyncSession, document: Document) -> None:
    """Add a recording to the index, or renew it there."""
    numbers = await _numbers(db, document.facets)
    known = SearchDocumentRow.recording_id == document.recording_id
    number = await db.scalar(select(SearchDocumentRow.id).where(known).with_for_update())
    if number is None:
        added = insert(SearchDocumentRow).values(recording_id=document.recording_id, codes="")
        number = (await db.execute(added.returning(SearchDocumentRow.id))).scalar_one()
    else:
        await db.execute(delete(_TEXTS).where(_TEXTS.c.rowid == number))
    codes = pack(number, document.day, numbers)
    await db.execute(update(SearchDocumentRow).where(SearchDocumentRow.id == number).values(codes=codes))
    words = Words.of(document)
    await db.execute(put_words(db), {"id": number, "title": words.title, "words": words.words})


def put_words(db: AsyncSession) -> TextClause:
    """The statement that writes `Words`, with `id`, `title` and `words`."""
    return text(_dialect(db).put)


async def drop(db: AsyncSession, recording_id: str) -> None:
    """Take a recording out of the index."""
    known = SearchDocumentRow.recording_id == recording_id
    number = await db.scalar(select(SearchDocumentRow.id).where(known))
    if number is not None:
        await db.execute(delete(_TEXTS).where(_TEXTS.c.rowid == number))
        await db.execute(delete(SearchDocumentRow).where(known))


async def find(db: AsyncSession, parts: Sequence[Expression]) -> Documents:
    """All documents that have every part; all there are when there is none."""
    found = select(func.aggregate_strings(SearchDocumentRow.codes, ""))
    if parts:
        found = found.where(SearchDocumentRow.id.in_(select(_TEXTS.c.rowid).where(_match(db, "words", parts))))
    return unpack(await db.scalar(found) or "")


async def find_in_titles(db: AsyncSession, parts: Sequence[Expression]) -> Numbers:
    """The numbers of the documents that have every part in their title."""
    numbers = func.aggregate_strings(cast(_TEXTS.c.rowid, String), " ")
    found = await db.scalar(select(numbers).where(_match(db, "title", parts)))
    return np.array((found or "").split(), np.int64)


def _match(db: AsyncSession, column: str, parts: Sequence[Expression]) -> TextClause:
    dialect = _dialect(db)
    query = dialect.query(column, Every(tuple(parts)))
    return text(dialect.match.format(column=column)).bindparams(query=query)


async def _numbers(db: AsyncSession, facets: Mapping[str, str]) -> dict[str, int]:
    """The numbers of a document's values, new ones for new values."""
    wanted = {facet: facets.get(facet, "") for facet in FACETS}
    numbers = await _known_numbers(db, wanted)
    if len(numbers) < len(wanted):
        if db.get_bind().dialect.name == "postgresql":
            # one writer at a time, as SQLite has it: two numbers for one value would split its count
            await db.execute(text("LOCK TABLE search_values IN SHARE ROW EXCLUSIVE MODE"))
            numbers = await _known_numbers(db, wanted)
        for facet in wanted.keys() - numbers.keys():
            last = await db.scalar(select(func.max(SearchValueRow.code)).where(SearchValueRow.facet == facet))
            numbers[facet] = 0 if last is None else last + 1
            db.add(SearchValueRow(facet=facet, code=numbers[facet], value=wanted[facet]))
        await db.flush()
    return numbers


async def _known_numbers(db: AsyncSession, wanted: Mapping[str, str]) -> dict[str, int]:
    pairs = tuple_(SearchValueRow.facet, SearchValueRow.value).in_(list(wanted.items()))
    found = await db.execute(select(SearchValueRow.facet, SearchValueRow.code).where(pairs))
    return dict(iter(found))


async def values(db: AsyncSession) -> dict[str, dict[int, str]]:
    """What the numbers of every facet stand for."""
    found: dict[str, dict[int, str]] = {facet: {} for facet in FACETS}
    rows = select(SearchValueRow.facet, SearchValueRow.code, SearchValueRow.value)
    for facet, number, value in await db.execute(rows):
        found[facet][number] = value
    return found
