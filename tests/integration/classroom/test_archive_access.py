"""Who may see, watch and take away a recording, in every state and for every audience, on both databases."""

import secrets
from collections.abc import AsyncIterator, Awaitable, Callable
from datetime import timedelta
from pathlib import Path

import pytest

from classroom.access.archive import (
    access_recording_to_download,
    access_recording_to_embed,
    access_recording_to_see,
    access_recording_to_watch,
    hash_of,
)
from classroom.access.lessons import access_step
from classroom.errors import Forbidden, Gone, NotFound, NotSignedIn
from classroom.model.catalogue import Audience, Consent, Downloads
from classroom.model.lesson import LessonStep
from classroom.model.recording import RecordingState
from classroom.store.catalogue_tables import EntryRow, RecordingExpertRow, ShareRow
from classroom.store.store import Store
from tests.fakes.county import NOW, County, build_county
from tests.fakes.library import a_recording, change

KEEPERS = {"system", "admin", "province_archivist", "county_archivist", "school_archivist"}
STAFF = KEEPERS | {
    "province_coordinator", "county_coordinator", "school_coordinator",
    "province_supervisor", "county_supervisor", "school_supervisor",
}  # fmt: skip
# the point lies in the other county; its teacher took part
INSIDE = STAFF | {"teacher", "colleague", "point_teacher"}
MEMBERS = {"pupil", "room_device", "second_room_device", "point_pupil", "point_device"}
SAME_COUNTY = {
    "other_teacher", "other_pupil", "other_device",
    "other_school_coordinator", "other_school_supervisor", "other_school_archivist",
}  # fmt: skip
OTHER_COUNTY = {"other_county_coordinator", "other_county_supervisor", "other_county_archivist"}
TOKENS = {"guest", "publisher", "other_guest", "other_publisher"}


@pytest.fixture
async def on_sqlite(tmp_path: Path) -> AsyncIterator[Store]:
    """For the long tables: what they ask of the database is alike on both."""
    opened = await Store.open(f"sqlite:///{tmp_path / 'qianshou.db'}")
    yield opened
    await opened.close()


Access = Callable[[Store, County, str, str], Awaitable[object]]


async def see(store: Store, c: County, who: str, recording_id: str) -> object:
    return await access_recording_to_see(store, c[who], recording_id, NOW)


async def watch(store: Store, c: County, who: str, recording_id: str) -> object:
    return await access_recording_to_watch(store, c[who], recording_id, NOW)


async def download(store: Store, c: County, who: str, recording_id: str) -> object:
    return await access_recording_to_download(store, c[who], recording_id, NOW)


async def those_who_may(access: Access, c: County, recording_id: str) -> set[str]:
    may = set()
    for who in c.people:
        try:
            await access(c.store, c, who, recording_id)
        except NotSignedIn:
            assert who == "nobody"
        except (Forbidden, Gone):
            assert who != "nobody"
        else:
            may.add(who)
    return may


async def test_a_lesson_being_captured_is_for_whoever_may_watch_it(store: Store) -> None:
    c = await build_county(store)
    await access_step(store, c["system"], c.lesson.id, LessonStep.START, NOW)
    recording_id = await a_recording(store, c.host, lesson=c.lesson, state=RecordingState.CAPTURING)
    receiving = {"other_county_coordinator", "other_county_supervisor"}
    assert await those_who_may(watch, c, recording_id) == INSIDE | MEMBERS | receiving | {"guest"}


async def test_before_it_is_published_it_stays_among_teachers_and_staff(on_sqlite: Store) -> None:
    c = await build_county(on_sqlite)
    recording_id = await a_recording(
        on_sqlite, c.host, lesson=c.lesson, audience=Audience.PUBLIC, consent=Consent.GIVEN
    )
    for state in (RecordingState.COMPLETE, RecordingState.SUBMITTED, RecordingState.RETURNED, RecordingState.APPROVED):
        await change(on_sqlite, recording_id, state=state)
        assert await those_who_may(watch, c, recording_id) == INSIDE, state
    assert await those_who_may(see, c, recording_id) == INSIDE
    coordinators = {who for who in STAFF if who.endswith("coordinator")}
    assert await those_who_may(download, c, recording_id) == KEEPERS | coordinators | {"teacher"}


AUDIENCES: list[tuple[Audience, set[str]]] = [
    (Audience.SCHOOL, set()),
    (Audience.COUNTY, SAME_COUNTY),
    (Audience.CITY, SAME_COUNTY | OTHER_COUNTY),
    (Audience.PUBLIC, SAME_COUNTY | OTHER_COUNTY | TOKENS | {"nobody"}),
]


