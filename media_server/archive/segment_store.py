"""What every segment store promises; `tests/integration/media_server/test_segment_store.py` holds each one to it."""

from collections.abc import AsyncIterator
from typing import Protocol


class SegmentStore(Protocol):
    """Bytes by digest (SHA-256, lower-case hex). The same bytes are kept once. Never serves bytes that do not match."""

    @property
    def where(self) -> str:
        """Which directory or bucket, for people; no secrets."""
        ...

    async def put(self, digest: str, data: bytes) -> None:
        """Keep `data`; durable when it returns; again costs nothing. A damaged copy is replaced.

        Raises `BadInput("digest_mismatch")`, `Unavailable("segment_store_full")`, `Unavailable("segment_store_down")`.
        """
        ...

    async def get(self, digest: str) -> bytes:
        """The whole of it, verified. Raises `NotFound("segment_missing")`, `Unavailable("segment_damaged")`."""
        ...

    async def has(self, digest: str) -> bool:
        """Whether something is kept under `digest`; does not read it."""
        ...

    async def remove(self, digest: str) -> None:
        """Forget it; again does nothing."""
        ...

    def listed(self, prefix: str = "") -> AsyncIterator[tuple[str, int]]:
        """What is kept under digests that begin so (nothing, or two hex digits), in any order; with its bytes."""
        ...

    async def free_bytes(self) -> int | None:
        """Room left; None where nobody knows."""
        ...

    async def close(self) -> None:
        """Let go of connections."""
        ...
