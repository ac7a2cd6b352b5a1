"""The rows of /api/v1/archive: a recording of 一小 that was submitted, and one that is in the trash."""

from collections.abc import Callable
from datetime import timedelta
from typing import Any

from classroom.model.recording import RecordingState
from tests.fakes.county import NOW, County
from tests.fakes.library import a_recording
from tests.integration.classroom_http.matrix_rows import EVERYBODY, SOMEBODY, Row, fixed

RECORDING_ID = "submitted"
HERE = "/api/v1/archive"
ONE = f"{HERE}/recordings/{RECORDING_ID}"

# One of each; where a role holds is told apart by the tests of `classroom.access`.
CALLERS = (
    "nobody", "admin", "county_archivist", "school_archivist", "other_county_archivist", "county_coordinator",
    "county_supervisor", "teacher", "colleague", "other_teacher", "pupil", "room_device", "guest",
)  # fmt: skip
ARCHIVISTS = {"admin", "county_archivist", "school_archivist", "other_county_archivist"}
KEEPERS = {"admin", "county_archivist", "school_archivist"}
STAFF = {"county_coordinator", "county_supervisor"}
SEERS = KEEPERS | STAFF | {"teacher", "colleague"}


async def add_what_is_kept(county: County) -> None:
    """The recording that the rows are about."""
    await a_recording(
        county.store, county.host, id=RECORDING_ID, state=RecordingState.SUBMITTED, teacher_id=county["teacher"].id
    )


def row(may: set[str] | str, path: str, body: Callable[[County], Any] | None = None, *, file: str | None = None) -> Row:
    callers = tuple(sorted(CALLERS, key=lambda who: who in may))
    if file is not None:
        return Row(may, fixed(path), lambda _: {"data": b"", "headers": {"Content-Type": file}}, callers=callers)
    if body is None:
        return Row(may, fixed(path), callers=callers)
    return Row(may, fixed(path), lambda county: {"json": body(county)}, callers=callers)


RULE = {"name": "回收站", "states": ["trashed"], "keep_days": 30}
SHARE = {"expires_at": (NOW + timedelta(days=1)).isoformat()}
CIRCULATION = {"audience": "school", "downloads": "nobody", "embed": False}
NOMINATION = {"activity": "一师一优课", "year": 2026, "level": "school"}

