"""From dataclasses to what pages are shown, and problems in the reader's words."""

from typing import TypeVar

from classroom.access.items import Item
from classroom.catalog import text_of
from classroom.messages.archive_views import EntryView, HitView, ItemView, ReportView, RowProblemView, TrackStateView
from classroom.messages.base import Message
from classroom.sheets import Report

V = TypeVar("V", bound=Message)


def view(model: type[V], thing: object) -> V:
    """A dataclass as the message with the same fields."""
    return model.model_validate(thing, from_attributes=True)


def item_view(item: Item) -> ItemView:
    return ItemView(
        hit=view(HitView, item.hit),
        entry=view(EntryView, item.entry),
        tracks=[view(TrackStateView, track) for track in item.tracks],
        may=[deed.value for deed in item.may],
    )


def report_view(report: Report, language: str, *, dry_run: bool) -> ReportView:
    """An import's report, its problems in the order of rows."""
    problems = []
    for problem in sorted(report.problems, key=lambda each: each.row):
        text = text_of(problem.error, language)
        problems.append(
            RowProblemView(
                row=problem.row,
                column=problem.column,
                value=str(problem.error.data.get("value", "")),
                message=text.message,
                remedy=text.remedy,
            )
        )
    return ReportView(dry_run=dry_run, added=report.added, changed=report.changed, same=report.same, problems=problems)
