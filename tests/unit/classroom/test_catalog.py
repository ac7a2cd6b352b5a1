"""Every error the source can raise has a text in both languages, with the data it needs."""

import ast
import re
import string
from collections import defaultdict
from enum import StrEnum
from functools import cache
from pathlib import Path

import pytest

from classroom import errors
from classroom.catalog import LANGUAGES, UNEXPECTED, Text, best_language, catalog, text, text_of, word
from classroom.errors import ClassroomError, Conflict
from classroom.model.lesson import LessonState, LessonStep
from classroom.model.place import RegionLevel
from classroom.model.principal import Role

ROOT = Path(__file__).parents[3]
PACKAGES = ("classroom", "media_server", "room_agent", "scheduler", "web_ui")


@cache
def sources() -> dict[Path, ast.Module]:
    return {
        path: ast.parse(path.read_text("utf-8"))
        for package in PACKAGES
        for path in sorted((ROOT / package).rglob("*.py"))
        if "node_modules" not in path.parts
    }


def error_classes(trees: dict[Path, ast.Module]) -> tuple[set[str], list[tuple[Path, ast.ClassDef]]]:
    """Names of the error classes that are made with a code, and the classes that name their one code themselves."""
    coded = {
        name for name, value in vars(errors).items() if isinstance(value, type) and issubclass(value, ClassroomError)
    }
    fixed: set[str] = set()
    naming: list[tuple[Path, ast.ClassDef]] = []
    classes = [
        (path, node) for path, tree in trees.items() for node in ast.walk(tree) if isinstance(node, ast.ClassDef)
    ]
    before = -1
    while before != len(coded) + len(fixed):
        before = len(coded) + len(fixed)
        for path, node in classes:
            bases = {base.id for base in node.bases if isinstance(base, ast.Name)}
            if node.name in coded | fixed or not bases & (coded | fixed):
                continue
            if any(isinstance(part, ast.FunctionDef) and part.name == "__init__" for part in node.body):
                fixed.add(node.name)
                naming.append((path, node))
            else:
                (fixed if bases & fixed else coded).add(node.name)
    return coded, naming


def makes_an_error(node: ast.AST, coded: set[str]) -> ast.Call | None:
    """The call, when it is `Conflict("code", …)` or so."""
    if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id in coded:
        return node
    return None


def names_its_code(node: ast.AST) -> ast.Call | None:
    """The call, when it is `super().__init__("code", …)`."""
    if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute) and node.func.attr == "__init__":
        return node
    return None


def raised() -> dict[str, list[tuple[str, set[str] | None]]]:
    """Code → where it is made, and with which data (None: not written out there)."""
    trees = sources()
    coded, naming = error_classes(trees)
    calls = [(path, makes_an_error(node, coded)) for path, tree in trees.items() for node in ast.walk(tree)]
    calls += [(path, names_its_code(node)) for path, definition in naming for node in ast.walk(definition)]
    found: dict[str, list[tuple[str, set[str] | None]]] = defaultdict(list)
    for path, call in calls:
        if call is None or not call.args:
            continue
        first = call.args[0]
        if isinstance(first, ast.Constant) and isinstance(first.value, str):
            named = {keyword.arg for keyword in call.keywords if keyword.arg is not None}
            complete = len(named) == len(call.keywords)
            found[first.value].append((f"{path.relative_to(ROOT)}:{call.lineno}", named if complete else None))
    return found


def words() -> set[str]:
    """Every string written in the source."""
    return {
        node.value
        for tree in sources().values()
        for node in ast.walk(tree)
        if isinstance(node, ast.Constant) and isinstance(node.value, str)
    }


def placeholders(entry: Text) -> set[str]:
    parsed = string.Formatter().parse(entry.message + entry.remedy)
    return {name for _, name, _, _ in parsed if name is not None}


def test_every_code_raised_is_in_both_catalogs() -> None:
    missing = {
        (language, code, places[0][0])
        for code, places in raised().items()
        for language in LANGUAGES
        if code not in catalog(language)
    }
    assert missing == set()


