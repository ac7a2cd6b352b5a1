"""The pages behind the real HTTP edge."""

import gzip
import re
from collections.abc import AsyncIterator
from pathlib import Path

import aiohttp
import pytest

from classroom.model.catalogue import Audience, Consent
from classroom.model.recording import RecordingState
from classroom.server import Server
from classroom.service import Context
from classroom.settings import load_settings
from tests.fakes.county import build_county
from tests.fakes.library import a_recording, change
from tests.harness.pages import built_pages
from web_ui.service import PAGES, WebService


def server(folder: Path, static: Path) -> Server:
    def web(context: Context) -> WebService:
        return WebService(context, static)

    settings = load_settings(None, {"host": "127.0.0.1", "port": 0, "media_port": 0, "data": folder})
    return Server(settings, services=[web])


@pytest.fixture
async def http(tmp_path: Path) -> AsyncIterator[aiohttp.ClientSession]:
    async with (
        server(tmp_path, built_pages()) as running,
        aiohttp.ClientSession(running.url, auto_decompress=False) as session,
    ):
        yield session


@pytest.mark.parametrize("path", ["/", "/panel", "/join/k7m2qz", "/console", "/watch/4f2a"])
async def test_a_page_runs_only_its_own_scripts(http: aiohttp.ClientSession, path: str) -> None:
    async with http.get(path) as response:
        assert response.status == 200
        assert response.content_type == "text/html"
        assert response.charset == "utf-8"
        assert response.headers["Cache-Control"] == "no-store"
        policy = response.headers["Content-Security-Policy"]
        text = await response.text()
    [nonce] = re.findall(r"'nonce-([\w-]+)'", policy.split("style-src")[0])
    assert f'nonce="{nonce}"' in text
    assert "__CSP_NONCE__" not in text
    assert "unsafe-inline" not in policy
    assert "unsafe-eval" not in policy
    assert not re.search(r"<script(?![^>]*\bsrc=)", text), "an inline script"
    assert not re.search(r"<style|\sstyle=|\son\w+=", text), "inline styles or handlers"


async def test_other_sites_may_show_what_may_be_embedded_and_nothing_else(tmp_path: Path) -> None:
    async with server(tmp_path, built_pages()) as running, aiohttp.ClientSession(running.url) as http:
        store = running.context.store
        host = (await build_county(store)).host
        for name, embed in (("open", True), ("shut", False)):
            await a_recording(
                store, host, id=name, embed=embed, state=RecordingState.PUBLISHED, consent=Consent.GIVEN,
                audience=Audience.PUBLIC,
            )  # fmt: skip

        async def ancestors(path: str, destination: str = "iframe") -> str:
            async with http.get(path, headers={"Sec-Fetch-Dest": destination}) as response:
                return response.headers["Content-Security-Policy"].partition("frame-ancestors ")[2].partition(";")[0]

        assert await ancestors("/watch/open") == "*"
        for path in ("/watch/shut", "/watch/unknown", "/", "/library"):
            assert await ancestors(path) == "'none'"
        await change(store, "open", consent=Consent.WITHDRAWN)
        assert await ancestors("/watch/open") == "'none'"


async def test_a_nonce_is_used_once(http: aiohttp.ClientSession) -> None:
    nonces = set()
    for _ in range(3):
        async with http.get("/") as response:
            nonces.add(re.findall(r'nonce="([\w-]+)"', await response.text())[0])
    assert len(nonces) == 3


async def test_pages_come_in_the_language_asked_for(http: aiohttp.ClientSession) -> None:
    for asked, language in (("en-GB,en;q=0.8", "en"), ("zh-CN", "zh-CN"), ("bo", "zh-CN")):
        async with http.get("/", headers={"Accept-Language": asked}) as response:
            assert f'<html lang="{language}">' in await response.text()


async def test_assets_are_packed_and_kept_for_good(http: aiohttp.ClientSession) -> None:
    async with http.get("/join/k7m2qz") as response:
        names = re.findall(r'(?:src|href)="(/assets/[^"]+)"', await response.text())
    assert any(name.endswith(".js") for name in names)
    assert any(name.endswith(".css") for name in names)
    kinds = {".js": "text/javascript", ".css": "text/css", ".svg": "image/svg+xml"}
    for name in names:
        async with http.get(name, headers={"Accept-Encoding": "gzip"}) as response:
            packed = await response.read()
            assert response.status == 200
            assert response.content_type == kinds[Path(name).suffix]
            assert response.headers["Cache-Control"] == "public, max-age=31536000, immutable"
            assert response.headers["X-Content-Type-Options"] == "nosniff"
            etag = response.headers["ETag"]
            coding = response.headers.get("Content-Encoding")
        async with http.get(name, headers={"Accept-Encoding": "identity"}) as response:
            plain = await response.read()
            assert "Content-Encoding" not in response.headers
        assert plain == (gzip.decompress(packed) if coding == "gzip" else packed)
        async with http.get(name, headers={"If-None-Match": etag}) as response:
            assert response.status == 304


@pytest.mark.parametrize("name", ["nothing.js", "..%2fservice.py", "%2e%2e%2fservice.py", "sources.sha256"])
async def test_nothing_else_is_served(http: aiohttp.ClientSession, name: str) -> None:
    async with http.get(f"/assets/{name}") as response:
        assert response.status == 404
        assert response.content_type == "application/problem+json"


async def test_without_a_build_every_page_says_so(tmp_path: Path) -> None:
    async with server(tmp_path, tmp_path / "nothing") as running, aiohttp.ClientSession(running.url) as session:
        for path in PAGES:
            async with session.get(
                path.replace("{code}", "k7m2qz").replace("{recording}", "4f2a"), headers={"Accept-Language": "en"}
            ) as response:
                assert response.status == 503
                assert "The pages are not built" in await response.text()
        async with session.get("/", headers={"Accept-Language": "zh-CN"}) as response:
            assert "页面尚未生成" in await response.text()
        async with session.get("/assets/join.js") as response:
            assert response.status == 404