LIBRARY: dict[str, Row] = {
    "GET /api/v1/archive/recordings": row(EVERYBODY, f"{HERE}/recordings"),
    "GET /api/v1/archive/recordings/{id}": row(SEERS, ONE),
    "PATCH /api/v1/archive/recordings/{id}": row(KEEPERS | {"teacher"}, ONE, lambda _: {}),
    "GET /api/v1/archive/recordings/{id}/history": row(KEEPERS | STAFF | {"teacher"}, f"{ONE}/history"),
    "POST /api/v1/archive/recordings/{id}/steps": row(KEEPERS, f"{ONE}/steps", lambda _: {"step": "publish"}),
    "POST /api/v1/archive/recordings/{id}/circulation": row(KEEPERS, f"{ONE}/circulation", lambda _: CIRCULATION),
    "POST /api/v1/archive/recordings/{id}/promotion": row(KEEPERS, f"{ONE}/promotion", lambda _: {"level": "school"}),
    "POST /api/v1/archive/recordings/{id}/consent": row(
        KEEPERS | {"teacher"}, f"{ONE}/consent", lambda _: {"consent": "given"}
    ),
    "POST /api/v1/archive/recordings/{id}/hold": row(KEEPERS, f"{ONE}/hold", lambda _: {"reason": None}),
    "POST /api/v1/archive/recordings/{id}/trash": row(KEEPERS, f"{ONE}/trash"),
    "POST /api/v1/archive/recordings/{id}/restore": row(KEEPERS, f"{ONE}/restore"),
    # each of the many is refused or done by itself
    "POST /api/v1/archive/bulk": row(EVERYBODY, f"{HERE}/bulk", lambda _: {"ids": ["none"], "deed": "trash"}),
    "GET /api/v1/archive/rubric": row(EVERYBODY, f"{HERE}/rubric"),
    "GET /api/v1/archive/experts": row(ARCHIVISTS, f"{HERE}/experts"),
    "GET /api/v1/archive/recordings/{id}/reviews": row(KEEPERS | STAFF | {"teacher"}, f"{ONE}/reviews"),
    "POST /api/v1/archive/recordings/{id}/ratings": row({"colleague"}, f"{ONE}/ratings", lambda _: {"stars": 5}),
    "POST /api/v1/archive/recordings/{id}/judgements": row(
        set(), f"{ONE}/judgements", lambda _: {"scores": {}, "recommends": True}
    ),
    "POST /api/v1/archive/recordings/{id}/experts": row(KEEPERS, f"{ONE}/experts", lambda _: {"account_ids": []}),
    "GET /api/v1/archive/recordings/{id}/remarks": row(SEERS, f"{ONE}/remarks"),
    "POST /api/v1/archive/recordings/{id}/remarks": row(
        SEERS, f"{ONE}/remarks", lambda _: {"at_s": 1, "text": "导入自然"}
    ),
    "DELETE /api/v1/archive/recordings/{id}/remarks/{remark}": row(SEERS, f"{ONE}/remarks/none"),
    "GET /api/v1/archive/recordings/{id}/shares": row(KEEPERS, f"{ONE}/shares"),
    "POST /api/v1/archive/recordings/{id}/shares": row(KEEPERS, f"{ONE}/shares", lambda _: SHARE),
    "DELETE /api/v1/archive/recordings/{id}/shares/{share}": row(KEEPERS, f"{ONE}/shares/none"),
    "GET /api/v1/archive/recordings/{id}/nominations": row(KEEPERS | STAFF | {"teacher"}, f"{ONE}/nominations"),
    "POST /api/v1/archive/recordings/{id}/nominations": row(
        KEEPERS | {"teacher"}, f"{ONE}/nominations", lambda _: NOMINATION
    ),
    "GET /api/v1/archive/recordings/{id}/transcripts": row(SEERS, f"{ONE}/transcripts"),
    "GET /api/v1/archive/recordings/{id}/said": row(SEERS, f"{ONE}/said?text=x"),
    "PUT /api/v1/archive/recordings/{id}/transcripts/{language}": row(
        KEEPERS | {"teacher"}, f"{ONE}/transcripts/zh-CN", file="text/vtt"
    ),
    "DELETE /api/v1/archive/recordings/{id}/transcripts/{language}": row(
        KEEPERS | {"teacher"}, f"{ONE}/transcripts/zh-CN"
    ),
    "GET /api/v1/archive/textbooks": row(SOMEBODY, f"{HERE}/textbooks"),
    "GET /api/v1/archive/textbooks/{id}": row(SOMEBODY, f"{HERE}/textbooks/none"),
    "POST /api/v1/archive/textbooks/import/{mode}": row(
        ARCHIVISTS, f"{HERE}/textbooks/import/check", file="application/octet-stream"
    ),
    "GET /api/v1/archive/coverage": row(ARCHIVISTS | STAFF, f"{HERE}/coverage"),
    "GET /api/v1/archive/coverage/{id}": row(ARCHIVISTS | STAFF, f"{HERE}/coverage/none"),
    # one's own, and none for most
    "GET /api/v1/archive/jobs": row(SOMEBODY, f"{HERE}/jobs"),
    "POST /api/v1/archive/recordings/{id}/nominations/{nomination}/package": row(
        KEEPERS | STAFF | {"teacher"}, f"{ONE}/nominations/none/package"
    ),
    # whose job it is, is asked when there is one
    "GET /api/v1/archive/jobs/{id}": row(SOMEBODY, f"{HERE}/jobs/none"),
    "POST /api/v1/archive/jobs/{id}/cancel": row(SOMEBODY, f"{HERE}/jobs/none/cancel"),
    "POST /api/v1/archive/jobs/{id}/resume": row(SOMEBODY, f"{HERE}/jobs/none/resume"),
    "DELETE /api/v1/archive/jobs/{id}": row(SOMEBODY, f"{HERE}/jobs/none"),
    "GET /api/v1/archive/jobs/{id}/package.zip": row(SOMEBODY, f"{HERE}/jobs/none/package.zip"),
    "GET /api/v1/archive/jobs/{id}/files/{path:.+}": row(SOMEBODY, f"{HERE}/jobs/none/files/x"),
    "POST /api/v1/archive/exports": row(ARCHIVISTS, f"{HERE}/exports", lambda _: {"ids": []}),
    "POST /api/v1/archive/transcripts": row(
        KEEPERS | {"teacher"}, f"{HERE}/transcripts", lambda _: {"recording_id": RECORDING_ID}
    ),
    "GET /api/v1/archive/imports": row(ARCHIVISTS, f"{HERE}/imports"),
    "GET /api/v1/archive/imports/template.xlsx": row(ARCHIVISTS, f"{HERE}/imports/template.xlsx"),
    "GET /api/v1/archive/imports/{folder}/{file}": row(ARCHIVISTS, f"{HERE}/imports/lib/a.mp4"),
    "PUT /api/v1/archive/imports/{folder}/{file}": row(
        ARCHIVISTS, f"{HERE}/imports/lib/a.mp4", file="application/octet-stream"
    ),
    "DELETE /api/v1/archive/imports/{folder}/{file}": row(ARCHIVISTS, f"{HERE}/imports/lib/a.mp4"),
    "DELETE /api/v1/archive/imports/{folder}": row(ARCHIVISTS, f"{HERE}/imports/lib"),
    "POST /api/v1/archive/imports": row(
        ARCHIVISTS, f"{HERE}/imports", lambda _: {"folder": "none", "sheet": "x.xlsx", "dry_run": True}
    ),
    "GET /oai": row(EVERYBODY, "/oai?verb=Identify"),
    "POST /oai": row(EVERYBODY, "/oai"),
    "GET /api/v1/archive/regions": row(ARCHIVISTS, f"{HERE}/regions"),
    "GET /api/v1/archive/retention": row(ARCHIVISTS, f"{HERE}/retention"),
    # a rule for everywhere is an admin's
    "POST /api/v1/archive/retention": row({"admin"}, f"{HERE}/retention", lambda _: RULE),
    "POST /api/v1/archive/retention/preview": row(ARCHIVISTS, f"{HERE}/retention/preview", lambda _: RULE),
    "DELETE /api/v1/archive/retention/{id}": row(ARCHIVISTS, f"{HERE}/retention/none"),
}
