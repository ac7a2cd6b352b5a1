"""OAI-PMH, harvested by a client not written here (oaipmh-scythe), and every error of the protocol."""

import asyncio
from collections.abc import AsyncIterator
from datetime import timedelta
from pathlib import Path
from xml.etree.ElementTree import Element, fromstring

import pytest
from oaipmh_scythe import Scythe

from classroom.access.lifecycle import access_consent, access_recording_step
from classroom.model.catalogue import Audience, Consent, Licence
from classroom.model.recording import RecordingState, RecordingStep
from classroom.service import Context
from media_server.archive.library.oai.api import OaiApi
from media_server.archive.library.service import LibraryService
from tests.fakes.county import NOW
from tests.fakes.hub import Hub, running_hub
from tests.fakes.library import a_recording

OAI = "{http://www.openarchives.org/OAI/2.0/}"
DC = "{http://purl.org/dc/elements/1.1/}"
LOM = "{http://ltsc.ieee.org/xsd/LOM}"
PUBLIC = 5


class ShortPages(LibraryService):
    """Two records in an answer, so that every list goes over several."""

    def oai(self, context: Context) -> OaiApi:
        return OaiApi(context, page=2)


@pytest.fixture
async def hub(tmp_path: Path) -> AsyncIterator[Hub]:
    async with running_hub(tmp_path, services=[ShortPages]) as running:
        c = running.county
        for number in range(PUBLIC):
            lesson = None if number else c.lesson
            recording_id = await a_recording(
                c.store, c.host, id=f"r{number}", lesson=lesson, title=f"古诗 <{number}> \x0b&",
                state=RecordingState.APPROVED, audience=Audience.PUBLIC, consent=Consent.GIVEN,
                licence=Licence.CC_BY if number else Licence.TEACHING,
            )  # fmt: skip
            at = NOW + timedelta(hours=number)
            await access_recording_step(c.store, c["admin"], recording_id, RecordingStep.PUBLISH, now=at)
        # never public, so never told of
        await a_recording(c.store, c.host, state=RecordingState.PUBLISHED, audience=Audience.COUNTY)
        yield running


async def harvested(hub: Hub, verb: str, **arguments: str) -> list[str]:
    """What the client yields, as XML."""

    def harvest() -> list[str]:
        with Scythe(f"{hub.server.url}/oai") as client:
            found = getattr(client, verb)(**arguments)
            return [str(one) for one in (found if verb.startswith("list") else [found])]

    return await asyncio.to_thread(harvest)


async def ask(hub: Hub, query: str, method: str = "GET") -> Element:
    if method == "POST":
        form = {"Content-Type": "application/x-www-form-urlencoded"}
        status, body = await hub.call("nobody", "POST", "/oai", data=query, headers=form)
    else:
        status, body = await hub.call("nobody", "GET", f"/oai?{query}")
    assert status == 200
    return fromstring(body)


def texts(root: Element, path: str) -> list[str]:
    return [element.text or "" for element in root.iter(path)]


async def test_an_independent_harvester_gets_every_record_once(hub: Hub) -> None:
    records = [fromstring(record) for record in await harvested(hub, "list_records", metadata_prefix="oai_dc")]
    assert [texts(record, f"{OAI}identifier") for record in records] == [
        [f"oai:qianshou:r{number}"] for number in range(PUBLIC)
    ]
    first = records[0]
    assert texts(first, f"{DC}title") == ["古诗 <0> &"]
    assert (texts(first, f"{DC}creator"), texts(first, f"{DC}subject")) == (["姓名 teacher"], ["语文"])
    assert texts(first, f"{DC}rights") == ["仅供教学使用 © 一小"]
    assert texts(first, f"{DC}identifier") == [f"{str(hub.server.url).rstrip('/')}/watch/r0"]
    assert len(await harvested(hub, "list_identifiers", metadata_prefix="lom", set_="grade:3")) == 1
    [identity] = await harvested(hub, "identify")
    assert "persistent" in identity
    assert len(await harvested(hub, "list_metadata_formats")) == 2
    sets = await harvested(hub, "list_sets")
    assert [texts(fromstring(one), f"{OAI}setSpec") for one in sets] == [
        ["level:school"],
        ["grade:3"],
        ["school:2137990001"],
    ]


