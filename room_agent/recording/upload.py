"""Brings what is on the disk to the server, in order, again and again until the server says that it is safe.

The queue is the disk itself: what there is stands in the manifests, what is missing the server says. So nothing is lost
with this process, and nothing has to be kept in step.
"""

import asyncio
import errno
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from datetime import datetime
from hashlib import sha256
from pathlib import Path

from classroom.clock import SCHOOL_ZONE, Clock
from classroom.logs import get_logger
from classroom.messages.recording import MAX_LOST, MissingView, NewTrackBody, SegmentLine, TrackStockView
from room_agent.config import UploadPolicy
from room_agent.recording.folders import (
    LessonFolder,
    lesson_folders,
    read_manifest,
    read_safe,
    segment_path,
    write_safe,
)
from room_agent.recording.server import RecordingServer, UploadRefused
from room_agent.studio.backoff import Backoff

_LOOK_S = 1.0
_ASK_AGAIN_S = 600.0  # whether the server has lost something it had: then it wants it again
_NIGHT_FROM, _NIGHT_UNTIL = 22, 6  # hours at school; nobody teaches then
# The disk says so itself, or the file is not there: that will not get better. Of all else one cannot know.
_ROTTEN = frozenset({errno.EIO, errno.ENOENT, errno.EBADMSG, errno.EUCLEAN, errno.EILSEQ})

log = get_logger(__name__)


@dataclass(slots=True)
class TrackUpload:
    """A track as the upload knows it. `stock` is what the server said last."""

    path: Path
    track: NewTrackBody
    lines: list[SegmentLine] = field(default_factory=list)
    stock: TrackStockView | None = None
    asked_s: float = float("-inf")
    # What rotted here before the server had it: by digest, from when to when (seconds) nothing can be shown.
    damaged: dict[str, tuple[float, float]] = field(default_factory=dict)
    given_up: bool = False  # the server knows that it waits in vain

    @property
    def safe_segments(self) -> int:
        """How many from the beginning, without a hole, are on the server."""
        if self.stock is None:
            return min(read_safe(self.path)[0], len(self.lines))
        missing = {each.digest for each in self.stock.missing}
        for line in self.lines[: self.stock.next_sequence]:
            if line.digest in missing or line.init_digest in missing:
                return line.sequence
        return min(self.stock.next_sequence, len(self.lines))

    @property
    def all_safe(self) -> bool:
        if self.stock is None:
            return read_safe(self.path)[1]
        return self.stock.complete and not self.stock.missing and self.stock.next_sequence == len(self.lines)

    @property
    def over(self) -> bool:
        """Nothing is left that could be brought: it is safe, or what is missing has rotted here."""
        if self.stock is None or not self.given_up:
            return self.all_safe
        return all(each.digest in self.damaged for each in self.stock.missing)

    def seconds(self, segments: int) -> float:
        """Where the n-th segment ends, on the media clock."""
        line = self.lines[segments - 1] if segments else None
        return (line.start + line.duration) / self.track.timescale if line is not None else 0.0


@dataclass(slots=True)
class LessonUpload:
    folder: LessonFolder
    tracks: dict[Path, TrackUpload] = field(default_factory=dict)

    @property
    def safe(self) -> bool:
        """Every byte of it is on the server, and the server knows that this is all."""
        return self.folder.note.ended and all(track.all_safe for track in self.tracks.values())

    @property
    def over(self) -> bool:
        """Nothing is left that could be brought."""
        return self.folder.note.ended and all(track.over for track in self.tracks.values())

    @property
    def damaged(self) -> list[tuple[float, float]]:
        """As `TrackUpload.damaged`, of all tracks, in order."""
        return sorted({span for track in self.tracks.values() for span in track.damaged.values()})

    @property
    def waiting_bytes(self) -> int:
        if self.over:
            return 0
        return sum(line.size_bytes for track in self.tracks.values() for line in track.lines[track.safe_segments :])

    @property
    def recorded_s(self) -> float:
        return max((track.seconds(len(track.lines)) for track in self.tracks.values()), default=0.0)

    @property
    def safe_s(self) -> float:
        """Up to here every track is on the server; of what is over, how much is there."""
        if self.over:
            return max(0.0, self.recorded_s - sum(end_s - begin_s for begin_s, end_s in self.damaged))
        return min((track.seconds(track.safe_segments) for track in self.tracks.values()), default=0.0)


