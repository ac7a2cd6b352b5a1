"""Serves the built pages (`/`, `/panel`, `/join/{code}`, `/console`, `/watch/{recording}`, …) and their assets."""

from pathlib import Path
from typing import ClassVar

from aiohttp import web

from classroom.access.archive import access_recording_to_embed
from classroom.errors import ClassroomError, NotFound
from classroom.http.call import Call
from classroom.http.headers import content_security_policy
from classroom.service import Context, ServerRole
from web_ui.assets import Pages, read_pages

STATIC = Path(__file__).parent / "static"

PAGES = {
    "/": "index",
    "/panel": "panel",
    "/join/{code}": "join",
    "/console": "console",
    "/console/plan": "plan",
    "/watch/{recording}": "watch",
    "/archive": "archive",
    "/library": "library",
}

# Names carry a hash of their contents, so a copy never goes stale (RFC 8246).
_ASSET_CACHING = "public, max-age=31536000, immutable"

_NOT_BUILT = """\
<!doctype html>
<html lang="{language}">
<head><meta charset="utf-8"><meta name="viewport" content="width=device-width"><title>{title}</title></head>
<body><main><h1>{title}</h1><p>{explanation}</p><p><code>python web_ui/build.py</code></p></main></body>
</html>
"""
_NOT_BUILT_TEXT = {
    "zh-CN": (
        "页面尚未生成",
        "服务器正在运行,但安装时跳过了页面的生成(QIANSHOU_SKIP_PAGES=1)或生成失败。请在项目目录运行下面的命令,然后重启服务器。",
    ),
    "en": (
        "The pages are not built",
        (
            "The server runs, but its pages were skipped when it was installed (QIANSHOU_SKIP_PAGES=1) or failed to "
            "build. Run this command in the project folder, then restart the server."
        ),
    ),
}


class WebService:
    """Answers pages from memory; without a build every page says so (503) and names the command."""

    name: ClassVar[str] = "web"
    runs_in: ClassVar[frozenset[ServerRole]] = frozenset({ServerRole.ALL, ServerRole.HUB})

    def __init__(self, context: Context, static: Path = STATIC) -> None:
        self._context = context
        self._static = static
        self._pages: Pages | None = None

    async def start(self) -> None:
        """Read the build into memory and add the routes."""
        self._pages = read_pages(self._static, tuple(PAGES.values()))
        for path, page in PAGES.items():
            handler = self._watch if page == "watch" else self._page
            self._context.routes.raw("GET", path, handler, summary=f"The page {path}", anonymous=True)
        self._context.routes.raw(
            "GET", "/assets/{name}", self._asset, summary="A script, style or picture of the pages", anonymous=True
        )

    async def stop(self) -> None:
        """Nothing to let go of."""

    async def _watch(self, call: Call) -> web.StreamResponse:
        """Other sites may show the player of a recording that may be embedded, and no page of ours besides."""
        answer = await self._page(call)
        # Fetch metadata: only a browser that loads it into a frame is asked for; old ones do not say.
        if call.request.headers.get("Sec-Fetch-Dest") != "document" and await self._embeddable(call):
            policy = content_security_policy(call.nonce, call.request.host, embeddable=True)
            answer.headers["Content-Security-Policy"] = policy
        return answer

    async def _embeddable(self, call: Call) -> bool:
        store, now = self._context.store, self._context.clock.now()
        try:
            await access_recording_to_embed(store, call.path["recording"], now, call.query.get("share"))
        except ClassroomError:
            return False
        return True

    async def _page(self, call: Call) -> web.StreamResponse:
        route = call.request.match_info.route.resource
        page = PAGES[route.canonical if route is not None else "/"]
        if self._pages is None:
            title, explanation = _NOT_BUILT_TEXT.get(call.language, _NOT_BUILT_TEXT["zh-CN"])
            text = _NOT_BUILT.format(language=call.language, title=title, explanation=explanation)
            return web.Response(status=503, text=text, content_type="text/html", headers={"Cache-Control": "no-store"})
        # A page holds a nonce, which must never be used twice: no cache may keep it.
        return web.Response(
            text=self._pages.html(page, call.nonce, call.language),
            content_type="text/html",
            headers={"Cache-Control": "no-store", "Vary": "Accept-Language"},
        )

    async def _asset(self, call: Call) -> web.StreamResponse:
        name = call.path["name"]
        asset = self._pages.assets.get(name) if self._pages is not None else None
        if asset is None:
            raise NotFound("asset_unknown", name=name)
        headers = {"Cache-Control": _ASSET_CACHING, "ETag": asset.etag, "Vary": "Accept-Encoding"}
        if call.request.headers.get("If-None-Match") == asset.etag:
            return web.Response(status=304, headers=headers)
        coding, body = asset.choose(call.request.headers.get("Accept-Encoding", ""))
        if coding != "identity":
            headers["Content-Encoding"] = coding
        headers["Content-Type"] = asset.content_type
        return web.Response(body=body, headers=headers)
