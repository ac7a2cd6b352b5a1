"""Codes and data as texts, in every language, with names in place of ids."""

from collections.abc import Mapping
from dataclasses import replace

from classroom.catalog import LANGUAGES, text
from scheduler.planning.instance import Instance
from scheduler.planning.lookup import Lookup
from scheduler.planning.names import Names
from scheduler.planning.solution import Change, Datum, Reason, Solution, Uncovered


def with_texts(instance: Instance, solution: Solution) -> Solution:
    """The solution with a text beside every code."""
    names = Names(Lookup.of(instance), solution.courses)
    return replace(
        solution,
        uncovered=tuple(
            replace(row, reasons=tuple(_reason(names, each) for each in row.reasons)) for row in solution.uncovered
        ),
        changes=tuple(_change(names, each) for each in solution.changes),
    )


def _reason(names: Names, reason: Reason) -> Reason:
    """What to do stands beside a solved remedy only."""
    texts = {language: said(names, reason.code, reason.data, language) for language in LANGUAGES}
    solved = reason.code.startswith("fix_")
    return replace(
        reason,
        text={language: message for language, (message, _) in texts.items()},
        remedy={language: remedy for language, (_, remedy) in texts.items()} if solved else None,
    )


def _change(names: Names, change: Change) -> Change:
    data = change.data
    return replace(change, text={language: said(names, change.code, data, language)[0] for language in LANGUAGES})


def said(names: Names, code: str, data: Mapping[str, Datum], language: str) -> tuple[str, str]:
    """Message and remedy."""
    shown = text(code, names.named(code, data), language)
    return shown.message, shown.remedy


def uncovered_header(names: Names, row: Uncovered, language: str) -> str:
    """One line for an uncovered need."""
    return said(names, "explain_need", {"need": row.need, "missing": row.missing}, language)[0]
