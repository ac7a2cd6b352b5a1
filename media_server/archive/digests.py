"""Digests: SHA-256 in lower-case hex, checked before anything is kept or believed."""

import asyncio
import re
from hashlib import sha256

from classroom.errors import BadInput

_DIGEST = re.compile(r"[0-9a-f]{64}")
_IN_THREAD_BYTES = 64_000  # hashing so much takes longer than a thread does to begin


def checked_digest(digest: str) -> str:
    """Raises `BadInput("digest_malformed")`. Nothing else ever becomes part of a path."""
    if not _DIGEST.fullmatch(digest):
        raise BadInput("digest_malformed", digest=digest[:64])
    return digest


async def digest_of(data: bytes) -> str:
    if len(data) < _IN_THREAD_BYTES:
        return sha256(data).hexdigest()
    return await asyncio.to_thread(lambda: sha256(data).hexdigest())


async def check_data(digest: str, data: bytes) -> None:
    """Raises `BadInput("digest_mismatch")` when `data` is something else."""
    checked_digest(digest)
    if await digest_of(data) != digest:
        raise BadInput("digest_mismatch", digest=digest)
