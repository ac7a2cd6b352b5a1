"""Cross-site request forgery: requests that change something must come from our own pages.

Same reasoning as Go's `net/http.CrossOriginProtection`: every browser of the last years sends `Sec-Fetch-Site` or
`Origin` with such requests; whoever sends neither is no browser and carries no stolen cookie. Requests with an
`Authorization` header are not forgeable (a foreign page cannot set it without CORS, which we grant nobody).
"""

from collections.abc import Mapping
from urllib.parse import urlsplit

from classroom.errors import Forbidden

SAFE_METHODS = frozenset({"GET", "HEAD", "OPTIONS"})


def check_origin(method: str, headers: Mapping[str, str], host: str, public_url: str) -> None:
    """Raise `Forbidden("foreign_origin")` when a browser says that another site made this request."""
    if method in SAFE_METHODS or "Authorization" in headers:
        return
    check_page_origin(headers, host, public_url)


def check_page_origin(headers: Mapping[str, str], host: str, public_url: str) -> None:
    """The same for WebSocket upgrades, which are GETs that any site may make (RFC 6455 § 10.2)."""
    if headers.get("Sec-Fetch-Site") in {"same-origin", "none"}:
        return
    origin = headers.get("Origin")
    if origin is None:
        if "Sec-Fetch-Site" in headers:
            raise Forbidden("foreign_origin", origin=headers["Sec-Fetch-Site"][:100])
        return
    # The scheme is not compared: behind a proxy that ends TLS we see http where the page saw https.
    if _host(origin) not in {host.lower(), _host(public_url) if public_url else host.lower()}:
        raise Forbidden("foreign_origin", origin=origin[:100])


def _host(url: str) -> str:
    try:
        return urlsplit(url).netloc.lower()
    except ValueError:
        return ""
