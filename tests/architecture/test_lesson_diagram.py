"""The drawing in the documentation shows the table the code runs on."""

import pytest

from tools.lesson_diagram import DOCUMENT, with_diagram


def test_the_documented_lesson_states_are_those_of_the_table() -> None:
    document = DOCUMENT.read_text(encoding="utf-8")
    assert with_diagram(document) == document, "run: make diagrams"


def test_a_document_without_its_marks_is_refused() -> None:
    with pytest.raises(ValueError, match="lost the marks"):
        with_diagram("# Architecture\n")
