"""One source of the room: its captures, its encoders and its publication, as the event loop sees them."""

import asyncio
import base64
import contextlib
import threading
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import timedelta
from functools import partial

from classroom.catalog import text_of
from classroom.clock import Clock
from classroom.errors import ClassroomError
from classroom.logs import get_logger
from classroom.messages.live import AgentLevels, AgentPreview
from classroom.messages.views import AlarmView, MediaKind, RoomSourceView
from classroom.tasks import Tasks
from room_agent.capture.frames import Capture, CaptureFault, Opened, Picture, Sound, SystemBeat
from room_agent.capture.open import kinds_of, open_capture
from room_agent.capture.spec import Spec, parse_spec
from room_agent.config import SourceConfig
from room_agent.encode.h264 import EncoderFault
from room_agent.encode.pictures import PictureEvent, PictureWorker, Preview
from room_agent.encode.simulcast import EncodedPicture, Simulcast
from room_agent.encode.sounds import EncodedSound, SoundEvent, SoundPath
from room_agent.handover import ToLoop
from room_agent.studio.backoff import Backoff
from room_agent.studio.health import SourceHealth
from room_agent.uplink.publication import PublishedMedia
from room_agent.uplink.publisher import Publisher

_WAITING_EVENTS = 256  # between a worker and the loop: some seconds of everything
_CLOSE_S = 2.0
_STEADY_S = 5.0  # a capture that ran this long starts its backoff anew

log = get_logger(__name__)


@dataclass(slots=True)
class _Input:
    """One capture of the source, and how it is."""

    spec: Spec
    capture: Capture
    backoff: Backoff
    stop: threading.Event
    opened: Opened | None = None
    fault: ClassroomError | None = None

    @property
    def kinds(self) -> tuple[MediaKind, ...] | None:
        """None until a file or network source was opened for the first time."""
        return self.opened.kinds if self.opened is not None else kinds_of(self.spec)


class _InputSink:
    """Takes what a capture thread gives; everything it touches is made for threads."""

    def __init__(self, opened: Callable[[Opened], None], worker: PictureWorker, sounds: SoundPath) -> None:
        self._opened = opened
        self._worker = worker
        self._sounds = sounds

    def opened(self, what: Opened) -> None:
        self._opened(what)

    def picture(self, picture: Picture) -> None:
        self._worker.offer(picture)

    def sound(self, sound: Sound) -> None:
        self._sounds.take(sound)


