"""`qianshou …` as an operator types it: what it does, and the one line it prints when it cannot."""

import json
import logging
import socket
import sqlite3
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from classroom.auth.secret import load_secret
from classroom.auth.tokens import Tokens
from classroom.cli.main import run
from classroom.clock import SystemClock
from classroom.model.principal import Role
from tests.harness.processes import HOST, Server

Qianshou = Callable[..., tuple[int, str, str]]


@pytest.fixture
def quiet_logs() -> Iterator[None]:
    """Commands set up the process's logs; the next test finds them as they were."""
    root = logging.getLogger()
    handlers, level = list(root.handlers), root.level
    yield
    root.handlers[:] = handlers
    root.setLevel(level)


@pytest.fixture
def qianshou(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch, quiet_logs: None
) -> Qianshou:
    """Run a command on a data directory of this test: exit code, output, errors."""
    monkeypatch.setenv("QIANSHOU_DATA", str(tmp_path / "data"))
    monkeypatch.setenv("QIANSHOU_LANGUAGE", "en")
    monkeypatch.setenv("QIANSHOU_LOG_LEVEL", "error")

    def command(*arguments: str) -> tuple[int, str, str]:
        code = run(arguments)
        out, err = capsys.readouterr()
        return code, out, err

    return command


def one_line(err: str) -> str:
    assert err.endswith("\n")
    assert err.count("\n") == 1, err
    assert "Traceback" not in err
    return err.strip()


def done(result: tuple[int, str, str]) -> str:
    code, out, err = result
    assert (code, err) == (0, "")
    return out.strip()


def grown(qianshou: Qianshou) -> str:
    """A county with one school and one room; the id of the county."""
    county = done(qianshou("admin", "add-region", "青禾县", "--level", "county"))
    done(qianshou("admin", "add-school", "一小", "--code", "2137990001", "--kind", "strong", "--region", county))
    done(qianshou("admin", "add-room", "101 录播教室", "--code", "qh-101", "--school", "2137990001"))
    return county


