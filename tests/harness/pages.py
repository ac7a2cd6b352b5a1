"""The pages as built from the sources at hand, and the tools their source is checked with."""

import subprocess
from functools import cache
from pathlib import Path

import web_ui
from web_ui.build import build_pages, npm

PACKAGE = Path(web_ui.__file__).parent
FRONTEND = PACKAGE / "frontend"


@cache
def built_pages() -> Path:
    """`web_ui/static`, built now if its sources have changed since (they never have in a fresh installation)."""
    build_pages(PACKAGE)
    return PACKAGE / "static"


@cache
def with_development_tools() -> Path:
    """`web_ui/frontend` with vitest, vue-tsc and axe-core installed from the lock file."""
    if not (FRONTEND / "node_modules" / "vitest").is_dir():
        npm(FRONTEND, "ci", "--no-audit", "--no-fund")
    return FRONTEND


def run_script(name: str) -> None:
    """Run a script of package.json; fails with its output."""
    try:
        npm(with_development_tools(), "run", "--silent", name)
    except subprocess.CalledProcessError as error:
        raise AssertionError(f"npm run {name} failed, see its output above") from error
