"""The TypeScript side, checked by its own tools, and the promises its files make."""

import gzip
import json
import re
from pathlib import Path

import pytest

from tests.harness.pages import FRONTEND, PACKAGE, built_pages, run_script
from web_ui.build import build_pages, sources_digest
from web_ui.typescript import TARGET, main, type_of, typescript

# Old PCs: a megahertz of the year 2012 parses about 1 MB of script a second, and the village line is shared.
JOIN_SCRIPT_BUDGET_BYTES = 80_000
# What comes only to whoever goes back in time in a running lesson: the player of recordings, hls.js above all.
TIME_SHIFT_BUDGET_BYTES = 140_000


def scripts_of(page: str, *, later: bool = False) -> dict[str, bytes]:
    """Every script a page loads, by file name: its entry and whatever that imports; with `later` also what it imports
    when somebody asks for more."""
    static = built_pages()
    manifest = json.loads((static / ".vite" / "manifest.json").read_text(encoding="utf-8"))
    names: set[str] = set()
    waiting = [f"{page}.html"]
    while waiting:
        chunk = manifest[waiting.pop()]
        if chunk["file"] not in names:
            names.add(chunk["file"])
            waiting += [*chunk.get("imports", ()), *(chunk.get("dynamicImports", ()) if later else ())]
    return {name: (static / name).read_bytes() for name in names if name.endswith(".js")}


def packed(scripts: dict[str, bytes]) -> int:
    return sum(len(gzip.compress(script, 9)) for script in scripts.values())


def test_the_join_page_stays_light() -> None:
    at_once, later = scripts_of("join"), scripts_of("join", later=True)
    assert 10_000 < packed(at_once) <= JOIN_SCRIPT_BUDGET_BYTES
    extra = {name: script for name, script in later.items() if name not in at_once}
    # the player really comes later, and nothing but it
    assert 100_000 < packed(extra) <= TIME_SHIFT_BUDGET_BYTES


def test_the_join_page_does_without_the_heavy_translator() -> None:
    assert not any(b"intlify" in script.lower() for script in scripts_of("join", later=True).values())
    assert any(b"intlify" in script.lower() for script in scripts_of("console").values())


def test_no_built_file_names_another_host() -> None:
    static = built_pages()
    # Names of XML vocabularies and of events in media look like addresses and are never fetched; Vue links its error
    # texts for developers.
    harmless = re.compile(r"https?://(www\.w3\.org/|vuejs\.org/error-reference/|aomedia\.org/emsg/ID3)")
    for path in [*static.glob("*.html"), *(static / "assets").glob("*.js"), *(static / "assets").glob("*.css")]:
        text = path.read_text(encoding="utf-8")
        found = [address for address in re.findall(r"https?://[\w.:/-]+", text) if not harmless.match(address)]
        assert found == [], path.name


def test_the_types_are_those_of_the_messages() -> None:
    assert TARGET.read_text(encoding="utf-8") == typescript(), "run `make types`"
    assert main(["--check"]) == 0


def test_types_of_schemas() -> None:
    assert type_of({"type": "array", "items": {"anyOf": [{"type": "string"}, {"type": "null"}]}}) == "(string | null)[]"
    assert type_of({"type": "object", "additionalProperties": {"type": "integer"}}) == "Record<string, number>"
    assert type_of({"const": "hello", "type": "string"}) == '"hello"'
    assert type_of({"enum": ["a", "b"]}) == '"a" | "b"'
    assert type_of({"$ref": "LessonView"}) == "LessonView"


def test_every_package_is_pinned_and_the_lock_file_names_no_address() -> None:
    package = json.loads((FRONTEND / "package.json").read_text(encoding="utf-8"))
    wanted = {**package["dependencies"], **package["devDependencies"]}
    assert all(re.fullmatch(r"\d+\.\d+\.\d+", version) for version in wanted.values()), wanted
    lock = json.loads((FRONTEND / "package-lock.json").read_text(encoding="utf-8"))
    assert {name: lock["packages"][f"node_modules/{name}"]["version"] for name in wanted} == wanted
    assert not any("resolved" in entry for entry in lock["packages"].values())


def test_a_build_is_skipped_until_a_source_changes(tmp_path: Path) -> None:
    frontend, static = tmp_path / "frontend", tmp_path / "static"
    (frontend / "src").mkdir(parents=True)
    (frontend / "src" / "main.ts").write_text("export {}", encoding="utf-8")
    (frontend / "node_modules").mkdir()
    static.mkdir()
    before = sources_digest(frontend)
    (static / "sources.sha256").write_text(before, encoding="ascii")
    assert not build_pages(tmp_path)
    (frontend / "node_modules" / "anything.js").write_text("1", encoding="utf-8")
    assert sources_digest(frontend) == before
    (frontend / "src" / "main.ts").rename(frontend / "src" / "other.ts")
    assert sources_digest(frontend) != before


def test_styles_are_written_for_either_direction() -> None:
    physical = re.compile(r"^\s*(margin|padding|border|inset)?-?(left|right|top|bottom)\s*:", re.MULTILINE)
    for path in (PACKAGE / "frontend" / "src").rglob("*.css"):
        assert physical.findall(path.read_text(encoding="utf-8")) == [], path.name


@pytest.mark.parametrize("script", ["check", "test"])
def test_typescript_is_content(script: str) -> None:
    run_script(script)