class RoomSource:
    """`start`, then read `view` and `alarms`; `publisher` decides when encoded media goes out."""

    def __init__(
        self,
        *,
        name: str,
        config: SourceConfig,
        backend: str,
        clock: Clock,
        tasks: Tasks,
        beat: SystemBeat,
        random: Callable[[], float],
        language: str,
        on_change: Callable[[], None],
        on_preview: Callable[[AgentPreview], None],
        on_levels: Callable[[AgentLevels], None],
        record: Callable[[str, EncodedPicture | EncodedSound], None] | None = None,
    ) -> None:
        """`record` takes the best encoding and the sound, in the threads that make them."""
        self.name = name
        self.config = config
        self._clock = clock
        self._tasks = tasks
        self._language = language
        self._on_change = on_change
        self._on_preview = on_preview
        self._on_levels = on_levels
        loop = asyncio.get_running_loop()
        self._events: ToLoop[PictureEvent | SoundEvent] = ToLoop(loop, self._event, _WAITING_EVENTS)
        self._openings: ToLoop[tuple[_Input, Opened]] = ToLoop(loop, self._opened, _WAITING_EVENTS)
        simulcast = Simulcast(config.ladder, config.max_fps, backend)
        offset_s = beat.unix() - beat.now() if config.stamp else None
        self._record = record
        self._best = config.ladder[0].rid
        self._worker = PictureWorker(simulcast, self._made, max_fps=config.max_fps, unix_offset_s=offset_s)
        self._sounds = SoundPath(self._made, config.audio_bitrate_bps)
        self._inputs = [
            _Input(spec, open_capture(spec, config.max_fps, config.channels), Backoff(random), threading.Event())
            for spec in parse_spec(config.spec)
        ]
        self._encoder_fault: EncoderFault | None = None
        self._dropped = 0
        self._picture_size = (0, 0)
        self._threads: set[asyncio.Future[None]] = set()
        self.health = SourceHealth(clock.monotonic())
        self.publisher: Publisher | None = None

    def start(self) -> None:
        self._in_thread(self._worker.run, f"pictures {self.name}")
        for each in self._inputs:
            self._tasks.forever(partial(self._capture, each), f"capture {self.name}")

    async def close(self) -> None:
        """Stop the threads; one stuck in a device's driver is left behind (it dies with the process)."""
        for each in self._inputs:
            each.stop.set()
        self._worker.close()
        if self._threads:
            await asyncio.wait(self._threads, timeout=_CLOSE_S)
        self._events.close()
        self._openings.close()

    @property
    def media(self) -> PublishedMedia | None:
        """What this source sends; None until every input is known to carry picture, sound or both."""
        kinds: set[MediaKind] = set()
        channels = 0
        for each in self._inputs:
            if each.kinds is None:
                return None
            kinds.update(each.kinds)
            if "audio" in each.kinds:
                channels = max(channels, each.opened.channels if each.opened is not None else self.config.channels)
        return PublishedMedia(self.config.ladder if "video" in kinds else (), channels)

    def encode(self, on: bool) -> None:
        """Encoders run while a lesson does, also while the line is down, so that resuming costs nothing."""
        self._worker.encode(on)
        self._sounds.encode(on)

    def request_keyframes(self, rids: set[str]) -> None:
        self._worker.request_keyframes(rids)

    def request_best_keyframe(self) -> None:
        """From any thread."""
        self._worker.request_keyframes({self._best})

    def pause_encodings(self, rids: set[str]) -> None:
        """Spend no work on these encodings, and on no others; what is recorded is made whether or not it is watched."""
        self._worker.pause(rids - {self._best} if self._record is not None else rids)

    def view(self) -> RoomSourceView:
        fault: ClassroomError | None = next((each.fault for each in self._inputs if each.fault), self._encoder_fault)
        running = all(each.opened is not None for each in self._inputs)
        fps = max((each.opened.fps for each in self._inputs if each.opened is not None), default=0.0)
        media = self.media
        return RoomSourceView(
            name=self.name,
            kinds=list(media.kinds) if media is not None else [],
            state="failed" if fault else "running" if running else "starting",
            problem=fault.code if fault else None,
            problem_data=fault.data if fault else {},
            problem_text=text_of(fault, self._language).message if fault else None,
            width=self._picture_size[0],
            height=self._picture_size[1],
            fps=round(min(fps, self.config.max_fps), 2),
            encoder=self._worker.backend if media is not None and media.ladder else None,
        )

    def alarms(self) -> Iterator[AlarmView]:
        now_s, now = self._clock.monotonic(), self._clock.now()
        self.health.publishing(self.publisher is not None and self.publisher.missing)
        for code, since_s in self.health.alarms(now_s):
            since = (now - timedelta(seconds=now_s - since_s)).replace(microsecond=0)
            yield AlarmView(code=code, source=self.name, since=since)

    # -- inside ------------------------------------------------------------------------------------------------------

    async def _capture(self, each: _Input) -> None:
        """Read the input until cancelled, whatever happens to it."""
        sink = _InputSink(lambda what: self._openings.put((each, what)), self._worker, self._sounds)
        while not each.stop.is_set():
            began_s = self._clock.monotonic()
            try:
                await self._in_thread(lambda: each.capture.run(sink, each.stop), f"capture {self.name}")
            except CaptureFault as fault:
                if self._clock.monotonic() - began_s > _STEADY_S:
                    each.backoff.succeeded()
                wait_s = each.backoff.failed()
                if each.fault is None or each.fault.code != fault.code:
                    log.warning("source failed", source=self.name, code=fault.code, retry_s=round(wait_s, 1))
                each.fault = fault
                self.health.failed()
                self._on_change()
                await self._clock.sleep(wait_s)

    def _opened(self, opening: tuple[_Input, Opened]) -> None:
        each, what = opening
        each.opened, each.fault = what, None
        if what.width:
            self._picture_size = (what.width, what.height)
        if not any(other.fault for other in self._inputs):
            kinds = {kind for other in self._inputs for kind in other.kinds or ()}
            self.health.opened("video" in kinds, "audio" in kinds, self._clock.monotonic())
        log.info("source opened", source=self.name, kinds=list(what.kinds))
        if self.publisher is not None:
            self.publisher.media_known()
        self._on_change()

    def _made(self, event: PictureEvent | SoundEvent) -> None:
        """In the threads of worker and capture: the record does not wait for the loop."""
        if self._record is not None and (
            isinstance(event, EncodedSound) or (isinstance(event, EncodedPicture) and event.encoding.rid == self._best)
        ):
            self._record(self.name, event)
        self._events.put(event)

    def _event(self, event: PictureEvent | SoundEvent) -> None:
        now_s = self._clock.monotonic()
        if self._events.dropped != self._dropped:
            # The loop stood still. What follows refers to pictures that are gone.
            log.warning("source overran", source=self.name, dropped=self._events.dropped - self._dropped)
            self._dropped = self._events.dropped
            if self.publisher is not None:
                self.publisher.pictures_lost()
            self._worker.request_keyframes({rung.rid for rung in self.config.ladder})
        if isinstance(event, EncodedPicture):
            self._encoder_fault = None
            if self.publisher is not None:
                self.publisher.picture(event)
        elif isinstance(event, EncodedSound):
            if self.publisher is not None:
                self.publisher.sound(event)
        elif isinstance(event, Preview):
            self.health.picture(event.statistics, now_s)
            self._picture_size = (event.width, event.height)
            if event.jpeg:
                self._on_preview(AgentPreview(source=self.name, jpeg=base64.b64encode(event.jpeg).decode()))
        elif isinstance(event, EncoderFault):
            if self._encoder_fault is None:
                log.error("encoder failed", source=self.name, **event.data)
            self._encoder_fault = event
            self._on_change()
        else:
            self.health.sound(event.rms_dbfs, now_s)
            self._on_levels(AgentLevels(source=self.name, rms_dbfs=event.rms_dbfs, peak_dbfs=event.peak_dbfs))

    def _in_thread(self, function: Callable[[], None], name: str) -> asyncio.Future[None]:
        """Run in a daemon thread of its own: an executor's would keep the process alive when a driver hangs."""
        loop = asyncio.get_running_loop()
        future: asyncio.Future[None] = loop.create_future()

        def settle(outcome: Exception | None) -> None:
            if future.cancelled():
                return
            if outcome is None:
                future.set_result(None)
            else:
                future.set_exception(outcome)

        def run() -> None:
            outcome: Exception | None = RuntimeError(f"thread {name} died")
            try:
                function()
                outcome = None
            except ClassroomError as fault:
                outcome = fault
            finally:
                with contextlib.suppress(RuntimeError):  # the loop is gone: so is everybody who waits
                    loop.call_soon_threadsafe(settle, outcome)

        self._threads.add(future)
        future.add_done_callback(self._threads.discard)
        threading.Thread(target=run, name=name, daemon=True).start()
        return future