def test_the_search_finds_the_codes() -> None:
    found = raised()
    assert len(found) > 50
    assert {"lesson_step_illegal", "sign_in_wrong", "packet_malformed"} <= set(found)


def test_every_text_is_used() -> None:
    assert sorted(set(catalog("zh-CN")) - words()) == []


def test_every_error_carries_the_data_its_texts_show() -> None:
    missing = [
        (place, code, sorted(placeholders(catalog(language)[code]) - named))
        for code, places in raised().items()
        for place, named in places
        for language in LANGUAGES
        if named is not None and code in catalog(language) and not placeholders(catalog(language)[code]) <= named
    ]
    assert missing == []


def test_the_languages_say_the_same_with_the_same_data() -> None:
    chinese, english = (catalog(language) for language in LANGUAGES)
    assert set(chinese) == set(english)
    different = [code for code in chinese if placeholders(chinese[code]) != placeholders(english[code])]
    assert different == []


@pytest.mark.parametrize("language", LANGUAGES)
def test_texts_are_whole_sentences_on_one_line(language: str) -> None:
    for code, entry in catalog(language).items():
        for part in (entry.message, entry.remedy):
            assert part.strip() == part, code
            assert part, code
            assert "\n" not in part, code
    chinese = [code for code, entry in catalog("en").items() if any("一" <= c <= "鿿" for c in entry.message)]
    assert chinese == []


def test_a_text_is_filled_with_the_errors_data() -> None:
    error = Conflict("lesson_step_illegal", lesson="古诗", state="ended", step="start")
    assert text_of(error).message == "《古诗》已结束，不能上课。"
    assert text_of(error, "en").message == '"古诗" is ended: starting is not possible.'


@pytest.mark.parametrize(
    ("key", "words"), [("state", LessonState), ("step", LessonStep), ("role", Role), ("level", RegionLevel)]
)
def test_every_enumeration_is_said_in_chinese(key: str, words: type[StrEnum]) -> None:
    assert [member for member in words if word(key, member.value, "zh-CN").isascii()] == []


def test_chinese_texts_use_chinese_punctuation() -> None:
    """Next to a Chinese character stands no Western comma, colon, semicolon or bracket, unless it is part of a URL."""
    wrong = re.compile(r"[\u4e00-\u9fff][,;:()!?]|[,;:()!?][\u4e00-\u9fff]")
    typed = re.compile(r"\S*://\S*")
    found = [
        code for code, entry in catalog("zh-CN").items() if wrong.search(typed.sub("", entry.message + entry.remedy))
    ]
    assert found == []


def test_lists_are_joined_as_the_language_does() -> None:
    data = {"schemes": ["a", "b"]}
    assert "a、b" in text("database_url_wrong", data, "zh-CN").remedy
    assert "a, b" in text("database_url_wrong", data, "en").remedy


def test_data_in_braces_stays_as_it_is() -> None:
    shown = text("lesson_code_unknown", {"lesson_code": "{0.__class__}"}, "en")
    assert "{0.__class__}" in shown.message


def test_a_code_without_a_text_and_missing_data_do_not_hide_the_error() -> None:
    assert "never_heard_of" in text("never_heard_of", {}, "en").message
    assert text(UNEXPECTED, {}).message
    assert "?" in text("room_taken", {}, "en").message


@pytest.mark.parametrize(
    ("wanted", "chosen"),
    [
        (["en-GB"], "en"),
        (["zh"], "zh-CN"),
        (["zh-TW", "en"], "zh-CN"),
        (["fr", "en"], "en"),
        (["ug", "fr"], "zh-CN"),
        ([], "zh-CN"),
        ([" EN "], "en"),
    ],
)
def test_the_first_language_we_speak_is_chosen(wanted: list[str], chosen: str) -> None:
    assert best_language(wanted) == chosen
    assert text("sign_in_needed", {}, wanted[0] if wanted else "zh-CN").message
