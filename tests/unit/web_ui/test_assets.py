"""Which body a browser gets."""

from pathlib import Path

import pytest

from web_ui.assets import NONCE_MARK, Asset, read_pages

ASSET = Asset("text/css", '"x"', {"identity": b"plain", "gzip": b"gz", "br": b"br"})


@pytest.mark.parametrize(
    ("header", "coding"),
    [
        ("gzip, deflate, br, zstd", "br"),
        ("gzip", "gzip"),
        ("br;q=0, gzip;q=0.5", "gzip"),
        ("*", "br"),
        ("", "identity"),
        ("identity;q=1, br;q=0.000", "identity"),
        ("GZIP", "gzip"),
    ],
)
def test_the_best_coding_the_browser_takes(header: str, coding: str) -> None:
    assert ASSET.choose(header) == (coding, ASSET.bodies[coding])


def test_a_file_without_packed_copies_is_sent_as_it_is() -> None:
    assert Asset("image/svg+xml", '"x"', {"identity": b"plain"}).choose("br, gzip") == ("identity", b"plain")


def test_a_half_finished_build_is_no_build(tmp_path: Path) -> None:
    assert read_pages(tmp_path, ("index", "join")) is None
    (tmp_path / "index.html").write_text("<p>", encoding="utf-8")
    assert read_pages(tmp_path, ("index", "join")) is None


def test_a_page_gets_its_nonce_and_its_language(tmp_path: Path) -> None:
    page = f'<html lang="zh-CN"><script nonce="{NONCE_MARK}"></script><p lang="zh-CN"></p></html>'
    (tmp_path / "index.html").write_text(page, encoding="utf-8")
    pages = read_pages(tmp_path, ("index",))
    assert pages is not None
    assert pages.html("index", "n0nce", "en") == (
        '<html lang="en"><script nonce="n0nce"></script><p lang="zh-CN"></p></html>'
    )


def test_only_known_kinds_of_files_are_served(tmp_path: Path) -> None:
    (tmp_path / "index.html").write_text("", encoding="utf-8")
    assets = tmp_path / "assets"
    assets.mkdir()
    for name in ("a.js", "a.js.br", "a.js.gz", "notes.txt"):
        (assets / name).write_bytes(name.encode())
    pages = read_pages(tmp_path, ("index",))
    assert pages is not None
    assert set(pages.assets) == {"a.js"}
    assert set(pages.assets["a.js"].bodies) == {"identity", "br", "gzip"}
