"""`qianshou schedule`, from files to files."""

import json
import os
import signal
import subprocess
import time
from pathlib import Path
from typing import Any

import pytest

from bench.counties import county
from classroom.cli.main import run
from scheduler.io.files import write_instance
from tests.fakes.timetables import Json, county_json, solution_json
from tests.harness.processes import QIANSHOU


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


def test_explain_says_why_and_what_would_help(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    data = county_json()
    data["teachers"][0]["max_week"] = 0
    lacking = {"courses": [], "uncovered": [{"need": 10, "missing": 2, "reasons": []}]}
    files = written(tmp_path / "in.json", data), written(tmp_path / "out.json", lacking)
    assert run(["schedule", "explain", *files, "--need", "10", "-o", str(tmp_path / "why.json")]) == 0
    lines = capsys.readouterr().out.splitlines()
    assert lines[0] == "Need 10 (新县二小 music): 2 lessons missing."
    assert "  explain_week_full\tAt 8 starts, the teacher gives no more lessons that week: 7." in lines
    assert lines[-1].startswith("  fix_teacher_week\tIf teacher 7 gives 1 more lessons a week (1 in all)")
    (row,) = json.loads((tmp_path / "why.json").read_text("utf-8"))["uncovered"]
    assert row["reasons"][0]["code"] == "explain_funnel"
    assert set(row["reasons"][0]["text"]) == {"zh-CN", "en"}
    assert row["reasons"][0]["remedy"] is None
    assert row["reasons"][-1]["remedy"]["en"] == "Ask the teacher's school."


def test_explain_knows_no_other_need(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    files = written(tmp_path / "in.json", county_json()), written(tmp_path / "out.json", solution_json())
    assert run(["schedule", "explain", *files, "--need", "99"]) == 2
    assert capsys.readouterr().err == "There is no need 99. Compare with `needs` in the instance.\n"


def test_replan_lists_what_it_changes_and_writes_what_check_accepts(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    data = county_json()
    data["teachers"].append({**data["teachers"][0], "id": "李", "name": "李老师"})
    files = written(tmp_path / "in.json", data), written(tmp_path / "out.json", solution_json())
    after = str(tmp_path / "out2.json")
    assert run(["schedule", "replan", *files, "--absent", "teacher=7,day=0,period=2", "-o", after]) == 0
    out, err = capsys.readouterr()
    assert out == (
        "change_substitute\tMonday 09:55: teacher 李老师 stands in for 7 with 10 (新县二小 music), 11 (music), "
        "at the same time.\n"
    )
    assert err == "2 lessons lost, 2 made good.\n"
    assert run(["schedule", "check", files[0], after]) == 0
    replanned = json.loads(Path(after).read_text("utf-8"))
    assert replanned["outages"] == [{"kind": "teacher", "id": 7, "day": 0, "start": 595, "end": 635, "rooms": 1}]
    assert replanned["changes"][0]["text"]["zh-CN"].startswith("周一 09:55：教师 李老师 代替 7 给")


def test_replan_says_what_cannot_be_made_good(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    files = written(tmp_path / "in.json", county_json()), written(tmp_path / "out.json", solution_json())
    after = tmp_path / "out2.json"
    assert (
        run(["schedule", "replan", *files, "--absent", "school=0", "--now", "day=0,time=10:00", "-o", str(after)]) == 0
    )
    out, err = capsys.readouterr()
    assert out.startswith("change_lost\tThe lesson of 10 (新县二小 music), 11 (music) on Wednesday at 09:55")
    assert err == "2 lessons lost, 0 made good.\n"
    assert [len(row["reasons"]) > 0 for row in json.loads(after.read_text("utf-8"))["uncovered"]] == [True, True]


@pytest.mark.parametrize(
    "absent",
    [
        "teacher",
        "teacher=",
        "teacher=7,day=9",
        "teacher=7,day=x",
        "teacher=7,period=4",
        "teacher=7,period=2-1",
        "teacher=7,from=10:00,to=9:00",
        "teacher=7,from=25:00",
        "teacher=7,period=1,from=10:00",
        "teacher=7,colour=red",
        "teacher=7,teacher=8",
        "room=0,rooms=0",
        "day=1",
        "",
    ],
)
def test_an_absence_that_cannot_be_read_is_one_line(
    absent: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    files = written(tmp_path / "in.json", county_json()), written(tmp_path / "out.json", solution_json())
    assert run(["schedule", "replan", *files, "--absent", absent, "-o", str(tmp_path / "x.json")]) == 2
    assert capsys.readouterr().err.startswith(f'"{absent}" is not understood. Write teacher=ID')
    assert not (tmp_path / "x.json").exists()


def test_an_absence_of_nobody_and_a_wrong_time_are_one_line(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    files = written(tmp_path / "in.json", county_json()), written(tmp_path / "out.json", solution_json())
    command = ["schedule", "replan", *files, "-o", str(tmp_path / "x.json"), "--absent"]
    assert run([*command, "teacher=8"]) == 2
    assert "the id 8 does not exist" in capsys.readouterr().err
    for now in ("day=1", "day=7,time=10:00", "day=1,time=10", "noon"):
        assert run([*command, "teacher=7", "--now", now]) == 2
        assert "Write day=2,time=10:00." in capsys.readouterr().err


def test_a_result_that_cannot_be_written_is_one_line(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    files = written(tmp_path / "in.json", county_json()), written(tmp_path / "out.json", solution_json())
    path = tmp_path / "none" / "x.json"
    assert run(["schedule", "replan", *files, "--absent", "teacher=7", "-o", str(path)]) == 1
    assert capsys.readouterr().err.startswith(f"Cannot write {path}: ")


def told_a_plan(process: subprocess.Popen[bytes], said: Path) -> None:
    """Until there is a line of progress: machine code may have to be made first."""
    deadline = time.monotonic() + 100
    while "\t" not in said.read_text("utf-8"):
        assert process.poll() is None, said.read_text("utf-8")
        assert time.monotonic() < deadline, "no plan"
        time.sleep(0.05)


def test_ctrl_c_writes_the_best_so_far(tmp_path: Path) -> None:
    """As from a terminal, where the signal reaches the solver processes too."""
    source, output, said = tmp_path / "in.json", tmp_path / "out.json", tmp_path / "progress"
    write_instance(source, county("M1"))
    command = ["schedule", "solve", str(source), "-o", str(output), "--time-limit", "600", "--progress"]
    with said.open("w") as errors:
        process = subprocess.Popen([QIANSHOU, *command], stderr=errors, start_new_session=True)
    try:
        told_a_plan(process, said)
        os.killpg(process.pid, signal.SIGINT)
        assert process.wait(30) == 0, said.read_text("utf-8")
    finally:
        process.kill()
        process.wait()
    assert run(["schedule", "check", str(source), str(output)]) == 0
    assert json.loads(output.read_text("utf-8"))["coverage"] > 300
    assert sorted(path.name for path in tmp_path.iterdir()) == ["in.json", "out.json", "progress"]


def test_pins_that_nobody_can_keep_are_refused_with_the_rules_they_break(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    pin = {"teacher": 7, "subject": "music", "grade": 3, "edition": "*", "needs": [10], "lessons": [[0, 480]]}
    source = written(tmp_path / "in.json", {**county_json(), "pins": [pin]})
    assert run(["schedule", "solve", source, "-o", str(tmp_path / "out.json")]) == 1
    lines = capsys.readouterr().err.splitlines()
    assert lines[0].startswith("H3\th3_not_free\tTeacher 7 is not free on Monday at 08:00")
    assert lines[-1].startswith("The pinned courses break 1 rules by themselves")
    assert not (tmp_path / "out.json").exists()


def test_where_nothing_can_be_written_nothing_is_solved(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = tmp_path / "none" / "out.json"
    assert run(["schedule", "solve", written(tmp_path / "in.json", county_json()), "-o", str(path)]) == 1
    assert capsys.readouterr().err.startswith(f"Cannot write {path}: ")
