"""From text to the words the index holds."""

import unicodedata
from collections.abc import Iterable, Iterator
from functools import lru_cache
from itertools import pairwise

# As much of a run's sound as one word holds: the longest that people type to find something.
LONGEST_INITIALS = 8
LONGEST_SYLLABLES = 6
LONGEST_WORD = 64

# Marks begin with a private-use character: SQLite's tokenizer takes it for a letter, and no keyboard has it.
_MARKS = {"tag": "\ue000", "knowledge": "\ue001", "teacher": "\ue002", "partner": "\ue003"}


def mark(kind: str, value: str) -> str:
    """The word that stands for a tag, teacher, knowledge point or partner school; hexadecimal, so it is one word."""
    return _MARKS[kind] + value.encode().hex()


def is_chinese(character: str) -> bool:
    """Whether it is a Chinese character (CJK unified ideographs and their extensions)."""
    return "\u3400" <= character <= "\u9fff" or "\U00020000" <= character <= "\U0003ffff"


def runs(text: str) -> Iterator[tuple[str, bool]]:
    """The runs of letters and digits in a text, folded, and whether each is Chinese."""
    run, chinese = "", False
    for character in unicodedata.normalize("NFKC", text).casefold():
        now_chinese = is_chinese(character)
        if run and (now_chinese != chinese or not character.isalnum()):
            yield run, chinese
            run = ""
        if character.isalnum():
            run, chinese = run + character, now_chinese
    if run:
        yield run, chinese


def words_of(text: str) -> Iterator[str]:
    """The words of a text, repeated as often as they occur."""
    for run, chinese in runs(text):
        if chinese:
            yield from map("".join, pairwise(run))
            yield run[-1]
        else:
            yield run[:LONGEST_WORD]


def sounds_of(text: str) -> Iterator[str]:
    """How the Chinese runs of a text are typed in pinyin, from each of their characters on."""
    for run, chinese in runs(text):
        if chinese:
            yield from _sounds(run)


# Names of schools, teachers and subjects come again and again.
@lru_cache(4096)
def _sounds(run: str) -> tuple[str, ...]:
    # late: its dictionaries take 60 MB, which a server that keeps no recordings need not have
    from pypinyin import lazy_pinyin

    syllables = lazy_pinyin(run)
    starts = range(len(syllables))
    initials = ("".join(each[0] for each in syllables[start : start + LONGEST_INITIALS]) for start in starts)
    whole = ("".join(syllables[start : start + LONGEST_SYLLABLES]) for start in starts)
    return tuple(sound for sound in dict.fromkeys((*initials, *whole)) if sound.isalpha() and sound.isascii())


def joined(words: Iterable[str]) -> str:
    """Words as one text, each once: what both databases take."""
    return " ".join(dict.fromkeys(words))
