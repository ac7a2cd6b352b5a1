"""Captions as people bring them: WebVTT and SubRip, and what is wrong with them, to the line."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from classroom.captions import MOST_CUES, Cue, read_captions, write_webvtt
from classroom.errors import BadInput

VTT = """\
\ufeffWEBVTT - 古诗

STYLE
::cue { color: white }

NOTE 校对：单老师

one
00:01.000 --> 00:03.500 align:start position:0%
<v 林老师>同学们<00:02.000><b>好</b></v>
请坐 &amp; 打开课本

01:00:00.000 --> 01:00:01.000
下课
"""
SRT = "1\r\n00:00:05,250 --> 00:00:07,000\r\n<i>同学们好</i>\r\n\r\n2\r\n00:00:01,000 --> 00:00:02,000\r\n上课\r\n"


def test_webvtt() -> None:
    assert read_captions(VTT) == [Cue(1000, 3500, "同学们好\n请坐 & 打开课本"), Cue(3_600_000, 3_601_000, "下课")]


def test_subrip_in_any_order() -> None:
    assert read_captions(SRT) == [Cue(1000, 2000, "上课"), Cue(5250, 7000, "同学们好")]


@pytest.mark.parametrize(
    ("text", "line"),
    [
        ("WEBVTT\n\n00:01 --> 00:02\n好", 3),
        ("WEBVTT\n\n00:02.000 --> 00:01.000\n好", 3),
        ("1\n00:00:01,000 --> 99:00:02,000\n好", 2),
        ("WEBVTT\n\n同学们好", 3),
        ("WEBVTT\n\n00:00.000 --> 00:01.000\n好\n\n\n多出\n来的\n00:02.000 --> 00:03.000\n坏", 7),
    ],
)
def test_the_wrong_line_is_named(text: str, line: int) -> None:
    with pytest.raises(BadInput) as error:
        read_captions(text)
    assert (error.value.code, error.value.data["line"]) == ("captions_line_wrong", line)


def test_files_without_captions_or_with_too_many() -> None:
    with pytest.raises(BadInput, match="captions_empty"):
        read_captions("WEBVTT\n\nNOTE nothing\n")
    cue = "\n\n00:00.000 --> 00:01.000\n好"
    with pytest.raises(BadInput, match="captions_too_long"):
        read_captions("WEBVTT" + cue * (MOST_CUES + 1))


line = st.text(st.characters(blacklist_categories=["Cc", "Cs", "Zl", "Zp", "Zs"]), min_size=1, max_size=20)
cues = st.builds(
    lambda begin, length, text: Cue(begin, begin + length, text),
    st.integers(0, 80_000_000),
    st.integers(1, 100_000),
    line.filter(lambda text: "-->" not in text),
)


@given(st.lists(cues, min_size=1, max_size=8))
def test_what_is_written_is_read_again(said: list[Cue]) -> None:
    assert read_captions(write_webvtt(said)) == sorted(said, key=lambda cue: (cue.begin_ms, cue.end_ms))


@given(st.text(max_size=200))
def test_garbage_is_refused_and_nothing_else(text: str) -> None:
    try:
        read_captions(text)
    except BadInput as error:
        assert error.code.startswith("captions_")
