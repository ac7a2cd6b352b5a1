"""The built pages in memory: small, read once, served without touching the disk again."""

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

# Not from the `mimetypes` module: what that knows depends on the machine (Windows registries serve .js as text/plain).
CONTENT_TYPES: Mapping[str, str] = {
    ".css": "text/css; charset=utf-8",
    ".html": "text/html; charset=utf-8",
    ".js": "text/javascript; charset=utf-8",
    ".json": "application/json",
    ".map": "application/json",
    ".png": "image/png",
    ".svg": "image/svg+xml",
    ".webmanifest": "application/manifest+json",
    ".woff2": "font/woff2",
}
NONCE_MARK = "__CSP_NONCE__"
"""Stands in the built pages (`html.cspNonce` of vite.config.ts) where each response puts its own nonce."""


@dataclass(frozen=True, slots=True)
class Asset:
    """One built file under its hashed name: `bodies` by content coding, always with "identity"."""

    content_type: str
    etag: str
    bodies: Mapping[str, bytes]

    def choose(self, accept_encoding: str) -> tuple[str, bytes]:
        """The content coding and body for an Accept-Encoding header: brotli before gzip before plain."""
        accepted = _accepted(accept_encoding)
        for coding in ("br", "gzip"):
            body = self.bodies.get(coding)
            if body is not None and (coding in accepted or "*" in accepted):
                return coding, body
        return "identity", self.bodies["identity"]


def _accepted(header: str) -> frozenset[str]:
    """Codings named without `q=0` (RFC 9110 § 12.5.3)."""
    found = set()
    for part in header.lower().split(","):
        coding, _, parameters = part.strip().partition(";")
        weight = parameters.strip().removeprefix("q=").strip()
        if coding and weight not in {"0", "0.0", "0.00", "0.000"}:
            found.add(coding.strip())
    return frozenset(found)


@dataclass(frozen=True, slots=True)
class Pages:
    """`templates` by page name ("index", "panel", …), `assets` by file name below `/assets/`."""

    templates: Mapping[str, str]
    assets: Mapping[str, Asset]

    def html(self, page: str, nonce: str, language: str) -> str:
        """A page with its nonce, in the language the browser asked for (the script may choose another)."""
        return (
            self.templates[page].replace(NONCE_MARK, nonce).replace('<html lang="zh-CN">', f'<html lang="{language}">')
        )


def read_pages(static: Path, names: tuple[str, ...]) -> Pages | None:
    """What the build left in `static`, or None when a page named is missing: not built, or half built."""
    templates = {}
    for name in names:
        path = static / f"{name}.html"
        if not path.is_file():
            return None
        templates[name] = path.read_text(encoding="utf-8")
    folder = static / "assets"
    files = sorted(path for path in folder.iterdir() if path.suffix in CONTENT_TYPES) if folder.is_dir() else []
    return Pages(templates, {path.name: _read_asset(path) for path in files})


def _read_asset(path: Path) -> Asset:
    plain = path.read_bytes()
    bodies = {"identity": plain}
    # Written beside each file by vite.config.ts, where they are smaller than the file itself.
    for coding, suffix in (("br", ".br"), ("gzip", ".gz")):
        packed = path.with_name(path.name + suffix)
        if packed.is_file():
            bodies[coding] = packed.read_bytes()
    return Asset(CONTENT_TYPES[path.suffix], f'"{hashlib.sha256(plain).hexdigest()[:20]}"', bodies)
