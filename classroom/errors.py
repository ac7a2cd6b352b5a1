"""Errors say whose fault they are and carry a stable code with data.

The text is made at the edge (`classroom.catalog`).

`raise Conflict("source_taken", source="teacher", lesson="…")`: the code has one entry in every catalog, with a message
and a remedy; the keyword arguments fill them. Never put personal data in an error that is logged.
"""

from typing import Any, ClassVar


class ClassroomError(Exception):
    """Base of every expected error. `code` is stable; `data` is JSON-able."""

    status: ClassVar[int] = 500

    def __init__(self, code: str, **data: str | int | float | bool | list[str]) -> None:
        super().__init__(code, data)
        self.code = code
        self.data = data

    def __str__(self) -> str:
        return f"{self.code} {self.data}" if self.data else self.code

    def __reduce__(self) -> tuple[Any, ...]:
        # from one process to another, whatever arguments a subclass takes
        return _again, (type(self), self.code, self.data)


def _again(kind: type[ClassroomError], code: str, data: dict[str, str | int | float | bool | list[str]]) -> Any:
    error = kind.__new__(kind)
    ClassroomError.__init__(error, code, **data)
    return error


class BadInput(ClassroomError):
    """The caller sent something malformed."""

    status = 400


class NotSignedIn(ClassroomError):
    """Nobody, or an expired somebody, is asking."""

    status = 401


class Forbidden(ClassroomError):
    """This principal may not."""

    status = 403


class NotFound(ClassroomError):
    status = 404


class Conflict(ClassroomError):
    """The thing is in a state that does not allow this."""

    status = 409


class Gone(ClassroomError):
    """It was there, and was taken away for good."""

    status = 410


class PreconditionFailed(ClassroomError):
    """The caller's picture of the thing is out of date (ETag)."""

    status = 412


class TooLarge(ClassroomError):
    status = 413


class Unsupported(ClassroomError):
    """Wrong media type."""

    status = 415


class Unprocessable(ClassroomError):
    """Well-formed, but cannot be served (an SDP offer without a codec we forward)."""

    status = 422


class PreconditionRequired(ClassroomError):
    """The caller must say which version of the thing it means (ETag)."""

    status = 428


class TooMany(ClassroomError):
    """Rate limit; `data["retry_after_s"]` says when to come back."""

    status = 429


class Unavailable(ClassroomError):
    """Our side cannot serve this now."""

    status = 503


class BadSettings(ClassroomError):
    """A setting or command-line argument is wrong: the command prints one line and exits 2."""

    status = 500