def test_a_county_is_set_up_from_the_command_line(
    qianshou: Qianshou, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    county = grown(qianshou)
    assert done(qianshou("admin", "regions")) == f"{county}\tcounty\t青禾县\t-"
    assert done(qianshou("admin", "schools")) == f"2137990001\tstrong\t一小\t{county}"
    assert done(qianshou("admin", "rooms")).startswith("qh-101\trecording\t101 录播教室\t一小\t")
    password = tmp_path / "password"
    password.write_text("correct horse battery\n")
    with password.open() as file:
        monkeypatch.setattr("sys.stdin", file)
        done(
            qianshou(
                *("admin", "add-account", "lin", "--name", "林老师", "--role", "teacher", "--role"),
                *(f"coordinator@{county}", "--school", "2137990001", "--password-stdin"),
            )
        )
    assert done(qianshou("admin", "accounts", "2137990001")).startswith("lin\tcoordinator,teacher\tenabled\t")
    done(qianshou("admin", "disable-account", "lin"))
    assert "\tdisabled\t" in done(qianshou("admin", "accounts", "2137990001"))
    done(qianshou("admin", "enable-account", "LIN"))
    assert "\tenabled\t" in done(qianshou("admin", "accounts", "2137990001"))
    with sqlite3.connect(tmp_path / "data" / "qianshou.db") as database:
        actors = {row[0] for row in database.execute("select distinct actor_id from audit")}
    database.close()
    assert actors == {"system"}


def test_a_rooms_token_opens_its_room_until_it_is_revoked(qianshou: Qianshou, tmp_path: Path) -> None:
    grown(qianshou)
    token = done(qianshou("token", "room", "qh-101", "--name", "panel pc"))
    principal = Tokens(load_secret(tmp_path / "data" / "secret.key"), SystemClock()).read(token)
    assert principal.roles == {Role.DEVICE}
    assert (tmp_path / "data" / "secret.key").stat().st_mode & 0o777 == 0o600
    listed = done(qianshou("token", "list", "qh-101")).split("\t")
    assert listed[:2] == [principal.id, "panel pc"]
    assert listed[3] == "valid"
    done(qianshou("token", "revoke", principal.id))
    assert done(qianshou("token", "list", "qh-101")).endswith("\trevoked")


@pytest.mark.parametrize(
    ("arguments", "code", "named"),
    [
        (["nonsense"], 2, "nonsense"),
        (["serve", "--port", "70000"], 2, "70000"),
        (["serve", "--role", "chef"], 2, "chef"),
        (["serve", "--nonsense"], 2, "--nonsense"),
        (["serve", "--config", "/nowhere/none.toml"], 2, "none.toml"),
        (["token", "room", "nowhere"], 1, "room"),
        (["token", "publish", "zzzzzz", "teacher"], 1, "zzzzzz"),
        (["token", "revoke", "none"], 1, "device"),
        (["admin", "add-school", "x", "--code", "12", "--kind", "strong", "--region", "none"], 1, "10 digits"),
        (["admin", "add-school", "x", "--code", "2137990001", "--kind", "strong", "--region", "none"], 1, "region"),
        (["admin", "accounts", "2137990009"], 1, "school"),
        (["admin", "add-account", "x", "--name", "x", "--role", "king"], 2, "king"),
        (["admin", "add-account", "x", "--name", "x", "--role", "admin"], 2, "--password-stdin"),
        (["admin", "disable-account", "nobody"], 1, "account"),
        (["admin", "add-region"], 2, "NAME"),
    ],
)
def test_what_cannot_be_done_is_one_line_naming_it(
    qianshou: Qianshou, arguments: list[str], code: int, named: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    with Path("/dev/null").open() as nothing:
        monkeypatch.setattr("sys.stdin", nothing)
        ended, out, err = qianshou(*arguments)
    assert ended == code
    assert out == ""
    assert named in one_line(err)


def test_wrong_settings_name_the_setting_and_where_it_stands(
    qianshou: Qianshou, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    config = tmp_path / "wrong.toml"
    config.write_text("prot = 8080\n")
    code, _, err = qianshou("serve", "--config", str(config))
    assert code == 2
    line = one_line(err)
    assert "prot" in line
    assert "wrong.toml" in line
    monkeypatch.setenv("QIANSHOU_PORT", "many")
    code, _, err = qianshou("doctor")
    assert code == 2
    assert "QIANSHOU_PORT" in one_line(err)


def test_a_port_in_use_is_one_line_with_the_way_out(qianshou: Qianshou, tmp_path: Path) -> None:
    with socket.socket() as taken:
        taken.bind((HOST, 0))
        taken.listen()
        port = taken.getsockname()[1]
        code, _, err = qianshou("serve", "--host", HOST, "--port", str(port), "--media-port", "0")
    assert code == 1
    line = one_line(err)
    assert str(port) in line
    assert "--port" in line
    # The port is taken first: a mistake costs no database.
    assert not (tmp_path / "data" / "qianshou.db").exists()


def test_an_address_that_is_not_ours_is_one_line(qianshou: Qianshou) -> None:
    code, _, err = qianshou("serve", "--host", "203.0.113.7", "--port", "0", "--media-port", "0")
    assert code == 2
    assert "203.0.113.7" in one_line(err)


def test_a_data_directory_that_cannot_be_written_is_one_line(qianshou: Qianshou, tmp_path: Path) -> None:
    blocked = tmp_path / "file"
    blocked.write_text("")
    code, _, err = qianshou(
        "serve", "--host", HOST, "--port", "0", "--media-port", "0", "--data", str(blocked / "data")
    )
    assert code == 2
    assert "file" in one_line(err)


def test_errors_are_in_chinese_where_chinese_is_spoken(qianshou: Qianshou, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("QIANSHOU_LANGUAGE")
    monkeypatch.setenv("LC_ALL", "zh_CN.UTF-8")
    _, _, err = qianshou("token", "room", "nowhere")
    assert "教室" in one_line(err)


def test_help_lists_every_command(qianshou: Qianshou) -> None:
    code, out, _ = qianshou("--help")
    assert code == 0
    for name in ("serve", "token", "admin", "doctor", "room", "demo"):
        assert f"  {name} " in out
    assert qianshou("--version")[1].startswith("qianshou")


def test_doctor_finds_a_sound_machine_sound(qianshou: Qianshou) -> None:
    code, out, _ = qianshou("doctor")
    findings = {line[6:].split("  ")[0]: line.split()[0] for line in out.splitlines()}
    assert findings["data"] in {"ok", "warn"}
    assert findings["database"] == findings["bus"] == findings["codecs"] == findings["python"] == "ok"
    assert {"port", "media port", "media addresses", "udp gso", "pages"} <= findings.keys()
    assert code == (1 if "fail" in findings.values() else 0)


def test_doctor_names_what_does_not_work(qianshou: Qianshou, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "data").write_text("a file where the directory should be")
    monkeypatch.setenv("QIANSHOU_BUS_URL", "redis://127.0.0.1:1")
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as taken:
        taken.bind(("0.0.0.0", 0))
        monkeypatch.setenv("QIANSHOU_MEDIA_PORT", str(taken.getsockname()[1]))
        code, out, _ = qianshou("doctor")
    assert code == 1
    failed = [line for line in out.splitlines() if line.startswith("fail")]
    for check in ("data", "database", "bus", "media port"):
        [line] = [line for line in failed if line[6:].startswith(f"{check} ")]
        assert "→" in line


async def test_a_server_stops_when_it_is_asked_to_and_logs_json_if_told(tmp_path: Path) -> None:
    server = Server(tmp_path, environment={"QIANSHOU_LOG_FORMAT": "json"})
    await server.start()
    try:
        assert await server.stop() == 0
    finally:
        await server.kill()
    events = [json.loads(line)["event"] for line in server.text().splitlines()]
    assert "serving" in events
    assert events[-1] == "stopping"
