"""Who is calling, from where, in which language, over https or not."""

from ipaddress import IPv6Address, ip_address

from aiohttp import web

from classroom.auth.authenticate import principal_of_token
from classroom.auth.sessions import principal_of_session
from classroom.auth.tokens import Tokens
from classroom.catalog import LANGUAGES
from classroom.clock import Clock
from classroom.errors import NotSignedIn
from classroom.model.principal import NOBODY, Principal
from classroom.settings import Settings
from classroom.store.store import Store

LANGUAGE_COOKIE = "qianshou_language"
SESSION_COOKIE = "qianshou_session"


def choose_language(accept_language: str, default: str) -> str:
    """The language we have that the caller likes best (RFC 9110 § 12.5.4), else `default`."""
    wanted: list[tuple[float, int, str]] = []
    for position, part in enumerate(accept_language[:200].split(",")):
        tag, _, parameters = part.partition(";")
        quality = 1.0
        name, _, value = parameters.strip().partition("=")
        if name == "q":
            try:
                quality = float(value)
            except ValueError:
                continue
        wanted.append((-quality, position, tag.strip().lower()))
    for negative_quality, _, tag in sorted(wanted):
        if negative_quality >= 0:
            break
        for language in LANGUAGES:
            if tag.split("-")[0] == language.split("-")[0].lower():
                return language
    return default


class Callers:
    """Answers these questions for HTTP requests."""

    def __init__(self, settings: Settings, store: Store, tokens: Tokens, clock: Clock) -> None:
        self._store = store
        self._tokens = tokens
        self._clock = clock
        self._default_language = settings.language
        self._public_https = settings.public_url.startswith("https://")
        self._trusted = tuple(settings.trusted_proxies)

    def language(self, request: web.Request) -> str:
        chosen = request.cookies.get(LANGUAGE_COOKIE, "")
        if chosen in LANGUAGES:
            return chosen
        return choose_language(request.headers.get("Accept-Language", ""), self._default_language)

    def remote(self, request: web.Request) -> str:
        """The client's address: the last one in X-Forwarded-For that no trusted proxy wrote for another one.

        Addresses further left are what the client claims; they are never believed.
        """
        peer = request.remote or ""
        if not self._trusts(peer):
            return peer
        hops = [hop.strip() for value in request.headers.getall("X-Forwarded-For", []) for hop in value.split(",")]
        for hop in reversed(hops):
            if not _is_address(hop):
                return peer
            peer = hop
            if not self._trusts(hop):
                return hop
        return peer

    def secure(self, request: web.Request) -> bool:
        """Whether the client's side of the connection is https."""
        if request.secure:
            return True
        if self._trusts(request.remote or ""):
            proto = request.headers.get("X-Forwarded-Proto", "")
            if proto:
                return proto.split(",")[-1].strip().lower() == "https"
        return self._public_https

    async def principal(self, request: web.Request) -> Principal:
        """By bearer token, else by session cookie, else NOBODY.

        Raises `NotSignedIn` for a token that is expired, revoked or not ours. A session cookie that is no longer
        valid makes its bearer NOBODY: a browser cannot help sending it, also to the sign-in page.
        """
        authorization = request.headers.get("Authorization", "")
        if authorization:
            scheme, _, token = authorization.partition(" ")
            if scheme.lower() != "bearer" or not token.strip():
                raise NotSignedIn("token_invalid")
            return await self.principal_of_token(token.strip())
        session_id = request.cookies.get(SESSION_COOKIE)
        if session_id is None:
            return NOBODY
        return await self.principal_of_session(session_id)

    async def principal_of_token(self, token: str) -> Principal:
        return await principal_of_token(self._store, self._tokens, token)

    async def principal_of_session(self, session_id: str) -> Principal:
        """NOBODY when the session has ended."""
        try:
            return await principal_of_session(self._store, self._clock, session_id)
        except NotSignedIn:
            return NOBODY

    def _trusts(self, address: str) -> bool:
        if not self._trusted or not _is_address(address):
            return False
        parsed = ip_address(address)
        if isinstance(parsed, IPv6Address) and parsed.ipv4_mapped is not None:
            parsed = parsed.ipv4_mapped
        return any(parsed in network for network in self._trusted)


def _is_address(text: str) -> bool:
    try:
        ip_address(text)
    except ValueError:
        return False
    return True
