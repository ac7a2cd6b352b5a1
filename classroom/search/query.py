"""What somebody typed, as an expression over words; written for either database."""

from dataclasses import dataclass

from classroom.search.words import LONGEST_INITIALS, LONGEST_WORD, runs

LONGEST_QUERY = 200
MOST_WORDS = 12


@dataclass(frozen=True, slots=True)
class Word:
    """Documents with this word; `begins`: with a word that begins like this."""

    text: str
    begins: bool = False


@dataclass(frozen=True, slots=True)
class Every:
    parts: "tuple[Expression, ...]"


@dataclass(frozen=True, slots=True)
class Some:
    parts: "tuple[Expression, ...]"


Expression = Word | Every | Some


def parse(text: str) -> list[Expression]:
    """What a document must all have. Empty when nothing was typed that can be looked for.

    Longer queries are cut at `LONGEST_QUERY` characters and `MOST_WORDS` words.
    """
    return [_run(run, chinese) for run, chinese in list(runs(text[:LONGEST_QUERY]))[:MOST_WORDS]]


def _run(run: str, chinese: bool) -> Expression:
    if chinese:
        if len(run) == 1:
            return Word(run, begins=True)
        pairs = tuple(Word(run[at : at + 2]) for at in range(len(run) - 1))
        return pairs[0] if len(pairs) == 1 else Every(pairs)
    run = run[:LONGEST_WORD]
    if len(run) == 1:
        # the beginning of half of all words
        return Word(run)
    typed = Word(run, begins=True)
    if len(run) > LONGEST_INITIALS and run.isalpha() and run.isascii():
        # longer than the initials kept in one word: then its first and its last ones
        return Some((typed, Every((Word(run[:LONGEST_INITIALS]), Word(run[-LONGEST_INITIALS:], begins=True)))))
    return typed


def for_sqlite(expression: Expression) -> str:
    """In the language of FTS5 (https://sqlite.org/fts5.html#full_text_query_syntax)."""
    if isinstance(expression, Word):
        return f'"{expression.text}"' + (" *" if expression.begins else "")
    joint = " AND " if isinstance(expression, Every) else " OR "
    return "(" + joint.join(map(for_sqlite, expression.parts)) + ")"


def for_postgresql(expression: Expression) -> str:
    """As a `tsquery` (https://www.postgresql.org/docs/15/datatype-textsearch.html)."""
    if isinstance(expression, Word):
        return f"'{expression.text}'" + (":*" if expression.begins else "")
    joint = " & " if isinstance(expression, Every) else " | "
    return "(" + joint.join(map(for_postgresql, expression.parts)) + ")"
