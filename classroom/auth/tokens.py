"""Signed tokens (JWT, RFC 7519, HS256): what a guest, a third-party publisher or a room's device shows instead of a
password. They open one lesson or one room, and say so in the claim `kind`."""

import secrets
from enum import StrEnum
from typing import Any

from joserfc import jwt
from joserfc.errors import ExpiredTokenError, JoseError
from joserfc.jwk import OctKey
from pydantic import BaseModel, ConfigDict, ValidationError

from classroom.clock import Clock
from classroom.errors import NotSignedIn
from classroom.model.principal import Principal, Role

ALGORITHMS = ["HS256"]
JOIN_TTL_S = 600
PUBLISH_TTL_S = 12 * 3600
# Longer than any token of ours; whatever exceeds it is not worth a signature check.
LONGEST_TOKEN = 2048


class TokenKind(StrEnum):
    """What a token opens."""

    JOIN = "join"
    PUBLISH = "publish"
    DEVICE = "device"


class _Claims(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True, strict=True)

    kind: str
    sub: str
    name: str = ""
    lesson: str | None = None
    source: str | None = None
    room: str | None = None
    iat: int
    exp: int | None = None


class Tokens:
    """Issues and reads tokens with one `key` (at least 32 bytes, see `classroom.auth.secret`)."""

    def __init__(self, key: bytes, clock: Clock) -> None:
        self._key = OctKey.import_key(key)
        self._clock = clock

    def issue_join(self, lesson_id: str, name: str, ttl_s: int = JOIN_TTL_S) -> str:
        """For a guest to watch one lesson under `name`. The guest's id is random and stays with the token."""
        guest = f"guest-{secrets.token_hex(8)}"
        return self._sign(ttl_s, kind=TokenKind.JOIN.value, sub=guest, name=name, lesson=lesson_id)

    def issue_publish(self, lesson_id: str, source: str, ttl_s: int = PUBLISH_TTL_S) -> str:
        """For a third-party publisher (OBS, an encoder) to publish one source into one lesson."""
        publisher = f"publisher-{secrets.token_hex(8)}"
        return self._sign(
            ttl_s, kind=TokenKind.PUBLISH.value, sub=publisher, name=source, lesson=lesson_id, source=source
        )

    def issue_device(self, room_id: str, device_id: str) -> str:
        """For a room's agent. It does not expire: it is revoked in the store (`access_device_revoke`)."""
        return self._sign(None, kind=TokenKind.DEVICE.value, sub=device_id, room=room_id)

    def read(self, token: str) -> Principal:
        """Who holds this token. Raises `NotSignedIn` with `token_expired` or `token_invalid`.

        A device's principal is only as good as its row in the store: use `principal_of_token` for requests.
        """
        claims = self._verify(token)
        match claims.kind:
            case TokenKind.JOIN if claims.lesson:
                return Principal(id=claims.sub, name=claims.name, lesson_id=claims.lesson)
            case TokenKind.PUBLISH if claims.lesson and claims.source:
                return Principal(id=claims.sub, name=claims.name, lesson_id=claims.lesson, publish_source=claims.source)
            case TokenKind.DEVICE if claims.room:
                return Principal(id=claims.sub, name=claims.name, roles=frozenset({Role.DEVICE}), room_id=claims.room)
        raise NotSignedIn("token_invalid")

    def _sign(self, ttl_s: int | None, **claims: str) -> str:
        now = int(self._clock.now().timestamp())
        times: dict[str, Any] = {"iat": now} if ttl_s is None else {"iat": now, "exp": now + ttl_s}
        return jwt.encode({"alg": ALGORITHMS[0]}, {**claims, **times}, self._key, algorithms=ALGORITHMS)

    def _verify(self, token: str) -> _Claims:
        if len(token) > LONGEST_TOKEN:
            raise NotSignedIn("token_invalid")
        try:
            decoded = jwt.decode(token, self._key, algorithms=ALGORITHMS)
            claims = _Claims.model_validate(decoded.claims)
            now = int(self._clock.now().timestamp())
            # No check of `iat`: a hub and a media node may differ by a second or two, and it grants nothing.
            jwt.JWTClaimsRegistry(now=now, leeway=0).validate_exp(claims.exp) if claims.exp is not None else None
        except ExpiredTokenError:
            raise NotSignedIn("token_expired") from None
        except (JoseError, ValidationError, ValueError):
            raise NotSignedIn("token_invalid") from None
        return claims
