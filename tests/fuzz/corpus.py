"""The inputs kept of each target: `corpus/TARGET.txt`, one input a line, deflated and in base64, the shortest first."""

import base64
import hashlib
import zlib
from collections.abc import Iterable
from pathlib import Path

FOLDER = Path(__file__).parent / "corpus"


def load_corpus(name: str) -> list[bytes]:
    """Empty for a target that has never run."""
    path = FOLDER / f"{name}.txt"
    lines = path.read_text(encoding="ascii").splitlines() if path.exists() else []
    return [zlib.decompress(base64.b64decode(line, validate=True)) for line in lines]


def save_corpus(name: str, inputs: Iterable[bytes]) -> None:
    lines = sorted(
        {base64.b64encode(zlib.compress(data, 9)).decode() for data in inputs}, key=lambda line: (len(line), line)
    )
    (FOLDER / f"{name}.txt").write_text("".join(f"{line}\n" for line in lines), encoding="ascii")


def write_files(folder: Path, inputs: Iterable[bytes]) -> None:
    """One file per input, as libFuzzer reads them."""
    for data in inputs:
        (folder / hashlib.sha256(data).hexdigest()[:16]).write_bytes(data)
