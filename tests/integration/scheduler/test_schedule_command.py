"""`qianshou schedule`, from files to files."""

import json
from pathlib import Path
from typing import Any

import pytest

from classroom.cli.main import run
from tests.fakes.timetables import Json, county_json, solution_json


@pytest.fixture(autouse=True)
def english(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("QIANSHOU_LANGUAGE", "en")


def written(path: Path, data: Any) -> str:
    path.write_text(json.dumps(data, ensure_ascii=False), "utf-8")
    return str(path)


def scored(solution: Json) -> Json:
    """What `solution_json` costs: a school whose only teacher gives 2 of 4 lessons, nothing else."""
    return {**solution, "score": {}}


def test_check_is_content_with_a_good_solution(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    files = written(tmp_path / "in.json", county_json()), written(tmp_path / "out.json", scored(solution_json()))
    assert run(["schedule", "check", *files]) == 0
    out, err = capsys.readouterr()
    assert out == ""
    assert err == "4 of 4 lessons covered; no rule is broken\n"


def test_check_lists_every_broken_rule_and_exits_1(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    solution = scored(solution_json())
    solution["courses"][0]["lessons"] = [[0, 480], [0, 595]]
    files = written(tmp_path / "in.json", county_json()), written(tmp_path / "out.json", solution)
    assert run(["schedule", "check", *files]) == 1
    out, err = capsys.readouterr()
    lines = [line.split("\t") for line in out.splitlines()]
    assert [(rule, code) for rule, code, _ in lines][:2] == [("H2", "h2_course_day"), ("H2", "h2_need_day")]
    assert ["H3", "h3_not_free", "Teacher 7 is not free on Monday at 08:00 (course 0)."] in lines
    assert "broken: H2 × 3, H3 × 1" in err
    monkeypatch.setenv("QIANSHOU_LANGUAGE", "zh-CN")
    assert run(["schedule", "check", *files]) == 1
    assert "教师 7 在周一 08:00 没有空（第 0 门课）。" in capsys.readouterr().out


def test_a_faulty_file_is_refused_with_every_fault(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    data = county_json()
    data["schools"][0]["rooms"] = -1
    data["needs"][1]["point"] = 99
    del data["meta"]["days"]
    files = written(tmp_path / "in.json", data), written(tmp_path / "out.json", solution_json())
    assert run(["schedule", "check", *files]) == 1
    out, err = capsys.readouterr()
    assert out == ""
    assert err.splitlines() == [
        "meta.days: This is missing. Add it.",
        "schools[0].rooms: This must not be below 0. Write 0 or more.",
        f"{files[0]} has 2 faults and was not read. Mend them at the places listed.",
    ]


def test_an_unreadable_file_is_one_line(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    for path in (tmp_path / "none.json", tmp_path):
        assert run(["schedule", "check", str(path), str(path)]) == 1
        err = capsys.readouterr().err
        assert err.count("\n") == 1
        assert f"Cannot read {path}: " in err
