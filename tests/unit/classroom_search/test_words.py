"""What the index holds of a text, and what is asked of it."""

from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st

from classroom.access.transcripts import said
from classroom.search.packed import FACETS, pack, unpack
from classroom.search.query import LONGEST_QUERY, MOST_WORDS, Every, Some, Word, for_postgresql, for_sqlite, parse
from classroom.search.words import joined, mark, runs, sounds_of, words_of

chinese = st.text(st.characters(min_codepoint=0x4E00, max_codepoint=0x9FA5), min_size=1, max_size=20)


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("古诗两首", "古诗 诗两 两首 首"),
        ("分数（第2课时）", "分数 数 第 2 课时 时"),
        ("Unit 3: My Friends!", "unit 3 my friends"),
        ("ＡＢＣ１２３", "abc123"),
        ("Straße ﬁn", "strasse fin"),
        ("𠮷野家", "𠮷野 野家 家"),
        ("，。 \n", ""),
    ],
)
def test_words(text: str, words: str) -> None:
    assert " ".join(words_of(text)) == words


def test_sounds_are_typed_from_any_character_on() -> None:
    sounds = set(sounds_of("重庆长江"))
    assert {"cqcj", "qcj", "cj", "chongqingchangjiang", "changjiang", "jiang"} <= sounds
    assert list(sounds_of("Unit 3")) == []


@given(chinese, st.data())
def test_every_piece_of_a_text_finds_it(text: str, data: st.DataObject) -> None:
    begin = data.draw(st.integers(0, len(text) - 1))
    end = data.draw(st.integers(begin + 1, len(text)))
    assert said(text, parse(text[begin:end]))


@given(st.text(max_size=300))
def test_whatever_is_typed_becomes_a_bounded_query_of_plain_words(text: str) -> None:
    parts = parse(text)
    assert len(parts) <= MOST_WORDS
    for part in parts:
        for written in (for_sqlite(part), for_postgresql(part)):
            # nothing typed gets out of its quotes
            bare = written.replace('" *', '"').replace("':*", "'")
            outside = bare.split('"' if '"' in bare else "'")[::2]
            assert set("".join(outside)) <= set(" ()&|ANDOR")
    assert sum(len(run) for run, _ in runs(text[:LONGEST_QUERY])) <= 3 * LONGEST_QUERY


def test_how_a_query_reads_on_each_database() -> None:
    expression = Some((Word("gsls", begins=True), Every((Word("古诗"), Word("两", begins=True)))))
    assert for_sqlite(expression) == '("gsls" * OR ("古诗" AND "两" *))'
    assert for_postgresql(expression) == "('gsls':* | ('古诗' & '两':*))"


def test_long_initials_are_found_by_both_ends() -> None:
    title = "长方形和正方形的面积计算"
    words = {*words_of(title), *sounds_of(title)}
    [asked] = parse("cfxhzfxdmjjs")
    assert isinstance(asked, Some)
    initials = asked.parts[1]
    assert isinstance(initials, Every)
    first, last = initials.parts
    assert isinstance(first, Word)
    assert isinstance(last, Word)
    assert first.text in words
    assert any(word.startswith(last.text) for word in words)


def test_marks_are_words_nobody_can_type() -> None:
    tag = mark("tag", "市级 优质课")
    assert " " not in tag
    assert tag != mark("teacher", "市级 优质课")
    assert next(iter(words_of(tag))) != tag


def test_each_word_is_kept_once() -> None:
    assert joined(["a", "b", "a"]) == "a b"


documents = st.lists(
    st.tuples(st.integers(0, 90**4 - 1), st.dates(date(1970, 1, 1), date(2100, 1, 1)), st.integers(0, 89)), max_size=20
)


@given(documents)
def test_packed_facets_come_back(given_documents: list[tuple[int, date, int]]) -> None:
    codes = "".join(pack(number, day, dict.fromkeys(FACETS, value)) for number, day, value in given_documents)
    found = unpack(codes)
    assert len(found) == len(given_documents)
    assert found.column("document").tolist() == [number for number, _, _ in given_documents]
    for facet in FACETS:
        assert found.column(facet).tolist() == [value for _, _, value in given_documents]
    assert sum(found.count("subject").values()) == len(given_documents)


def test_a_number_too_large_for_its_place_is_refused() -> None:
    with pytest.raises(ValueError, match="does not fit"):
        pack(90**4, date(2026, 9, 1), dict.fromkeys(FACETS, 0))
