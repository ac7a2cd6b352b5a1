"""Jobs and reports as they are kept, and as pages are shown them."""

from collections.abc import Mapping
from typing import Any

from classroom.access.jobs import Job
from classroom.catalog import text
from classroom.errors import BadInput
from classroom.messages.archive_views import ReportView
from classroom.messages.exchange_views import JobProblemView, JobView
from classroom.sheets import Report, RowProblem
from media_server.archive.library.views import report_view
from media_server.exchange.columns import COLUMNS


def job_view(job: Job, language: str) -> JobView:
    """A job in the reader's words."""
    failed = text(job.problem["code"], job.problem["data"], language) if job.problem else None
    kept = job.result.get("report")
    return JobView(
        id=job.id, kind=job.kind, state=job.state, made_by_name=job.made_by_name, made_at=job.made_at,
        ended_at=job.ended_at, done=job.done, total=job.total, size_bytes=job.result.get("size_bytes", 0),
        name=str(job.order.get("folder", "")), nomination=job.order.get("nomination"),
        recording=job.order.get("recording_id") or job.order.get("recording"),
        recordings=job.result.get("exported", len(job.order.get("recordings", ()))),
        problems=[_problem(each, language) for each in job.result.get("problems", ())],
        report=_report(kept, language, dry_run=bool(job.order.get("dry_run"))) if kept else None,
        problem=failed.message if failed else None, remedy=failed.remedy if failed else None,
    )  # fmt: skip


def report_json(report: Report) -> dict[str, Any]:
    """As a job keeps it; `_report` reads it."""
    problems = [
        {"row": each.row, "column": each.column, "code": each.error.code, "data": each.error.data}
        for each in report.problems
    ]
    return {"added": report.added, "changed": report.changed, "same": report.same, "problems": problems}


def _report(kept: Mapping[str, Any], language: str, *, dry_run: bool) -> ReportView:
    place = 0 if language == "zh-CN" else -1
    problems = [
        RowProblem(each["row"], COLUMNS[each["column"]][place], BadInput(each["code"], **each["data"]))
        for each in kept["problems"]
    ]
    report = Report(kept["added"], kept["changed"], kept["same"], problems)
    return report_view(report, language, dry_run=dry_run)


def _problem(noted: Mapping[str, Any], language: str) -> JobProblemView:
    said = text(noted["code"], noted["data"], language)
    return JobProblemView(id=noted["id"], title=noted["title"], problem=said.message, remedy=said.remedy)
