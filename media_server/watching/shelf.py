"""Recordings somebody watches now: their manifests, read once for everybody, and what has been listed of them."""

import asyncio
from collections import OrderedDict

from classroom.access.archive import access_recording_to_download, access_recording_to_watch
from classroom.access.watching import manifest_of
from classroom.clock import Clock
from classroom.errors import NotFound
from classroom.model.manifest import Manifest
from classroom.model.principal import Principal
from classroom.model.recording import TrackKind
from classroom.store.store import Store
from media_server.hls.listing import Listing, breaks_of
from media_server.watching.renditions import Rendition, renditions, running_renditions

_RUNNING_AGE_S = 1.0  # a segment is there for players at most so much later
_KEPT_AGE_S = 10.0  # damage found, or a segment repaired, shows within this
_MOST = 64
# A player asks for a segment every few seconds on every track; who may watch does not change that fast.
_ALLOWED_S = 5.0
_MOST_ALLOWED = 4096


class Shelved:
    """One recording. The listings of a running lesson only grow, as long as anybody asks for them."""

    def __init__(self, manifest: Manifest, now: float) -> None:
        self.manifest = manifest
        self.read_at = self.checked_at = now
        self._all: dict[str, Rendition] | None = None
        self._whole: dict[str, Listing] = {}
        self._running: dict[str, Rendition] = {}
        self._listings: dict[str, Listing] = {}
        self._following: dict[tuple[str, TrackKind], str] = {}
        self._digests: frozenset[str] | None = None
        self._grow()

    def take(self, manifest: Manifest, now: float) -> None:
        """A newer manifest, read at `now`."""
        self.read_at = now
        if manifest != self.manifest:
            self.manifest = manifest
            self._all = self._digests = None
            self._grow()

    @property
    def renditions(self) -> dict[str, Rendition]:
        """By key; of every source all that there is."""
        if self._all is None:
            self._all = {each.key: each for each in renditions(self.manifest)}
            self._whole = {}
        return self._all

    def rendition(self, key: str) -> Rendition:
        """Raises `NotFound("rendition_unknown")`."""
        found = self.renditions.get(key)
        if found is None:
            raise NotFound("rendition_unknown", rendition=key[:64])
        return found

    def whole(self, key: str) -> Listing:
        """All of a rendition. Raises `NotFound("rendition_unknown")`."""
        rendition = self.rendition(key)
        if key not in self._whole:
            self._whole[key] = Listing.of(rendition.clips, _breaks(self.renditions))
        return self._whole[key]

    def holds(self, digest: str) -> bool:
        """Whether a segment or header belongs to this recording."""
        if self._digests is None:
            self._digests = frozenset(
                digest
                for _, segments in self.manifest.tracks
                for segment in segments
                for digest in (segment.digest, segment.init_digest)
            )
        return digest in self._digests

    @property
    def running(self) -> dict[str, Rendition]:
        """What players of the running lesson follow, by key."""
        if not self._running:
            self._grow(late=True)
        return self._running

    def so_far(self, key: str) -> Listing:
        """What was listed while the lesson runs. Raises `NotFound("rendition_unknown")`."""
        if key not in self.running:
            raise NotFound("rendition_unknown", rendition=key[:64])
        return self._listings[key]

    def _grow(self, *, late: bool = False) -> None:
        """`late`: somebody asks for what a lesson listed while it ran, and has not since we began."""
        if not (self.manifest.running or self._listings or late):
            return
        self._running = {each.key: each for each in running_renditions(self.manifest, self._following)}
        breaks = _breaks(self._running)
        for key, each in self._running.items():
            # The last AAC segment is not whole before it is known what follows.
            clips = each.clips[:-1] if each.made and self.manifest.running else each.clips
            self._listings.setdefault(key, Listing()).extend(clips, breaks)


def _breaks(found: dict[str, Rendition]) -> list[int]:
    """Of all recorded renditions: those made from others have one header for ever."""
    return sorted(moment for each in found.values() if not each.made for moment in breaks_of(each.clips))


class Shelf:
    """Keeps the recordings watched last."""

    def __init__(self, store: Store, clock: Clock) -> None:
        self._store = store
        self._clock = clock
        self._shelved: OrderedDict[str, Shelved] = OrderedDict()
        self._allowed: OrderedDict[tuple[str, str | None, str, str | None], float] = OrderedDict()
        self._reading: dict[str, asyncio.Lock] = {}

    async def get(self, principal: Principal, recording_id: str, share: str | None = None) -> Shelved:
        """The recording, for whoever may watch it. Raises as `access_recording_to_watch`."""
        key = (principal.id, principal.lesson_id, recording_id, share)
        now = self._clock.monotonic()
        if self._allowed.get(key, 0.0) <= now:
            self._allowed.pop(key, None)
            await access_recording_to_watch(self._store, principal, recording_id, self._clock.now(), share)
            self._allowed[key] = now + _ALLOWED_S
            while len(self._allowed) > _MOST_ALLOWED:
                self._allowed.popitem(last=False)
        return await self.read(recording_id)

    async def get_to_download(self, principal: Principal, recording_id: str, share: str | None = None) -> Shelved:
        """The recording, for whoever may take it away. Raises as `access_recording_to_download`."""
        await access_recording_to_download(self._store, principal, recording_id, self._clock.now(), share)
        return await self.read(recording_id)

    async def read(self, recording_id: str, *, fresh: bool = False) -> Shelved:
        """The recording, on the server's own behalf; `fresh`: as it is at this moment."""
        lock = self._reading.setdefault(recording_id, asyncio.Lock())
        try:
            async with lock:
                return await self._read(recording_id, fresh)
        finally:
            if not lock.locked():
                self._reading.pop(recording_id, None)

    async def _read(self, recording_id: str, fresh: bool) -> Shelved:
        now = self._clock.monotonic()
        shelved = self._shelved.get(recording_id)
        if shelved is None:
            manifest = await manifest_of(self._store, recording_id)
            shelved = self._shelved[recording_id] = Shelved(manifest, now)
            while len(self._shelved) > _MOST:
                self._shelved.popitem(last=False)
        else:
            running = shelved.manifest.running
            if fresh or now - shelved.read_at >= (_RUNNING_AGE_S if running else _KEPT_AGE_S):
                whole = fresh or not running or now - shelved.checked_at >= _KEPT_AGE_S
                known = None if whole else shelved.manifest
                if whole:
                    shelved.checked_at = now
                shelved.take(await manifest_of(self._store, recording_id, known), now)
        self._shelved.move_to_end(recording_id)
        return shelved

    def forget(self, digest: str) -> None:
        """A segment was found to be broken: whatever it belongs to is read anew when it is asked for next."""
        for shelved in self._shelved.values():
            if shelved.holds(digest):
                shelved.read_at = shelved.checked_at = float("-inf")