class Upload:
    """`run` until cancelled. `problem` is why nothing moves, if so; `pace` is awaited before each piece sent."""

    def __init__(
        self,
        *,
        directory: Path,
        server: RecordingServer,
        clock: Clock,
        backoff: Backoff,
        policy: UploadPolicy,
        pace: Callable[[int], Awaitable[None]],
        running: Callable[[], str | None],
        on_change: Callable[[], None],
    ) -> None:
        """`running`: the lesson that is recorded now."""
        self._directory = directory
        self._server = server
        self._clock = clock
        self._backoff = backoff
        self._policy = policy
        self._pace = pace
        self._running = running
        self._on_change = on_change
        self._woken = asyncio.Event()
        self._begun: set[str] = set()  # digests whose upload has begun and not ended
        self._asked: set[Path] = set()  # tracks of which something was brought before
        self.lessons: dict[str, LessonUpload] = {}
        self.problem: UploadRefused | None = None

    def wake(self) -> None:
        """The server is back, or a lesson is over: do not sit out a pause."""
        self._backoff.succeeded()
        self._woken.set()

    async def run(self) -> None:
        while True:
            wait_s = _LOOK_S
            try:
                if await self.step():
                    wait_s = 0.0
                self._backoff.succeeded()
                self._problem(None)
            except UploadRefused as error:
                wait_s = self._backoff.failed()
                self._problem(error)
            if wait_s:
                self._woken.clear()
                waiting = asyncio.ensure_future(self._clock.sleep(wait_s))
                woken = asyncio.ensure_future(self._woken.wait())
                try:
                    await asyncio.wait((waiting, woken), return_when=asyncio.FIRST_COMPLETED)
                finally:
                    waiting.cancel()
                    woken.cancel()

    async def step(self) -> bool:
        """Look at the disk, say what is new, bring one segment. Whether there is more to bring at once.

        Raises `UploadRefused`.
        """
        await asyncio.to_thread(self._read)
        for lesson in self._in_order():
            if lesson.folder.note.refused is None and not (lesson.over and not self._ask_again(lesson)):
                try:
                    if await self._bring(lesson):
                        return True
                except UploadRefused as error:
                    if not error.final:
                        raise
                    log.error("recording refused", lesson=lesson.folder.note.lesson_id, reason=error.reason)
                    await asyncio.to_thread(lesson.folder.change, refused=error.reason)
        return False

    # -- inside ------------------------------------------------------------------------------------------------------

    def _read(self) -> None:
        """In a thread: what is on the disk now."""
        found = {folder.note.lesson_id: folder for folder in lesson_folders(self._directory)}
        for gone in self.lessons.keys() - found.keys():
            del self.lessons[gone]
        for lesson_id, folder in found.items():
            if lesson_id not in self.lessons and folder.note.ended and lesson_id != self._running():
                _mend(folder)
            lesson = self.lessons.setdefault(lesson_id, LessonUpload(folder))
            lesson.folder = folder
            for path in folder.track_paths():
                track = lesson.tracks.get(path)
                if track is None:
                    body = NewTrackBody.model_validate_json((path / "track.json").read_bytes())
                    track = lesson.tracks[path] = TrackUpload(path, body)
                track.lines += read_manifest(path, len(track.lines))

    def _in_order(self) -> list[LessonUpload]:
        """The lesson that runs first, then the oldest."""
        running = self._running()
        return sorted(self.lessons.values(), key=lambda each: each.folder.note.lesson_id != running)

    def _ask_again(self, lesson: LessonUpload) -> bool:
        now_s = self._clock.monotonic()
        return any(now_s - track.asked_s > _ASK_AGAIN_S for track in lesson.tracks.values())

    async def _bring(self, lesson: LessonUpload) -> bool:
        now_s = self._clock.monotonic()
        for track in lesson.tracks.values():
            await self._announce(lesson, track, now_s)
        if lesson.folder.note.dropped:
            await self._give_up(lesson)
            return False
        if not self._may_bring(lesson):
            return False
        waiting = [
            (line.start / track.track.timescale, each, track)
            for track in lesson.tracks.values()
            for each in (track.stock.missing if track.stock is not None else ())
            if each.digest not in track.damaged and (line := _line_of(track, each)) is not None
        ]
        if not waiting:
            return await self._give_up_damaged(lesson)
        _, missing, track = min(waiting, key=lambda each: (each[0], each[1].size_bytes is not None))
        await self._bring_one(track, missing)
        return True

    async def _announce(self, lesson: LessonUpload, track: TrackUpload, now_s: float) -> None:
        """Register the track, say its new lines, and its end; ask what is missing when we do not know."""
        ended = lesson.folder.note.ended and lesson.folder.note.lesson_id != self._running()
        if track.stock is None:
            track.stock = await self._server.register(lesson.folder.note.lesson_id, track.track)
        elif now_s - track.asked_s > _ASK_AGAIN_S:
            track.stock = await self._server.stock(track.stock.track_id)
        else:
            now_s = track.asked_s
        track.asked_s = now_s
        while track.stock.next_sequence < len(track.lines):
            lines = track.lines[track.stock.next_sequence :]
            track.stock = await self._server.announce(track.stock.track_id, lines)
            self._on_change()
        if ended and not track.stock.complete:
            track.stock = await self._server.complete(track.stock.track_id, len(track.lines))
        await self._note_safe(track)

    async def _give_up(self, lesson: LessonUpload) -> None:
        """The server need not wait for what the disk had no room for."""
        for track in lesson.tracks.values():
            if track.stock is not None:
                await self._server.complete(track.stock.track_id, len(track.lines), given_up=True)
        await asyncio.to_thread(lesson.folder.remove)
        self._on_change()

    async def _give_up_damaged(self, lesson: LessonUpload) -> bool:
        """All that is left of a lesson that is over has rotted here: nobody need wait for it. Whether there is more."""
        if not lesson.folder.note.ended or lesson.folder.note.lesson_id == self._running():
            return False
        more = False
        for track in lesson.tracks.values():
            if track.stock is None or track.given_up or not track.damaged:
                continue
            lost = list(track.damaged)
            all_of_it = len(lost) > MAX_LOST  # that disk is beyond picking out what is whole
            left = await self._server.complete(
                track.stock.track_id, len(track.lines), given_up=all_of_it, lost=lost[:MAX_LOST]
            )
            # It tells the first few hundred: of a disk that lost as many, what is whole comes to light only now.
            track.stock = track.stock.model_copy(update={"missing": [*track.stock.missing, *left.missing]})
            track.given_up = all_of_it or not left.missing
            more = more or not track.given_up
            self._on_change()
        return more

    async def _bring_one(self, track: TrackUpload, missing: MissingView) -> None:
        data = await asyncio.to_thread(_read_blob, track, missing)
        if data is None:
            self._rotten(track, missing)
            return
        begin = 0
        if missing.digest in self._begun or track.path not in self._asked:
            # It broke off, here or before this process was started.
            begin = (await self._server.received(missing.digest)).received_bytes
        self._asked.add(track.path)
        self._begun.add(missing.digest)
        view = await self._server.bring(missing.digest, data, min(begin, len(data) - 1), self._pace)
        self._begun.discard(missing.digest)
        if not view.stored or track.stock is None:
            return
        left = [each for each in track.stock.missing if each.digest != missing.digest]
        track.stock = track.stock.model_copy(update={"missing": left, "stored": track.stock.stored + 1})
        if not left:
            # There may be more than it told at once, and only it knows that everything is there.
            track.stock = await self._server.stock(track.stock.track_id)
        await self._note_safe(track)
        self._on_change()

    def _rotten(self, track: TrackUpload, missing: MissingView) -> None:
        lines = [line for line in track.lines if missing.digest in (line.digest, line.init_digest)]
        begin_s, end_s = lines[0].start / track.track.timescale, track.seconds(lines[-1].sequence + 1)
        track.damaged[missing.digest] = begin_s, end_s
        log.error(
            "recording is damaged here",
            where=str(track.path),
            digest=missing.digest,
            begin_s=round(begin_s, 3),
            end_s=round(end_s, 3),
        )
        self._on_change()

    async def _note_safe(self, track: TrackUpload) -> None:
        known = await asyncio.to_thread(read_safe, track.path)
        now = (track.safe_segments, track.all_safe)
        if now != known:
            await asyncio.to_thread(write_safe, track.path, *now)

    def _may_bring(self, lesson: LessonUpload) -> bool:
        if self._policy is UploadPolicy.NOW:
            return True
        if self._running() is not None:
            return False
        return self._policy is UploadPolicy.AFTER or is_night(self._clock.now())

    def _problem(self, problem: UploadRefused | None) -> None:
        before, self.problem = self.problem, problem
        if (problem is None) != (before is None):
            if problem is not None:
                log.warning("upload waits", code=problem.code, reason=problem.reason)
            self._on_change()


