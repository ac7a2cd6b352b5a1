"""One suite for every segment store: what `SegmentStore` promises, on a disk and on a real S3-compatible server."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from dataclasses import dataclass
from hashlib import sha256
from pathlib import Path

import pytest
from obstore.store import S3Store
from pydantic import SecretStr

from classroom.errors import BadInput, NotFound, Unavailable
from classroom.settings import Settings
from media_server.archive.local_store import LocalSegmentStore
from media_server.archive.open_store import open_segment_store
from media_server.archive.s3_store import S3SegmentStore
from media_server.archive.segment_store import SegmentStore
from tests.fakes.servers import S3Server

DATA = b"some seconds of a lesson" * 9_000
DIGEST = sha256(DATA).hexdigest()


@dataclass
class Kept:
    """A store, and a way to spoil what it keeps behind its back."""

    store: SegmentStore
    spoil: Callable[[str, bytes], Awaitable[object]]


@pytest.fixture(params=["local", "s3"])
async def kept(request: pytest.FixtureRequest, tmp_path: Path) -> AsyncIterator[Kept]:
    if request.param == "local":
        settings = Settings(data=tmp_path, recordings_keep_free_mb=0)
        folder = settings.recordings_path / "segments"

        async def spoil(digest: str, data: bytes) -> None:
            (folder / digest[:2] / digest[2:4] / f"{digest}.seg").write_bytes(data)
    else:
        server: S3Server = request.getfixturevalue("s3_server")
        prefix = tmp_path.name
        settings = Settings(
            data=tmp_path,
            recordings_store=f"s3://{server.BUCKET}/{prefix}",
            recordings_s3_endpoint=server.endpoint,
            recordings_s3_access_key="key",
            recordings_s3_secret_key=SecretStr("secret"),
        )
        behind = S3Store(
            server.BUCKET,
            prefix=prefix,
            endpoint=server.endpoint,
            access_key_id="key",
            secret_access_key="secret",
            region="us-east-1",
            client_options={"allow_http": True},
        )

        async def spoil(digest: str, data: bytes) -> None:
            await behind.put_async(f"{digest[:2]}/{digest}", data)

    store = open_segment_store(settings)
    yield Kept(store, spoil)
    await store.close()


async def listed(store: SegmentStore) -> list[str]:
    return sorted([digest async for digest, _ in store.listed()])


async def test_what_is_kept_is_listed_with_its_size_in_parts_too(kept: Kept) -> None:
    pieces = {sha256(data).hexdigest(): data for data in (bytes([n]) * n for n in range(1, 30))}
    await asyncio.gather(*(kept.store.put(digest, data) for digest, data in pieces.items()))
    sizes = {digest: len(data) for digest, data in pieces.items()}
    assert {digest: size async for digest, size in kept.store.listed()} == sizes
    some = next(iter(pieces))[:2]
    found = {digest: size async for digest, size in kept.store.listed(some)}
    assert found == {digest: size for digest, size in sizes.items() if digest.startswith(some)}


async def test_what_was_put_is_got(kept: Kept) -> None:
    store = kept.store
    assert not await store.has(DIGEST)
    await store.put(DIGEST, DATA)
    await store.put(DIGEST, DATA)
    assert await store.has(DIGEST)
    assert await store.get(DIGEST) == DATA
    empty = sha256(b"").hexdigest()
    await store.put(empty, b"")
    assert await store.get(empty) == b""
    assert await listed(store) == sorted([DIGEST, empty])


async def test_what_was_removed_is_missing(kept: Kept) -> None:
    store = kept.store
    await store.put(DIGEST, DATA)
    await store.remove(DIGEST)
    await store.remove(DIGEST)
    assert not await store.has(DIGEST)
    assert await listed(store) == []
    with pytest.raises(NotFound) as caught:
        await store.get(DIGEST)
    assert caught.value.code == "segment_missing"


@pytest.mark.parametrize("spoilt", [DATA[:-1], b"", DATA[:4_000] + b"\x00" + DATA[4_001:]])
async def test_a_damaged_copy_is_never_served_and_can_be_replaced(kept: Kept, spoilt: bytes) -> None:
    store = kept.store
    await store.put(DIGEST, DATA)
    await kept.spoil(DIGEST, spoilt)
    with pytest.raises(Unavailable) as caught:
        await store.get(DIGEST)
    assert (caught.value.code, caught.value.data["digest"]) == ("segment_damaged", DIGEST)
    await store.put(DIGEST, DATA)
    assert await store.get(DIGEST) == DATA


async def test_only_what_its_digest_says_is_taken(kept: Kept) -> None:
    store = kept.store
    with pytest.raises(BadInput) as caught:
        await store.put(DIGEST, DATA + b"!")
    assert caught.value.code == "digest_mismatch"
    for name in ("", "../../etc/passwd", DIGEST.upper(), DIGEST + "0", DIGEST[:-1] + "/"):
        with pytest.raises(BadInput) as caught:
            await store.get(name)
        assert caught.value.code == "digest_malformed"
        with pytest.raises(BadInput):
            await store.put(name, DATA)
    assert await listed(store) == []


async def test_many_at_once_and_the_same_at_once(kept: Kept) -> None:
    store = kept.store
    pieces = {sha256(data).hexdigest(): data for data in (bytes([n]) * 1_000 for n in range(20))}
    await asyncio.gather(*(store.put(digest, data) for digest, data in pieces.items()))
    await asyncio.gather(*(store.put(DIGEST, DATA) for _ in range(8)))
    assert await listed(store) == sorted([*pieces, DIGEST])
    assert await asyncio.gather(*map(store.get, pieces)) == list(pieces.values())


async def test_it_says_where_it_is_and_tells_no_secret(kept: Kept) -> None:
    assert kept.store.where
    assert "secret" not in kept.store.where
    free = await kept.store.free_bytes()
    assert free is None or free > 0


async def test_a_full_disk_takes_nothing_and_leaves_nothing(tmp_path: Path) -> None:
    store = LocalSegmentStore(tmp_path / "kept", keep_free_bytes=10**18)
    assert await store.free_bytes() == 0
    with pytest.raises(Unavailable) as caught:
        await store.put(DIGEST, DATA)
    assert (caught.value.code, caught.value.data["where"]) == ("segment_store_full", str(tmp_path / "kept"))
    assert [path for path in (tmp_path / "kept").rglob("*") if path.is_file()] == []


async def test_a_directory_that_cannot_be_one_is_named(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    with pytest.raises(Unavailable) as caught:
        LocalSegmentStore(tmp_path / "file")
    assert caught.value.code == "segment_store_down"
    assert caught.value.data["where"] == str(tmp_path / "file")


async def test_a_bucket_that_is_not_there_is_named(s3_server: S3Server) -> None:
    store = S3SegmentStore("s3://nowhere", endpoint=s3_server.endpoint, access_key="key", secret_key="secret")
    for use in (store.put(DIGEST, DATA), store.get(DIGEST), listed(store)):
        with pytest.raises(Unavailable) as caught:
            await use
        assert (caught.value.code, caught.value.data["reason"]) == ("segment_store_down", "NoSuchBucket")
