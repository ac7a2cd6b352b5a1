"""Passwords: argon2id (RFC 9106) in a thread, since one check costs tens of milliseconds of processor by design."""

import asyncio
import unicodedata
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from functools import cache
from typing import TypeVar

from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerificationError

from classroom.errors import BadInput

# RFC 9106 § 4, second recommended option: 64 MiB, 3 passes, 4 lanes: argon2-cffi's default profile.
_hasher = PasswordHasher()

T = TypeVar("T")

# Of a random password nobody knows: checked when there is no such account, so that the answer takes as long.
NOBODYS_HASH = "$argon2id$v=19$m=65536,t=3,p=4$4hlTsjnM9jUV3b/+Kz01Gw$wVwQnI3WGb3s0TfGvaZiWIru9E4NktK51BxOyQ6Rnkc"

# Each check takes 64 MiB while it runs, and four lanes of processor that forwarding needs more: a class that signs in
# all at once waits a moment, and holds up no other work of the process's threads.
CONCURRENT_CHECKS = 2

SHORTEST_PASSWORD = 8
LONGEST_PASSWORD = 256


def check_new_password(password: str) -> None:
    """Raises `BadInput("password_too_short")` or `BadInput("password_too_long")`."""
    if len(password) < SHORTEST_PASSWORD:
        raise BadInput("password_too_short", shortest=SHORTEST_PASSWORD)
    if len(password) > LONGEST_PASSWORD:
        raise BadInput("password_too_long", longest=LONGEST_PASSWORD)


def _normal(password: str) -> str:
    # NIST SP 800-63B § 5.1.1.2: normalise, so that the same keys give the same password on every keyboard
    return unicodedata.normalize("NFKC", password)


async def hash_password(password: str) -> str:
    """The text to store for a password."""
    return await _in_thread(lambda: _hasher.hash(_normal(password)))


@cache
def _threads() -> ThreadPoolExecutor:
    return ThreadPoolExecutor(CONCURRENT_CHECKS, thread_name_prefix="passwords")


async def _in_thread(work: Callable[[], T]) -> T:
    return await asyncio.get_running_loop().run_in_executor(_threads(), work)


def _verify(stored: str | None, password: str) -> bool:
    try:
        _hasher.verify(stored or NOBODYS_HASH, password)
    except (VerificationError, InvalidHashError):
        return False
    return stored is not None


async def password_matches(stored: str | None, password: str) -> bool:
    """Whether `password` is the one `stored` was made from; equally long, and False, for `stored` None."""
    return await _in_thread(lambda: _verify(stored, _normal(password)))


def needs_rehash(stored: str) -> bool:
    """Whether `stored` was made with weaker parameters than today's."""
    return _hasher.check_needs_rehash(stored)
