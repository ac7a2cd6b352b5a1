"""Whatever is wrong with a file of the timetable is said, all of it, with its place; and nothing is half-read."""

import errno
import json
import os
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from classroom.catalog import LANGUAGES, text
from classroom.errors import BadInput, ClassroomError, TooLarge
from scheduler.io import files
from scheduler.io.files import (
    BadFile,
    instance_json,
    instance_of,
    read_instance,
    solution_json,
    solution_of,
    write_instance,
)
from tests.fakes import timetables
from tests.fakes.timetables import Json, county_json


def faults(data: object) -> list[tuple[str, str]]:
    """(path, code) of what is wrong; each has a text in every language, with all its data."""
    content = data if isinstance(data, bytes) else json.dumps(data).encode()
    with pytest.raises(BadFile) as caught:
        instance_of(content)
    for fault in caught.value.faults:
        for language in LANGUAGES:
            shown = text(fault.code, fault.data, language)
            assert "?" not in shown.message + shown.remedy
            assert "unexpected" not in fault.code
    return [(fault.path, fault.code) for fault in caught.value.faults]


def changed(change: Callable[[Json], object]) -> Json:
    data = county_json()
    change(data)
    return data


def put(*path: str | int, value: Any) -> Json:
    data: Any = county_json()
    place = data
    for part in path[:-1]:
        place = place[part]
    place[path[-1]] = value
    result: Json = data
    return result


def test_a_good_instance_is_read_as_it_is_written() -> None:
    read = timetables.instance(county_json())
    assert read.lessons == 4
    assert (read.schools[1].name, read.schools[0].bell[1]) == ("新县二小", (530, 570))
    assert (read.needs[0].class_id, read.needs[1].previous_teacher) == ("1/g3", None)
    assert instance_of(instance_json(read)) == read


def test_a_solution_is_read_as_it_is_written() -> None:
    instance = timetables.instance(county_json())
    read = solution_of(json.dumps(timetables.solution_json()).encode(), instance)
    assert read.courses[0].lessons == ((0, 595), (2, 595))
    assert solution_of(solution_json(read), instance) == read


@pytest.mark.parametrize(
    ("path", "value", "code"),
    [
        (("meta", "days"), "5", "plan_value_not_integer"),
        (("meta", "days"), 0, "plan_value_too_small"),
        (("meta", "lesson_min"), 42, "plan_off_grid"),
        (("meta", "mbps", "host_up"), float("nan"), "plan_value_not_number"),
        (("meta", "mbps", "host_up"), float("inf"), "plan_value_not_number"),
        (("meta", "weights"), {"uncovered": -1}, "plan_value_too_small"),
        (("counties", 0, "id"), True, "plan_value_not_id"),
        (("counties", 0, "id"), 1.5, "plan_value_not_id"),
        (("counties", 0, "id"), "", "plan_value_not_id"),
        (("counties", 0, "sfu_participants"), -1, "plan_value_too_small"),
        (("schools", 1, "kind"), "weak", "plan_value_not_allowed"),
        (("schools", 1, "county"), 5, "plan_id_unknown"),
        (("schools", 1, "rooms"), -1, "plan_value_too_small"),
        (("schools", 1, "rooms"), 10**30, "plan_value_too_large"),
        (("schools", 1, "up_mbps"), None, "plan_value_not_number"),
        (("schools", 1, "name"), 5, "plan_value_not_text"),
        (("schools", 1, "name"), "名" * 201, "plan_text_too_long"),
        (("schools", 1, "bell", 1), [510, 550], "plan_bells_overlap"),
        (("schools", 1, "bell", 1), [570, 530], "plan_ends_before_start"),
        (("schools", 1, "bell", 1, 0), 531, "plan_off_grid"),
        (("schools", 1, "bell", 1, 1), 1441, "plan_value_too_large"),
        (("schools", 1, "bell", 1), [530, 570, 580], "plan_list_too_long"),
        (("schools", 1, "bell"), {}, "plan_value_not_list"),
        (("teachers", 0, "school"), 1, "plan_school_of_wrong_kind"),
        (("teachers", 0, "school"), "0", "plan_id_unknown"),
        (("teachers", 0, "subject"), "", "plan_text_too_short"),
        (("teachers", 0, "grades"), [3, 3], "plan_listed_twice"),
        (("teachers", 0, "free", 0), [5, 0], "plan_day_beyond"),
        (("teachers", 0, "free", 0), [0, 4], "plan_period_beyond"),
        (("teachers", 0, "scope"), "world", "plan_value_not_allowed"),
        (("needs", 1, "point"), 0, "plan_school_of_wrong_kind"),
        (("needs", 1, "class"), "nobody", "plan_id_unknown"),
        (("needs", 1, "previous_teacher"), "7", "plan_id_unknown"),
        (("needs", 1, "preferred"), [[4, 0]], "plan_preferred_not_allowed"),
        (("needs", 1), [], "plan_value_not_object"),
        (("outages",), [{"kind": "teacher", "id": 8, "day": 0}], "plan_id_unknown"),
        (("outages",), [{"kind": "room", "id": 0, "day": 0, "start": 600, "end": 600}], "plan_ends_before_start"),
        (("outages",), [{"kind": "line", "id": 0, "day": 6}], "plan_day_beyond"),
    ],
)
def test_a_wrong_value_is_named_by_its_place(path: tuple[str | int, ...], value: Any, code: str) -> None:
    found = faults(put(*path, value=value))
    assert {fault for _, fault in found} == {code}
    written = "".join(f"[{part}]" if isinstance(part, int) else f".{part}" for part in path).removeprefix(".")
    assert found[0][0].startswith(written)