async def test_learning_object_metadata(hub: Hub) -> None:
    [record] = await harvested(hub, "get_record", identifier="oai:qianshou:r0", metadata_prefix="lom")
    [lom] = fromstring(record).iter(f"{LOM}lom")
    assert [child.tag.removeprefix(LOM) for child in lom] == [
        "general", "lifeCycle", "technical", "educational", "rights", "classification"
    ]  # fmt: skip
    assert lom.findtext(f"{LOM}general/{LOM}title/{LOM}string") == "古诗 <0> &"
    assert lom.findtext(f"{LOM}technical/{LOM}duration/{LOM}duration") == "PT40M0S"
    assert lom.findtext(f"{LOM}lifeCycle/{LOM}contribute/{LOM}role/{LOM}value") == "author"
    assert lom.findtext(f"{LOM}educational/{LOM}typicalAgeRange/{LOM}string") == "8-9"


async def test_what_is_no_longer_public_leaves_a_tombstone(hub: Hub) -> None:
    c, later = hub.county, NOW + timedelta(days=1)
    await access_recording_step(c.store, c["admin"], "r0", RecordingStep.RETIRE, reason="教材改版", now=later)
    await access_consent(c.store, c["admin"], "r1", Consent.WITHDRAWN, now=later)
    root = await ask(hub, "verb=ListRecords&metadataPrefix=oai_dc&from=2026-09-02")
    assert [header.get("status") for header in root.iter(f"{OAI}header")] == ["deleted", "deleted"]
    assert list(root.iter(f"{OAI}metadata")) == []
    assert "姓名" not in str(texts(root, f"{OAI}record"))
    until = await ask(hub, "verb=ListIdentifiers&metadataPrefix=oai_dc&until=2026-09-01T03:00:00Z", "POST")
    assert texts(until, f"{OAI}identifier") == ["oai:qianshou:r2"]


ERRORS = [
    ("", "badVerb"),
    ("verb=Nothing", "badVerb"),
    ("verb=Identify&verb=Identify", "badVerb"),
    ("verb=Identify&set=x", "badArgument"),
    ("verb=ListRecords", "badArgument"),
    ("verb=ListRecords&metadataPrefix=oai_dc&metadataPrefix=oai_dc", "badArgument"),
    ("verb=ListRecords&metadataPrefix=oai_dc&from=yesterday", "badArgument"),
    ("verb=ListRecords&metadataPrefix=oai_dc&from=2026-09-02&until=2026-09-01", "badArgument"),
    ("verb=ListRecords&metadataPrefix=oai_dc&from=2026-09-01&until=2026-09-02T00:00:00Z", "badArgument"),
    ("verb=ListRecords&metadataPrefix=marc", "cannotDisseminateFormat"),
    ("verb=ListRecords&metadataPrefix=oai_dc&from=2030-01-01", "noRecordsMatch"),
    ("verb=ListRecords&metadataPrefix=oai_dc&set=nothing", "noRecordsMatch"),
    ("verb=ListRecords&resumptionToken=x&metadataPrefix=oai_dc", "badArgument"),
    ("verb=ListRecords&resumptionToken=!", "badResumptionToken"),
    ("verb=ListRecords&resumptionToken=WzFd", "badResumptionToken"),
    ("verb=GetRecord&metadataPrefix=oai_dc&identifier=oai:qianshou:none", "idDoesNotExist"),
    ("verb=GetRecord&metadataPrefix=oai_dc&identifier=%0B", "idDoesNotExist"),
    ("verb=ListMetadataFormats&identifier=oai:elsewhere:r0", "idDoesNotExist"),
]


async def test_what_is_wrong_is_said_in_the_protocols_words(hub: Hub) -> None:
    for query, code in ERRORS:
        root = await ask(hub, query)
        [error] = root.iter(f"{OAI}error")
        assert error.get("code") == code, query
        assert error.text
