"""What a fuzz target is, and which there are.

A target is a module in `tests/fuzz/targets/`, named for what it attacks. Its `run` feeds one input to the code under
attack and lets nothing pass but the refusals that code promises; whatever else escapes it is a finding.
"""

import importlib
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Protocol, cast

FOLDER = Path(__file__).parent / "targets"
MAX_CHUNKS = 64  # of one input: longer scenarios find nothing that these do not


class Target(Protocol):
    """The shape of such a module."""

    MAX_BYTES: int

    def run(self, data: bytes) -> None:
        """Attack with one input."""

    def seeds(self) -> Iterable[bytes]:
        """Good and bad inputs worth starting from."""


def target_names() -> list[str]:
    return sorted(path.stem for path in FOLDER.glob("[a-z]*.py"))


def load_target(name: str) -> Target:
    """Raises `ModuleNotFoundError` for a target that does not exist."""
    return cast(Target, importlib.import_module(f"tests.fuzz.targets.{name}"))


def join(chunks: Sequence[bytes]) -> bytes:
    """Several pieces as one input: each with its length in two bytes before it."""
    return b"".join(len(chunk).to_bytes(2) + chunk for chunk in chunks)


def split(data: bytes) -> list[bytes]:
    """The pieces of an input; the last one may be shorter than it says."""
    chunks: list[bytes] = []
    position = 0
    while position + 2 <= len(data) and len(chunks) < MAX_CHUNKS:
        end = position + 2 + int.from_bytes(data[position : position + 2])
        chunks.append(data[position + 2 : end])
        position = end
    return chunks