def test_two_rows_must_not_share_an_id() -> None:
    assert faults(changed(lambda data: data["counties"].append(data["counties"][0]))) == [
        ("counties[1].id", "plan_id_twice")
    ]
    needs = [timetables.need_json(10, 1), {**timetables.need_json(10, 2), "id": "10"}]
    assert faults(put("needs", value=needs)) == [("needs[1].id", "plan_id_twice")]


def test_two_pins_of_one_need_are_refused() -> None:
    pin = {"teacher": 7, "subject": "music", "grade": 3, "edition": "*", "needs": [10], "lessons": [[0, 595]]}
    assert faults(put("pins", value=[pin, pin])) == [("pins[1].needs[0]", "plan_pinned_twice")]


def test_everything_wrong_is_found_at_once() -> None:
    def change(data: Json) -> None:
        del data["meta"]["days"]
        data["schools"][0]["bel"] = data["schools"][0].pop("bell")
        data["needs"][1]["allowed"][2] = [0, "x"]
        data["teacher"] = []

    assert sorted(faults(changed(change))) == [
        ("meta.days", "plan_value_missing"),
        ("needs[1].allowed[2][1]", "plan_value_not_integer"),
        ("schools[0].bel", "plan_value_unknown"),
        ("schools[0].bell", "plan_value_missing"),
        ("teacher", "plan_value_unknown"),
    ]


def test_of_very_many_faults_the_first_are_listed() -> None:
    data = put("needs", value=[timetables.need_json(number, 99) for number in range(300)])
    with pytest.raises(BadFile) as caught:
        instance_of(json.dumps(data).encode())
    assert len(caught.value.faults) == files.MOST_FAULTS
    assert caught.value.data["faults"] == f"{files.MOST_FAULTS}+"


@pytest.mark.parametrize(
    "content",
    [b"", b"{", b"[1, 2", b"\xff\xfe{\x00}\x00", b"{'a': 1}", b"[" * 100_000, b'{"meta": "\xe4\xb8"}'],
)
def test_what_is_not_json_is_refused_with_a_reason(content: bytes) -> None:
    assert faults(content) == [("", "plan_not_json")]


def test_json_of_another_kind_is_refused() -> None:
    assert faults([]) == [("", "plan_value_not_object")]
    assert faults(b"null") == [("", "plan_value_not_object")]


def test_a_byte_order_mark_does_no_harm() -> None:
    assert instance_of(b"\xef\xbb\xbf" + json.dumps(county_json()).encode()).lessons == 4


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=3),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=3), inner, max_size=3),
    max_leaves=5,
)
PLACES: list[tuple[str | int, ...]] = [
    ("meta",),
    ("meta", "mbps"),
    ("meta", "grid_min"),
    ("schools",),
    ("schools", 1, "bell"),
    ("schools", 1, "id"),
    ("teachers", 0, "free"),
    ("needs", 0, "allowed", 3),
    ("needs", 1, "class"),
    ("outages",),
    ("pins",),
]


@settings(max_examples=300, deadline=None)
@given(place=st.sampled_from(PLACES), value=JSON)
def test_any_value_anywhere_is_read_or_refused(place: tuple[str | int, ...], value: Any) -> None:
    try:
        instance_of(json.dumps(put(*place, value=value)).encode())
    except BadFile as error:
        assert error.faults
        assert all(isinstance(text(fault.code, fault.data).message, str) for fault in error.faults)


def test_a_solution_must_belong_to_its_instance() -> None:
    data = timetables.solution_json()
    data["courses"][0] |= {"teacher": 8, "needs": [10, 12, 12], "lessons": [[0, 596], [5, 595]]}
    data["uncovered"] = [{"need": 99, "missing": 1, "reasons": []}]
    with pytest.raises(BadFile) as caught:
        solution_of(json.dumps(data).encode(), timetables.instance(county_json()))
    assert [(fault.path, fault.code) for fault in caught.value.faults] == [
        ("courses[0].teacher", "plan_id_unknown"),
        ("courses[0].needs[1]", "plan_id_unknown"),
        ("courses[0].needs[2]", "plan_id_unknown"),
        ("courses[0].needs[2]", "plan_listed_twice"),
        ("courses[0].lessons[0][1]", "plan_off_grid"),
        ("courses[0].lessons[1][0]", "plan_day_beyond"),
        ("uncovered[0].need", "plan_id_unknown"),
    ]


def test_a_missing_file_and_a_directory_are_named(tmp_path: Path) -> None:
    for path in (tmp_path / "none.json", tmp_path):
        with pytest.raises(BadInput) as caught:
            read_instance(path)
        assert (caught.value.code, caught.value.data["path"]) == ("plan_unreadable", str(path))


def test_a_file_too_large_is_not_read(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "in.json"
    path.write_bytes(json.dumps(county_json()).encode())
    monkeypatch.setattr(files, "MOST_BYTES", 100)
    with pytest.raises(TooLarge) as caught:
        read_instance(path)
    assert caught.value.code == "plan_too_large"


def test_a_file_is_written_whole_or_not_at_all(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path, instance = tmp_path / "in.json", timetables.instance(county_json())
    write_instance(path, instance)
    assert read_instance(path) == instance

    def full(_handle: int) -> None:
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    monkeypatch.setattr(os, "fsync", full)
    with pytest.raises(ClassroomError) as caught:
        write_instance(path, timetables.instance(put("meta", "days", value=6)))
    assert (caught.value.code, caught.value.data["path"]) == ("file_unwritable", str(path))
    assert [found.name for found in tmp_path.iterdir()] == ["in.json"]
    assert read_instance(path) == instance


def test_a_directory_that_is_not_there_is_named(tmp_path: Path) -> None:
    with pytest.raises(ClassroomError) as caught:
        write_instance(tmp_path / "none" / "in.json", timetables.instance(county_json()))
    assert caught.value.code == "file_unwritable"