async def test_a_published_recording_has_an_audience_as_far_as_the_guardians_agree(on_sqlite: Store) -> None:
    c = await build_county(on_sqlite)
    recording_id = await a_recording(
        on_sqlite, c.host, lesson=c.lesson, state=RecordingState.PUBLISHED, downloads=Downloads.TEACHERS
    )
    coordinators = {who for who in STAFF if who.endswith("coordinator")}
    for audience, more in AUDIENCES:
        await change(on_sqlite, recording_id, audience=audience, consent=Consent.GIVEN)
        assert await those_who_may(watch, c, recording_id) == INSIDE | MEMBERS | more, audience
        teachers = {"teacher", "colleague", "point_teacher"} | (more & {"other_teacher"})
        assert await those_who_may(download, c, recording_id) == KEEPERS | coordinators | teachers, audience
    for consent in set(Consent) - {Consent.GIVEN, Consent.NOT_NEEDED}:
        await change(on_sqlite, recording_id, audience=Audience.PUBLIC, consent=consent)
        assert await those_who_may(watch, c, recording_id) == INSIDE | MEMBERS, consent


async def test_an_expert_who_was_asked_may_watch_this_submission(store: Store) -> None:
    c = await build_county(store)
    recording_id = await a_recording(store, c.host, state=RecordingState.SUBMITTED, submission=2)
    async with store.session() as db:
        for submission, who in ((1, "other_pupil"), (2, "other_teacher")):
            db.add(
                RecordingExpertRow(recording_id=recording_id, submission=submission, account_id=c[who].id, asked_at=NOW)
            )
    assert (await those_who_may(watch, c, recording_id)) & {"other_teacher", "other_pupil"} == {"other_teacher"}


async def shared(c: County, recording_id: str, *, download: bool) -> str:
    token = secrets.token_urlsafe()
    async with c.store.session() as db:
        db.add(
            ShareRow(
                token_hash=hash_of(token), recording_id=recording_id, download=download, note="", made_by="x",
                made_at=NOW, expires_at=NOW + timedelta(days=1), revoked_at=None,
            )
        )  # fmt: skip
    return token


async def test_a_share_link_opens_one_recording_until_it_expires(store: Store) -> None:
    c = await build_county(store)
    recording_id = await a_recording(store, c.host, state=RecordingState.APPROVED, consent=Consent.GIVEN)
    other = await a_recording(store, c.host, state=RecordingState.APPROVED, consent=Consent.GIVEN)
    token = await shared(c, recording_id, download=False)
    nobody = c["nobody"]
    assert (await access_recording_to_watch(store, nobody, recording_id, NOW, token)).id == recording_id
    for wrong in (
        access_recording_to_watch(store, nobody, other, NOW, token),
        access_recording_to_watch(store, nobody, recording_id, NOW, token + "x"),
        access_recording_to_watch(store, nobody, recording_id, NOW + timedelta(days=1), token),
        access_recording_to_download(store, nobody, recording_id, NOW, token),
    ):
        with pytest.raises(NotSignedIn):
            await wrong
    taking = await shared(c, recording_id, download=True)
    assert (await access_recording_to_download(store, nobody, recording_id, NOW, taking)).id == recording_id
    await change(store, recording_id, consent=Consent.WITHDRAWN)
    with pytest.raises(NotSignedIn):
        await access_recording_to_watch(store, nobody, recording_id, NOW, token)


async def test_other_sites_may_show_what_is_public_and_meant_for_it(store: Store) -> None:
    c = await build_county(store)
    recording_id = await a_recording(
        store, c.host, state=RecordingState.PUBLISHED, audience=Audience.PUBLIC, consent=Consent.NOT_NEEDED
    )
    with pytest.raises(Forbidden, match="recording_not_embeddable"):
        await access_recording_to_embed(store, recording_id, NOW)
    await change(store, recording_id, embed=True)
    assert (await access_recording_to_embed(store, recording_id, NOW)).id == recording_id
    await change(store, recording_id, audience=Audience.COUNTY)
    with pytest.raises(NotSignedIn):
        await access_recording_to_embed(store, recording_id, NOW)


async def test_what_is_gone_says_so(store: Store) -> None:
    c = await build_county(store)
    recording_id = await a_recording(
        store, c.host, lesson=c.lesson, state=RecordingState.PUBLISHED, consent=Consent.GIVEN, audience=Audience.COUNTY
    )
    for columns, code, keepers in (
        ({"trashed_at": NOW}, "recording_trashed", KEEPERS),
        ({"state": RecordingState.RETIRED, "trashed_at": None}, "recording_retired", KEEPERS),
        ({"purged_at": NOW}, "recording_purged", set()),
    ):
        await change(store, recording_id, **columns)
        assert await those_who_may(watch, c, recording_id) == keepers
        with pytest.raises(Gone, match=code):
            await access_recording_to_watch(store, c["colleague"], recording_id, NOW)
        with pytest.raises(Forbidden):
            await access_recording_to_watch(store, c["pupil"], recording_id, NOW)
    with pytest.raises(NotFound, match="recording_unknown"):
        await access_recording_to_see(store, c["admin"], "none", NOW)


async def test_a_new_recording_takes_its_metadata_from_its_lesson(store: Store) -> None:
    c = await build_county(store)
    recording_id = await a_recording(store, c.host, lesson=c.lesson)
    async with store.reading() as db:
        entry = await db.get_one(EntryRow, recording_id)
    assert (entry.subject, entry.grade, entry.teacher_name) == ("语文", 3, "姓名 teacher")
    assert (entry.rights_holder, entry.authors, entry.consent) == ("一小", ["姓名 teacher"], Consent.UNKNOWN)
