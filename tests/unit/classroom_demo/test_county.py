"""The demo's data is consistent with itself and believable."""

import re
from datetime import UTC, datetime, timedelta
from itertools import pairwise

import pytest

from classroom.demo.county import DEMO_ROOM, PEOPLE, REGIONS, ROOMS, SCHOOLS
from classroom.demo.passwords import demo_password
from classroom.demo.timetable import lessons_around
from classroom.model.place import RoomKind, SchoolKind
from classroom.model.principal import Role


def test_every_reference_leads_somewhere() -> None:
    regions = [region.key for region in REGIONS]
    for index, region in enumerate(REGIONS):
        assert region.parent is None or region.parent in regions[:index]
    assert {school.region for school in SCHOOLS} <= set(regions)
    schools = {school.key for school in SCHOOLS}
    assert {room.school for room in ROOMS} <= schools
    assert {person.school for person in PEOPLE if person.school} <= schools


def test_school_codes_have_the_form_of_real_ones() -> None:
    codes = [school.code for school in SCHOOLS]
    assert len(set(codes)) == len(codes)
    assert all(re.fullmatch(r"[23]1\d{8}", code) for code in codes)
    assert {school.kind for school in SCHOOLS} == set(SchoolKind)


def test_every_role_of_a_person_has_an_account() -> None:
    assert {person.role for person in PEOPLE} == set(Role) - {Role.DEVICE}


@pytest.mark.parametrize("minute", range(0, 60, 7))
def test_exactly_the_demo_rooms_lesson_runs_now_and_none_overlap(minute: int) -> None:
    now = datetime(2026, 9, 1, 15, minute, 31, tzinfo=UTC)
    lessons = lessons_around(now)
    assert [lesson.room for lesson in lessons if lesson.starts_at <= now < lesson.ends_at] == [DEMO_ROOM]
    rooms = {room.code for room in ROOMS if room.kind is RoomKind.RECORDING}
    assert {lesson.room for lesson in lessons} == rooms
    points = {school.name for school in SCHOOLS}
    for room in rooms:
        own = sorted((lesson for lesson in lessons if lesson.room == room), key=lambda lesson: lesson.starts_at)
        assert len({lesson.teacher for lesson in own}) == 1
        assert {point for lesson in own for point in lesson.points} <= points
        for one, next_one in pairwise(own):
            assert next_one.starts_at - one.ends_at == timedelta(minutes=10)


def test_passwords_are_stable_here_and_different_elsewhere() -> None:
    here = {person.username: demo_password(b"here" * 8, person.username) for person in PEOPLE}
    assert here == {person.username: demo_password(b"here" * 8, person.username) for person in PEOPLE}
    assert len(set(here.values())) == len(PEOPLE)
    assert all(demo_password(b"elsewhere" * 4, username) != password for username, password in here.items())
    assert all(re.fullmatch(r"([a-z]+-){3}\d{4}", password) for password in here.values())
