"""Draws the lesson's state diagram of docs/architecture.md from the table in `classroom.model.lesson`.

`python -m tools.lesson_diagram` rewrites the drawing in place; a test fails while it is out of date.
"""

from pathlib import Path
from typing import Final

from classroom.model.lesson import TRANSITIONS

DOCUMENT: Final = Path(__file__).parent.parent / "docs" / "architecture.md"
BEGIN: Final = "<!-- lesson states: drawn by tools/lesson_diagram.py -->\n"
END: Final = "<!-- end of lesson states -->\n"


def diagram() -> str:
    """The table as a Mermaid state diagram."""
    lines = ["```mermaid", "stateDiagram-v2", "    [*] --> planned"]
    for state, steps in TRANSITIONS.items():
        lines += [f"    {state} --> {target}: {step}" for step, target in steps.items()]
        if not steps:
            lines.append(f"    {state} --> [*]")
    return "\n".join([*lines, "```", ""])


def with_diagram(document: str) -> str:
    """`document` with what stands between the two marks replaced. Raises `ValueError` where a mark is missing."""
    before, begin, rest = document.partition(BEGIN)
    _, end, after = rest.partition(END)
    if not begin or not end:
        raise ValueError(f"{DOCUMENT.name} has lost the marks around its lesson diagram")
    return before + begin + diagram() + end + after


def main() -> None:
    document = DOCUMENT.read_text(encoding="utf-8")
    DOCUMENT.write_text(with_diagram(document), encoding="utf-8")


if __name__ == "__main__":
    main()
