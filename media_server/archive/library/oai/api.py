"""`/oai`: the endpoint. GET or POST, answered as XML."""

from collections.abc import Mapping
from datetime import datetime
from urllib.parse import parse_qsl
from xml.etree.ElementTree import Element, SubElement, tostring

from aiohttp import web

from classroom.access.harvest import (
    Harvested,
    Slice,
    Tombstone,
    access_earliest,
    access_harvest,
    access_harvested,
    access_sets,
)
from classroom.http.call import Call
from classroom.http.routes import Routes
from classroom.service import Context
from media_server.archive.library.oai.metadata import metadata, profile, values_of, xml_text
from media_server.archive.library.oai.protocol import (
    FORMATS,
    IDENTIFIER_PREFIX,
    OaiError,
    Place,
    Request,
    Verb,
    parse,
    token,
    written,
)

PATH = "/oai"
PAGE = 100
_MOST_BODY_BYTES = 64 * 1024
_NAMESPACE = "http://www.openarchives.org/OAI/2.0/"
_XSI = "http://www.w3.org/2001/XMLSchema-instance"
# § 3.6: these say nothing of what was asked, so the arguments are not repeated
_SILENT = frozenset({"badVerb", "badArgument"})


class OaiApi:
    """Anonymous: what is public needs no account. `page`: records in one answer."""

    def __init__(self, context: Context, page: int = PAGE) -> None:
        self._store = context.store
        self._clock = context.clock
        self._public_url = context.settings.public_url
        self._email = context.settings.archive_email
        self._page = page

    def add_routes(self, routes: Routes) -> None:
        for method in ("GET", "POST"):
            routes.raw(method, PATH, self._answer, summary="OAI-PMH 2.0: harvest what is public", anonymous=True)

    async def _answer(self, call: Call) -> web.Response:
        base = self._public_url or f"{'https' if call.secure else 'http'}://{call.request.host}"
        arguments = await self._arguments(call)
        now = self._clock.now()
        root = Element("OAI-PMH", {"xmlns": _NAMESPACE, "xmlns:xsi": _XSI})
        root.set("xsi:schemaLocation", f"{_NAMESPACE} http://www.openarchives.org/OAI/2.0/OAI-PMH.xsd")
        SubElement(root, "responseDate").text = written(now)
        request = SubElement(root, "request")
        request.text = base + PATH
        try:
            asked = parse(arguments)
            answer = await self._verb(asked, base, now)
        except OaiError as error:
            if error.code not in _SILENT:
                _repeat(request, arguments)
            SubElement(root, "error", {"code": error.code}).text = str(error)
        else:
            _repeat(request, arguments)
            root.append(answer)
        return web.Response(
            body=tostring(root, "utf-8", xml_declaration=True), content_type="text/xml", charset="utf-8"
        )

    async def _arguments(self, call: Call) -> list[tuple[str, str]]:
        if call.request.method != "POST":
            return list(call.request.query.items())
        body = await call.read(_MOST_BODY_BYTES)
        return parse_qsl(body.decode("utf-8", errors="replace"), keep_blank_values=True)

    async def _verb(self, asked: Request, base: str, now: datetime) -> Element:
        answer = Element(asked.verb.value)
        match asked.verb:
            case Verb.IDENTIFY:
                await self._identify(answer, base, now)
            case Verb.LIST_FORMATS:
                if asked.identifier:
                    await self._record(asked)
                for name in FORMATS:
                    form = profile(name)
                    _texts(
                        SubElement(answer, "metadataFormat"),
                        {"metadataPrefix": name, "schema": form.schema, "metadataNamespace": form.namespace},
                    )
            case Verb.LIST_SETS:
                await self._sets(answer)
            case Verb.GET_RECORD:
                _write_record(answer, await self._record(asked), asked.prefix, base)
            case Verb.LIST_RECORDS | Verb.LIST_IDENTIFIERS:
                await self._list(answer, asked, base, now)
        return answer

    async def _identify(self, answer: Element, base: str, now: datetime) -> None:
        _texts(
            answer,
            {
                "repositoryName": "牵手课堂",
                "baseURL": base + PATH,
                "protocolVersion": "2.0",
                "adminEmail": self._email,
                "earliestDatestamp": written(await access_earliest(self._store) or now),
                "deletedRecord": "persistent",
                "granularity": "YYYY-MM-DDThh:mm:ssZ",
            },
        )

    async def _sets(self, answer: Element) -> None:
        sets = await access_sets(self._store)
        if not sets:
            raise OaiError("noSetHierarchy", "there is nothing yet")
        for spec, name in sets:
            _texts(SubElement(answer, "set"), {"setSpec": spec, "setName": name})

    async def _record(self, asked: Request) -> Harvested | Tombstone:
        found = None
        if asked.identifier.startswith(IDENTIFIER_PREFIX):
            found = await access_harvested(self._store, asked.identifier.removeprefix(IDENTIFIER_PREFIX))
        if found is None:
            raise OaiError("idDoesNotExist", "there is no such record")
        return found

    async def _list(self, answer: Element, asked: Request, base: str, now: datetime) -> None:
        after = asked.after
        wanted = Slice(
            asked.since, asked.until, asked.set_spec, (after.at, after.recording_id) if after is not None else None
        )
        records, more, total = await access_harvest(self._store, wanted, self._page)
        if not records:
            raise OaiError("noRecordsMatch", "nothing matches")
        for record in records:
            if asked.verb is Verb.LIST_RECORDS:
                _write_record(answer, record, asked.prefix, base)
            else:
                _write_header(answer, record)
        cursor = after.cursor if after is not None else 0
        if more or after is not None:
            # § 3.5: the last part of a list in parts ends with an empty token
            attributes = {"completeListSize": str(total), "cursor": str(cursor)}
            resumption = SubElement(answer, "resumptionToken", attributes)
            if more:
                last = records[-1]
                resumption.text = token(asked, Place(last.changed_at, last.recording_id, cursor + len(records)))


def _repeat(request: Element, arguments: list[tuple[str, str]]) -> None:
    for name, value in arguments:
        request.set(name, xml_text(value))


def _texts(parent: Element, texts: Mapping[str, str]) -> None:
    for name, value in texts.items():
        SubElement(parent, name).text = value


def _write_header(parent: Element, record: Harvested | Tombstone) -> None:
    header = SubElement(parent, "header", {"status": "deleted"} if isinstance(record, Tombstone) else {})
    SubElement(header, "identifier").text = IDENTIFIER_PREFIX + record.recording_id
    SubElement(header, "datestamp").text = written(record.changed_at)
    for spec in record.sets:
        SubElement(header, "setSpec").text = spec


def _write_record(parent: Element, record: Harvested | Tombstone, prefix: str, base: str) -> None:
    element = SubElement(parent, "record")
    _write_header(element, record)
    if isinstance(record, Harvested):
        values = values_of(record, f"{base}/watch/{record.recording_id}")
        SubElement(element, "metadata").append(metadata(profile(prefix), values))
