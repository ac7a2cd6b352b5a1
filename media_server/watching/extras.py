"""Pictures, waveform, chapters and AAC of every recording, made in the background, one after another."""

import asyncio
from collections.abc import Awaitable, Callable
from functools import partial
from hashlib import sha256

from classroom.access.extras import claim_extras, extras_of, finish_extras, tell_extras, unfinished_extras
from classroom.catalog import word
from classroom.clock import Clock
from classroom.errors import ClassroomError
from classroom.logs import get_logger
from classroom.model.recording import TrackKind
from classroom.store.store import Store
from media_server.hls.multivariant import picture_rank
from media_server.movie.layout import Chapter
from media_server.watching.gallery import Gallery
from media_server.watching.makers import Makers
from media_server.watching.renditions import Rendition, aac_orders
from media_server.watching.shelf import Shelf, Shelved

log = get_logger(__name__)

# Sources in which a new picture means a new part of the lesson.
_CHAPTERED = ("slides", "screen")
_TELL_EVERY_S = 2.0
_LOOK_EVERY_S = 600.0
_MOST_AT_ONCE = 100

Step = Callable[[], Awaitable[object]]


class Extras:
    """Makes them, and says how far they are."""

    def __init__(
        self, store: Store, clock: Clock, shelf: Shelf, makers: Makers, *, gallery: Gallery, node: str
    ) -> None:
        self._store = store
        self._clock = clock
        self._shelf = shelf
        self._makers = makers
        self._gallery = gallery
        self._node = node[:80]
        self._waiting: dict[str, None] = {}
        self._woken = asyncio.Event()

    def want(self, recording_id: str) -> None:
        """Somebody watches it, or it has just ended: before the others, please."""
        self._waiting = {recording_id: None, **self._waiting}
        self._woken.set()

    async def run(self) -> None:
        """For ever: what is wanted, then what nobody has asked for yet."""
        while True:
            if not self._waiting:
                self._waiting = dict.fromkeys(await unfinished_extras(self._store, _MOST_AT_ONCE))
            while self._waiting:
                recording_id = next(iter(self._waiting))
                del self._waiting[recording_id]
                try:
                    await self.make(recording_id)
                except ClassroomError as error:
                    log.warning("extras not made", recording=recording_id, code=error.code)
            self._woken.clear()
            looking = asyncio.ensure_future(self._clock.sleep(_LOOK_EVERY_S))
            waking = asyncio.ensure_future(self._woken.wait())
            try:
                await asyncio.wait([looking, waking], return_when=asyncio.FIRST_COMPLETED)
            finally:
                looking.cancel()
                waking.cancel()

    async def chapters(self, recording_id: str, language: str) -> list[Chapter]:
        """Of slides, numbered; none when there are no slides, or they have not been looked through."""
        progress = await extras_of(self._store, recording_id)
        if progress is None:
            return []
        name = word("chapter", "slide", language)
        return [Chapter(start_s, name.format(number=number)) for number, start_s in enumerate(progress.chapters, 1)]

    async def make(self, recording_id: str) -> bool:
        """False when there is nothing to be done, or somebody else does it."""
        shelved = await self._shelf.read(recording_id, fresh=True)
        if shelved.manifest.running:
            return False
        steps = self._steps(shelved)
        made, now = made_from(shelved), self._clock.now()
        if not await claim_extras(self._store, recording_id, self._node, made_from=made, steps=len(steps), now=now):
            return False
        done = failed = 0
        told_at = self._clock.monotonic()
        for step in steps:
            failed += not await _tried(step, recording_id)
            done += 1
            if self._clock.monotonic() - told_at >= _TELL_EVERY_S:
                told_at, now = self._clock.monotonic(), self._clock.now()
                if not await tell_extras(self._store, recording_id, self._node, done=done, failed=failed, now=now):
                    return False
        slides = next((each for each in pictures_of(shelved) if each.name in _CHAPTERED), None)
        chapters = [] if slides is None else await self._gallery.chapters(slides)
        now = self._clock.now()
        await finish_extras(self._store, recording_id, self._node, done=done, failed=failed, chapters=chapters, now=now)
        log.info("extras made", recording=recording_id, steps=done, failed=failed, chapters=len(chapters))
        if made_from(await self._shelf.read(recording_id, fresh=True)) != made:  # something came in the meantime
            self.want(recording_id)
        return True

    def _steps(self, shelved: Shelved) -> list[Step]:
        """What is made of each segment, then what needs all of them."""
        makers, gallery = self._makers, self._gallery
        steps: list[Step] = []
        last: list[Step] = []
        for rendition in shelved.renditions.values():
            if rendition.made:
                orders = aac_orders(rendition.pieces)
                steps += [partial(makers.aac, shelved.manifest, order) for order in orders]
                last.append(partial(makers.all_aac_samples, shelved.manifest, orders))
                continue
            for piece in rendition.pieces:
                picture = rendition.kind is TrackKind.VIDEO
                steps.append(partial(makers.still, piece) if picture else partial(makers.peaks, piece))
            last.append(partial(makers.all_samples, rendition))
        if pictures := pictures_of(shelved):
            last += [partial(gallery.sheet, pictures[0]), partial(gallery.poster, pictures[0])]
        if sound := main_sound(shelved):
            last.append(partial(gallery.waveform, sound))
        return steps + last


async def _tried(step: Step, recording_id: str) -> bool:
    """Whether it could be made; what one segment does not give is left out, the rest is made."""
    try:
        await step()
    except (ClassroomError, ValueError) as error:
        reason = error.code if isinstance(error, ClassroomError) else type(error).__name__
        log.info("not made", recording=recording_id, reason=reason)
        return False
    return True


def made_from(shelved: Shelved) -> str:
    """A digest of all that is shown of a recording."""
    clips = [
        f"{key} {clip.digest} {clip.start_us} {clip.end_us}"
        for key, rendition in sorted(shelved.renditions.items())
        if not rendition.made
        for clip in rendition.clips
    ]
    return sha256("\n".join(clips).encode()).hexdigest()


def pictures_of(shelved: Shelved) -> list[Rendition]:
    """The renditions that are pictures, the one shown first first."""
    found = [each for each in shelved.renditions.values() if each.kind is TrackKind.VIDEO]
    return sorted(found, key=lambda each: picture_rank(each.name))


def main_sound(shelved: Shelved) -> Rendition | None:
    """The recorded sound of the lesson."""
    sounds = [each for each in shelved.renditions.values() if each.kind is TrackKind.AUDIO and not each.made]
    return min(sounds, key=lambda each: picture_rank(each.name), default=None)
