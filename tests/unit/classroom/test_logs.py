import json
import logging
from collections.abc import Iterator

import pytest
import structlog

from classroom.logs import PERSONAL_TAGS, LogFormat, configure_logs, get_logger


@pytest.fixture(autouse=True)
def restored() -> Iterator[None]:
    """Logging, put back afterwards."""
    root = logging.getLogger()
    handlers, level = root.handlers[:], root.level
    yield
    root.handlers[:] = handlers
    root.setLevel(level)
    structlog.reset_defaults()


Capture = pytest.CaptureFixture[str]


def test_json_lines_hold_event_and_tags(capsys: Capture) -> None:
    configure_logs(LogFormat.JSON)
    get_logger("media").info("source published", lesson="3f", source="teacher")
    shown = capsys.readouterr().err
    line = json.loads(shown)
    assert (line["event"], line["lesson"], line["source"], line["level"]) == (
        "source published",
        "3f",
        "teacher",
        "info",
    )
    assert line["logger"] == "media"
    assert line["timestamp"].endswith("Z")


def test_the_standard_librarys_records_take_the_same_form(capsys: Capture) -> None:
    configure_logs(LogFormat.JSON)
    logging.getLogger("aioice").warning("no answer from %s", "peer")
    shown = capsys.readouterr().err
    line = json.loads(shown)
    assert (line["event"], line["logger"], line["level"]) == ("no answer from peer", "aioice", "warning")


@pytest.mark.parametrize("form", LogFormat)
def test_personal_tags_are_hidden(capsys: Capture, form: LogFormat) -> None:
    configure_logs(form)
    for tag in PERSONAL_TAGS:
        get_logger("x").warning("something", **{tag: "王小明"})
    shown = capsys.readouterr().err
    assert shown.count("[hidden]") == len(PERSONAL_TAGS)
    assert "王小明" not in shown

    shown = capsys.readouterr().err


@pytest.mark.parametrize("form", LogFormat)
def test_a_traceback_shows_no_values(capsys: Capture, form: LogFormat) -> None:
    configure_logs(form)
    entered = "correct horse"
    try:
        raise LookupError("broken")
    except LookupError as error:
        get_logger("x").error("failed", exc_info=error, length=len(entered))
    shown = capsys.readouterr().err
    assert "LookupError" in shown
    assert "test_a_traceback_shows_no_values" in shown
    assert "horse" not in shown.replace('entered = "correct horse"', "")


def test_the_level_is_a_floor(capsys: Capture) -> None:
    configure_logs(level="warning")
    get_logger("x").info("unseen")
    get_logger("x").warning("seen")
    shown = capsys.readouterr().err
    assert "unseen" not in shown
    assert "seen" in shown