def is_night(now: datetime) -> bool:
    """When `UploadPolicy.NIGHT` brings recordings, in the schools' time."""
    hour = now.astimezone(SCHOOL_ZONE).hour
    return hour >= _NIGHT_FROM or hour < _NIGHT_UNTIL


def _mend(folder: LessonFolder) -> None:
    """In a thread: a manifest that rotted is written anew from the segments. What cannot be, stays as it is."""
    try:
        if not folder.note.dropped:
            folder.recover()
    except (OSError, ValueError) as error:
        log.error("recording not recovered", lesson=folder.note.lesson_id, reason=str(error))


def _line_of(track: TrackUpload, missing: MissingView) -> SegmentLine | None:
    """The first line that names it."""
    named = (line for line in track.lines if missing.digest in (line.digest, line.init_digest))
    return next(named, None)


def _read_blob(track: TrackUpload, missing: MissingView) -> bytes | None:
    """In a thread: what is kept here under that digest, None when it is damaged or gone. Raises `UploadRefused`."""
    line = _line_of(track, missing)
    if line is None:
        return None
    header = missing.digest == line.init_digest
    try:
        data = (track.path / f"{missing.digest}.mp4" if header else segment_path(track.path, line)).read_bytes()
    except OSError as error:
        if error.errno in _ROTTEN:
            return None
        reason = error.strerror or str(error)
        raise UploadRefused("recording_unreadable", where=str(track.path), reason=reason) from error
    return data if sha256(data).hexdigest() == missing.digest else None
