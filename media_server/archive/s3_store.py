"""Segments in an S3-compatible bucket, through obstore (the Rust crate object_store: signing, retries, streams)."""

import re
from collections.abc import AsyncIterator, Iterator
from contextlib import contextmanager
from datetime import timedelta
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from obstore.exceptions import BaseError
from obstore.store import S3Store

if TYPE_CHECKING:
    from obstore.store import S3Config

from classroom.errors import NotFound, Unavailable
from media_server.archive.digests import check_data, checked_digest, digest_of

_TIMEOUT_S = 30
# A short line break is worth waiting for; a longer one is the caller's to retry, with the segment safe elsewhere.
_RETRIES, _RETRY_WITHIN_S = 3, 20
# What the known servers say when there is no room left (MinIO, Ceph, AWS Outposts; 507 of WebDAV's).
_FULL = re.compile(r"StorageFull|QuotaExceeded|InsufficientStorage|\b507\b|OutOfCapacity")
_REASONS = (
    re.compile(r"<Code>(\w+)</Code>"),
    re.compile(r"(NoSuchBucket|refused|timed out|dns error)", re.IGNORECASE),
    re.compile(r"status(?: code)?: (\d+)"),
)


class S3SegmentStore:
    """See `SegmentStore`. Objects are named `PREFIX/ab/abcd…`; the bucket must exist."""

    def __init__(
        self, url: str, *, endpoint: str = "", region: str = "", access_key: str = "", secret_key: str = ""
    ) -> None:
        """`url` is `s3://BUCKET/PREFIX`; without an endpoint it is Amazon's of the region."""
        parts = urlsplit(url)
        self._where = f"{url} ({endpoint})" if endpoint else url
        prefix = parts.path.strip("/")
        config: S3Config = {"region": region or "us-east-1"}
        if endpoint:
            config["endpoint"] = endpoint
        if access_key:
            config |= {"access_key_id": access_key, "secret_access_key": secret_key}
        self._store = S3Store(
            parts.netloc,
            prefix=prefix or None,
            config=config,
            client_options={"allow_http": True, "timeout": timedelta(seconds=_TIMEOUT_S)},
            retry_config={"max_retries": _RETRIES, "retry_timeout": timedelta(seconds=_RETRY_WITHIN_S)},
        )

    @property
    def where(self) -> str:
        return self._where

    async def put(self, digest: str, data: bytes) -> None:
        """Always written: asking whether a whole copy is there would mean to read it."""
        await check_data(digest, data)
        with self._explained(digest):
            await self._store.put_async(_name(digest), data, use_multipart=False)

    async def get(self, digest: str) -> bytes:
        with self._explained(digest):
            result = await self._store.get_async(_name(checked_digest(digest)))
            data = bytes(await result.bytes_async())
        if await digest_of(data) != digest:
            raise Unavailable("segment_damaged", digest=digest)
        return data

    async def has(self, digest: str) -> bool:
        try:
            with self._explained(digest):
                await self._store.head_async(_name(checked_digest(digest)))
        except NotFound:
            return False
        return True

    async def remove(self, digest: str) -> None:
        with self._explained(digest):
            try:
                await self._store.delete_async(_name(checked_digest(digest)))
            except FileNotFoundError:
                return

    async def listed(self, prefix: str = "") -> AsyncIterator[tuple[str, int]]:
        with self._explained(""):
            async for objects in self._store.list_async(prefix or None):
                for each in objects:
                    yield each["path"].rpartition("/")[2], each["size"]

    async def free_bytes(self) -> int | None:
        return None

    async def close(self) -> None:
        """obstore closes its connections with the object."""

    @contextmanager
    def _explained(self, digest: str) -> Iterator[None]:
        try:
            yield
        except FileNotFoundError as error:
            if "NoSuchBucket" in str(error):
                raise Unavailable("segment_store_down", where=self.where, reason="NoSuchBucket") from error
            raise NotFound("segment_missing", digest=digest) from error
        except (BaseError, OSError) as error:
            text = str(error)
            if _FULL.search(text):
                raise Unavailable("segment_store_full", where=self.where) from error
            raise Unavailable("segment_store_down", where=self.where, reason=_reason(error, text)) from error


def _name(digest: str) -> str:
    return f"{digest[:2]}/{digest}"


def _reason(error: Exception, text: str) -> str:
    """A word of the error's text, never all of it: it may hold a signed request."""
    found = next((match for reason in _REASONS if (match := reason.search(text))), None)
    return found[1] if found else type(error).__name__
