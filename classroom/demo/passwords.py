"""Passwords of the demo's accounts: the same at every start, different in every installation (ADR 7)."""

import hmac
from typing import Final

# Syllables that are told apart at a glance and on the telephone.
_SYLLABLES: Final = (
    "bai",
    "cao",
    "deng",
    "feng",
    "gao",
    "hua",
    "jing",
    "ke",
    "lan",
    "mei",
    "niu",
    "ping",
    "qing",
    "ren",
)
_SYLLABLE_COUNT: Final = 3
_DIGIT_COUNT: Final = 4


def demo_password(secret: bytes, username: str) -> str:
    """Such as `mei-gao-ping-4071`: about 24 bits, enough for a demo behind the rate limit of signing in."""
    number = int.from_bytes(hmac.digest(secret, b"demo password " + username.encode(), "sha256"))
    parts = []
    for _ in range(_SYLLABLE_COUNT):
        number, index = divmod(number, len(_SYLLABLES))
        parts.append(_SYLLABLES[index])
    return "-".join([*parts, f"{number % 10**_DIGIT_COUNT:0{_DIGIT_COUNT}d}"])
