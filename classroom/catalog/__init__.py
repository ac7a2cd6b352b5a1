"""Every text a person may read about an error: one TOML file per language, one table per code.

`[code]`, `message` (what is the matter) and `remedy` (what to do), with `{key}` for the error's data. zh-CN is written
first, en says the same with the same keys; a test holds every code raised in the source against both. Enumerations in
the data (a lesson's state, a role) are said in the language too: `words-….toml`.
"""

import tomllib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import cache
from importlib import resources
from typing import Final

from classroom.errors import ClassroomError

LANGUAGES: Final = ("zh-CN", "en")
DEFAULT_LANGUAGE: Final = "zh-CN"
# Shown for a code without an entry (an older program beside a newer one), so that an error never hides behind another.
UNEXPECTED: Final = "unexpected"

_SEPARATORS = {"zh-CN": "、", "en": ", "}

Datum = str | int | float | bool | list[str]


@dataclass(frozen=True, slots=True)
class Text:
    """What is the matter, and what to do about it."""

    message: str
    remedy: str


class _Filling(dict[str, str]):
    def __missing__(self, key: str) -> str:
        return "?"


@cache
def catalog(language: str) -> Mapping[str, Text]:
    """All texts of one of `LANGUAGES`, by code."""
    source = resources.files(__name__).joinpath(f"{language}.toml").read_text("utf-8")
    return {code: Text(entry["message"], entry["remedy"]) for code, entry in tomllib.loads(source).items()}


@cache
def _words(language: str) -> Mapping[str, Mapping[str, str]]:
    source = resources.files(__name__).joinpath(f"words-{language}.toml").read_text("utf-8")
    words: dict[str, dict[str, str]] = tomllib.loads(source)
    return words


def word(key: str, value: str, language: str) -> str:
    """How one of `LANGUAGES` says the value of an enumeration that errors carry under `key`; else the value itself."""
    return _words(language).get(key, {}).get(value, value)


def best_language(wanted: Iterable[str]) -> str:
    """The first of our languages somebody would read: "zh-TW" and "zh" read zh-CN, "en-GB" reads en; else zh-CN."""
    for tag in wanted:
        primary = tag.strip().split("-")[0].lower()
        for language in LANGUAGES:
            if language.split("-")[0].lower() == primary:
                return language
    return DEFAULT_LANGUAGE


def text(code: str, data: Mapping[str, Datum], language: str = DEFAULT_LANGUAGE) -> Text:
    """The text of a code in a language (in zh-CN when we do not speak it), filled with the error's data."""
    language = language if language in LANGUAGES else best_language([language])
    entries = catalog(language)
    filling = _Filling({key: _shown(key, value, language) for key, value in data.items()})
    if (entry := entries.get(code)) is None:
        entry, filling["code"] = entries[UNEXPECTED], code
    return Text(entry.message.format_map(filling), entry.remedy.format_map(filling))


def _shown(key: str, value: Datum, language: str) -> str:
    if isinstance(value, list):
        return _SEPARATORS[language].join(word(key, each, language) for each in value)
    return word(key, str(value), language)


def text_of(error: ClassroomError, language: str = DEFAULT_LANGUAGE) -> Text:
    """The text of an error."""
    return text(error.code, error.data, language)
