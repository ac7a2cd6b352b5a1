"""Requests: arguments checked as § 3 and § 4 of the protocol say. Pure."""

import base64
import binascii
import json
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, time
from enum import StrEnum
from typing import Final

IDENTIFIER_PREFIX: Final = "oai:qianshou:"
FORMATS: Final = ("oai_dc", "lom")
_SECONDS = "%Y-%m-%dT%H:%M:%SZ"
_SET = re.compile(r"(level:(school|county|city)|grade:\d{1,2}|school:\d{10})")


class Verb(StrEnum):
    IDENTIFY = "Identify"
    LIST_FORMATS = "ListMetadataFormats"
    LIST_SETS = "ListSets"
    LIST_IDENTIFIERS = "ListIdentifiers"
    LIST_RECORDS = "ListRecords"
    GET_RECORD = "GetRecord"


_REQUIRED: Mapping[Verb, frozenset[str]] = {
    Verb.IDENTIFY: frozenset(),
    Verb.LIST_FORMATS: frozenset(),
    Verb.LIST_SETS: frozenset(),
    Verb.LIST_IDENTIFIERS: frozenset({"metadataPrefix"}),
    Verb.LIST_RECORDS: frozenset({"metadataPrefix"}),
    Verb.GET_RECORD: frozenset({"identifier", "metadataPrefix"}),
}
_LIST = frozenset({"from", "until", "set"})
_OPTIONAL: Mapping[Verb, frozenset[str]] = {
    Verb.IDENTIFY: frozenset(),
    Verb.LIST_FORMATS: frozenset({"identifier"}),
    Verb.LIST_SETS: frozenset(),
    Verb.LIST_IDENTIFIERS: _LIST,
    Verb.LIST_RECORDS: _LIST,
    Verb.GET_RECORD: frozenset(),
}
# § 3.5: exclusive; `ListSets` may be cut as well, but ours never is
_RESUMED = frozenset({Verb.LIST_SETS, Verb.LIST_IDENTIFIERS, Verb.LIST_RECORDS})


class OaiError(Exception):
    """Answered inside the document, with status 200 (§ 3.6)."""

    def __init__(self, code: str, message: str) -> None:
        super().__init__(message)
        self.code = code


@dataclass(frozen=True, slots=True)
class Place:
    """How far a list was sent: after the record with this datestamp and id; `cursor` records were sent."""

    at: datetime
    recording_id: str
    cursor: int


@dataclass(frozen=True, slots=True)
class Request:
    """`since` and `until` are the arguments from and until; `after` comes from a resumption token."""

    verb: Verb
    prefix: str = ""
    identifier: str = ""
    since: datetime | None = None
    until: datetime | None = None
    set_spec: str | None = None
    after: Place | None = None


def parse(arguments: Sequence[tuple[str, str]]) -> Request:
    """The request.

    Raises `OaiError` with `badVerb`, `badArgument`, `badResumptionToken`, `cannotDisseminateFormat`, `noRecordsMatch`.
    """
    names = [name for name, _ in arguments]
    given = dict(arguments)
    if names.count("verb") != 1 or given["verb"] not in set(Verb):
        raise OaiError("badVerb", "verb is missing, repeated or unknown")
    verb = Verb(given.pop("verb"))
    if len(names) != len(set(names)):
        raise OaiError("badArgument", "an argument is repeated")
    if "resumptionToken" in given and verb in _RESUMED:
        if len(given) > 1:
            raise OaiError("badArgument", "resumptionToken is an exclusive argument")
        return _resumed(verb, given["resumptionToken"])
    if wrong := given.keys() - _REQUIRED[verb] - _OPTIONAL[verb]:
        raise OaiError("badArgument", f"{verb.value} does not take {', '.join(sorted(wrong))}"[:200])
    if missing := _REQUIRED[verb] - given.keys():
        raise OaiError("badArgument", f"{verb.value} needs {', '.join(sorted(missing))}")
    prefix = given.get("metadataPrefix", "")
    if "metadataPrefix" in given and prefix not in FORMATS:
        raise OaiError("cannotDisseminateFormat", f"formats are {', '.join(FORMATS)}")
    return _checked(verb, prefix, given)


def _checked(verb: Verb, prefix: str, given: Mapping[str, str]) -> Request:
    since, until = given.get("from"), given.get("until")
    if since is not None and until is not None and len(since) != len(until):
        raise OaiError("badArgument", "from and until differ in granularity")
    begin = None if since is None else _moment(since, time(0, 0))
    end = None if until is None else _moment(until, time(23, 59, 59))
    if begin is not None and end is not None and begin > end:
        raise OaiError("badArgument", "from is after until")
    set_spec = given.get("set")
    if set_spec is not None and not _SET.fullmatch(set_spec):
        raise OaiError("noRecordsMatch", "there is no such set")
    return Request(verb, prefix, given.get("identifier", ""), begin, end, set_spec)


def _moment(text: str, of_a_day: time) -> datetime:
    """§ 3.3: a day or a second, in UTC."""
    try:
        if len(text) == len("2026-09-01"):
            return datetime.combine(date.fromisoformat(text), of_a_day, UTC)
        if len(text) == len("2026-09-01T00:00:00Z"):
            return datetime.strptime(text, _SECONDS).replace(tzinfo=UTC)
    except ValueError:
        pass
    raise OaiError("badArgument", "a date is YYYY-MM-DD or YYYY-MM-DDThh:mm:ssZ")


def written(moment: datetime) -> str:
    """A datestamp."""
    return moment.astimezone(UTC).strftime(_SECONDS)


def token(request: Request, after: Place) -> str:
    """The resumption token that goes on after this place."""
    fields = [
        request.verb.value, request.prefix, request.since and written(request.since),
        request.until and written(request.until), request.set_spec, written(after.at), after.recording_id, after.cursor,
    ]  # fmt: skip
    return base64.urlsafe_b64encode(json.dumps(fields).encode()).decode().rstrip("=")


def _resumed(verb: Verb, text: str) -> Request:
    wrong = OaiError("badResumptionToken", "this server did not issue that token")
    try:
        fields = json.loads(base64.urlsafe_b64decode(text + "=" * (-len(text) % 4)))
        of, prefix, since, until, set_spec, at, recording_id, cursor = fields
    except (binascii.Error, ValueError, TypeError):
        raise wrong from None
    strings = (prefix, at, recording_id, *(each for each in (since, until, set_spec) if each is not None))
    if of != verb.value or prefix not in FORMATS or not all(isinstance(each, str) for each in strings):
        raise wrong
    if not isinstance(cursor, int) or isinstance(cursor, bool) or cursor < 0:
        raise wrong
    given = {"from": since, "until": until, "set": set_spec}
    try:
        request = _checked(verb, prefix, {name: value for name, value in given.items() if value is not None})
        place = Place(_moment(at, time(0, 0)), recording_id, cursor)
    except OaiError:
        raise wrong from None
    return Request(verb, prefix, "", request.since, request.until, request.set_spec, place)
