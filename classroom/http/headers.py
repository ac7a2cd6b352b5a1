"""Security headers of every answer."""

from aiohttp import web

# What our own pages need: scripts and styles of our origin or carrying this answer's nonce, nothing from anywhere else.
# `ws:`/`wss:` of the own host are spelled out because Safari < 15.4 does not count them as 'self'.
_POLICY = (
    "default-src 'none'; script-src 'self' 'nonce-{nonce}'; style-src 'self' 'nonce-{nonce}'; "
    "img-src 'self' data: blob:; media-src 'self' blob:; font-src 'self'; connect-src 'self'{sockets}; "
    "worker-src 'self' blob:; manifest-src 'self'; base-uri 'none'; form-action 'self'; frame-ancestors {ancestors}; "
    "object-src 'none'"
)
_PERMISSIONS = (
    "camera=(self), microphone=(self), display-capture=(self), fullscreen=(self), autoplay=(self), "
    "geolocation=(), payment=(), usb=()"
)
_HOST_CHARACTERS = frozenset("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789.-_:[]")


def content_security_policy(nonce: str, host: str, *, embeddable: bool = False) -> str:
    """`embeddable`: pages of other sites may show this one in theirs."""
    # The Host header is the caller's; anything odd in it must not get into a policy.
    clean = bool(host) and _HOST_CHARACTERS.issuperset(host)
    sockets = f" ws://{host} wss://{host}" if clean else ""
    return _POLICY.format(nonce=nonce, sockets=sockets, ancestors="*" if embeddable else "'none'")


def add_security_headers(
    request: web.Request, response: web.StreamResponse, *, nonce: str, secure: bool, hsts: bool
) -> None:
    """Add what the handler has not set itself."""
    headers = response.headers
    headers.setdefault("Content-Security-Policy", content_security_policy(nonce, request.host))
    # Instead of the versions of everything below us.
    headers.setdefault("Server", "Qianshou")
    headers.setdefault("X-Content-Type-Options", "nosniff")
    headers.setdefault("Referrer-Policy", "same-origin")
    headers.setdefault("Permissions-Policy", _PERMISSIONS)
    headers.setdefault("Cross-Origin-Resource-Policy", "same-origin")
    if secure:
        # Browsers ignore it on plain http, and complain in the console.
        headers.setdefault("Cross-Origin-Opener-Policy", "same-origin")
    if hsts:
        headers.setdefault("Strict-Transport-Security", "max-age=31536000")
