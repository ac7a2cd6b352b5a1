"""Where the bags of jobs lie until somebody fetches them: `exports/{job}/bag`, and what is in each."""

import json
import shutil
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from hashlib import sha256
from pathlib import Path
from typing import Any, Final

from classroom.errors import NotFound
from media_server.archive.local_store import sync_directory
from media_server.exchange.bag import JOURNAL, BagFile, explained

_CONTENTS: Final = "contents.json"


@dataclass(frozen=True, slots=True)
class Contents:
    """A whole bag: `name` of its folder in a package, its files, and a name for exactly these bytes."""

    folder: Path
    name: str
    files: tuple[BagFile, ...]
    etag: str
    changed_at: datetime

    def file(self, path: str) -> BagFile:
        """Raises `NotFound("export_file_unknown")`."""
        found = next((each for each in self.files if each.path == path), None)
        if found is None:
            raise NotFound("export_file_unknown", path=path[:200])
        return found


class Shelves:
    """Blocking: for threads. Job ids are our own words."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    def bag(self, job_id: str) -> Path:
        return self.folder / job_id / "bag"

    def keep(self, job_id: str, name: str, files: tuple[BagFile, ...], result: Mapping[str, Any]) -> None:
        """The job's bag is whole and has these files; `result` is what the job comes to."""
        path = self.folder / job_id / _CONTENTS
        aside = path.with_suffix(".part")
        with explained(path.parent):
            found = {"name": name, "result": result, "files": [asdict(each) for each in files]}
            aside.write_text(json.dumps(found), "utf-8")
            aside.replace(path)
            sync_directory(path.parent)

    def contents(self, job_id: str) -> Contents:
        """Raises `NotFound("export_gone")` when there is no whole bag (any more)."""
        try:
            path = self.folder / job_id / _CONTENTS
            text, changed_at = path.read_text("utf-8"), datetime.fromtimestamp(path.stat().st_mtime, UTC)
        except OSError:
            raise NotFound("export_gone", job=job_id[:64]) from None
        found = json.loads(text)
        files = tuple(BagFile(**each) for each in found["files"])
        etag = sha256(f"{text}{changed_at}".encode()).hexdigest()[:32]
        return Contents(self.bag(job_id), found["name"], files, etag, changed_at)

    def result(self, job_id: str) -> dict[str, Any] | None:
        """What was kept of a job whose server was killed before it could say so; None: there is work left."""
        if (self.bag(job_id) / JOURNAL).exists():
            return None
        try:
            found: dict[str, Any] = json.loads((self.folder / job_id / _CONTENTS).read_text("utf-8"))["result"]
        except OSError:
            return None
        return found

    def remove(self, job_id: str) -> None:
        shutil.rmtree(self.folder / job_id, ignore_errors=True)
