"""Errors on their way out: RFC 9457 problem JSON over HTTP, `Failure` over a socket, in the caller's language."""

from http import HTTPStatus

from aiohttp import web
from pydantic import ValidationError

from classroom.catalog import text_of
from classroom.errors import BadInput, ClassroomError, NotFound, TooLarge, TooMany, Unavailable
from classroom.http.limits import HttpLimits
from classroom.messages.api import Problem
from classroom.messages.live import Failure

PROBLEM_TYPE = "application/problem+json"


class MethodNotAllowed(ClassroomError):
    status = 405


class RequestTimeout(ClassroomError):
    status = 408


def problem(error: ClassroomError, language: str) -> Problem:
    text = text_of(error, language)
    return Problem(
        title=HTTPStatus(error.status).phrase,
        status=error.status,
        code=error.code,
        detail=text.message,
        remedy=text.remedy,
        data=error.data,
    )


def problem_response(error: ClassroomError, language: str) -> web.Response:
    """RFC 9457 § 3; `Retry-After` where the error says when (RFC 9110 § 10.2.3)."""
    response = web.Response(
        status=error.status,
        text=problem(error, language).model_dump_json(),
        content_type=PROBLEM_TYPE,
        headers={"Content-Language": language, "Cache-Control": "no-store"},
    )
    retry_after_s = error.data.get("retry_after_s")
    if isinstance(retry_after_s, int | float):
        response.headers["Retry-After"] = str(max(1, round(retry_after_s)))
    if error.status == HTTPStatus.UNAUTHORIZED:
        # RFC 9110 § 11.6.1: a 401 must name a scheme. Bearer opens no password window in browsers.
        response.headers["WWW-Authenticate"] = "Bearer"
    return response


def failure(error: ClassroomError, language: str, message_id: int | None) -> Failure:
    text = text_of(error, language)
    return Failure(id=message_id, code=error.code, message=text.message, remedy=text.remedy)


def of_http_exception(error: web.HTTPException, path: str) -> ClassroomError:
    """aiohttp's own refusals (no such route, wrong method, malformed request) as ours."""
    if isinstance(error, web.HTTPMethodNotAllowed):
        return MethodNotAllowed(
            "method_not_allowed", method=error.method, allowed=", ".join(sorted(error.allowed_methods))
        )
    known: dict[int, ClassroomError] = {
        404: NotFound("page_not_found", path=path),
        408: RequestTimeout("body_too_slow", timeout_s=0),
        413: TooLarge("body_too_large", limit_bytes=HttpLimits().any_body_bytes),
        429: TooMany("too_many_requests", retry_after_s=10),
        503: Unavailable("not_ready", part="server"),
    }
    return known.get(error.status, BadInput("http_refused", status=error.status))


def of_validation_error(error: ValidationError) -> BadInput:
    """The first thing wrong with a body or frame, as one of four codes; `field` is a dotted path."""
    first = error.errors(include_url=False, include_context=False, include_input=False)[0]
    kind = first["type"]
    # Tags of discriminated unions appear in the path of socket frames; they are not fields a caller can find.
    field = ".".join(str(part) for part in first["loc"])[:200]
    if kind in {"union_tag_invalid", "union_tag_not_found"}:
        return BadInput("message_unknown")
    if kind == "json_invalid":
        return BadInput("body_not_json", reason=first["msg"])
    if kind == "missing":
        return BadInput("field_missing", field=field)
    if kind == "extra_forbidden":
        return BadInput("field_unknown", field=field)
    return BadInput("field_invalid", field=field, reason=first["msg"])
