"""Carries out what `PublishSession` decides for one source: makes publications, and makes them again."""

import asyncio
import contextlib
from collections.abc import Callable
from functools import partial

from classroom.clock import Clock
from classroom.errors import ClassroomError
from classroom.logs import get_logger
from classroom.tasks import Tasks
from room_agent.encode.simulcast import EncodedPicture
from room_agent.encode.sounds import EncodedSound
from room_agent.studio.session import Command, Connect, PublishSession, PublishState
from room_agent.uplink.link import LinkLost
from room_agent.uplink.publication import Publication, PublishedMedia
from room_agent.uplink.whip import WhipRefused

log = get_logger(__name__)

PublicationFactory = Callable[[Callable[[LinkLost], None]], Publication]


class Publisher:
    """`want` names the lesson. `media` tells what to publish, or None as long as the source does not know itself."""

    def __init__(
        self,
        *,
        source: str,
        session: PublishSession,
        clock: Clock,
        tasks: Tasks,
        media: Callable[[], PublishedMedia | None],
        publication: PublicationFactory,
        on_change: Callable[[], None],
    ) -> None:
        self._source = source
        self._session = session
        self._clock = clock
        self._tasks = tasks
        self._media = media
        self._publication = publication
        self._on_change = on_change
        self._wanted: str | None = None
        self._current: Publication | None = None
        self._attempts: dict[int, asyncio.Task[None]] = {}
        self._retry: asyncio.Task[None] | None = None

    @property
    def missing(self) -> bool:
        """A lesson should be published and is not."""
        return self._wanted is not None and self._session.state is not PublishState.PUBLISHING

    @property
    def publishing(self) -> bool:
        return self._session.state is PublishState.PUBLISHING

    @property
    def traffic(self) -> tuple[int, int]:
        """Packets sent by the publication there is now, and how many of them were asked for again or given up."""
        return self._current.traffic if self._current is not None else (0, 0)

    def want(self, lesson_id: str | None) -> None:
        self._wanted = lesson_id
        self.media_known()

    def media_known(self) -> None:
        """The source may have found out what it carries: begin, if that was all that was missing."""
        if self._wanted is None or self._media() is not None:
            self._do(self._session.want(self._wanted, self._clock.monotonic()))

    def server_back(self) -> None:
        """The control socket is connected again: the server may have been restarted and forgotten us."""
        if self._current is not None:
            self._current.verify()
        self._do(self._session.retry_soon(self._clock.monotonic()))

    def picture(self, picture: EncodedPicture) -> None:
        if self._current is not None:
            self._current.picture(picture)

    def pictures_lost(self) -> None:
        """Encoded pictures were lost before they came here."""
        if self._current is not None:
            self._current.pictures_lost()

    def sound(self, sound: EncodedSound) -> None:
        if self._current is not None:
            self._current.sound(sound)

    async def close(self) -> None:
        """End the publication and wait until the server was told."""
        self.want(None)
        if self._retry is not None:
            self._retry.cancel()
        if self._attempts:
            await asyncio.wait(self._attempts.values(), timeout=3)

    # -- inside ------------------------------------------------------------------------------------------------------

    def _do(self, commands: list[Command]) -> None:
        for command in commands:
            if isinstance(command, Connect):
                task = self._tasks.spawn(self._publish(command.lesson_id, command.attempt), f"publish {self._source}")
                self._attempts[command.attempt] = task
                task.add_done_callback(partial(self._ended, command.attempt))
            elif (running := self._attempts.get(command.attempt)) is not None:
                running.cancel()
        self._schedule()
        self._on_change()

    def _ended(self, attempt: int, task: asyncio.Task[None]) -> None:
        self._attempts.pop(attempt, None)
        if not task.cancelled() and task.exception() is not None:
            # A fault of ours (it is in the log): the lesson shall go on all the same.
            self._do(self._session.lost(attempt, self._clock.monotonic()))

    async def _publish(self, lesson_id: str, attempt: int) -> None:
        """One attempt, from the offer until it is lost or cancelled."""
        media = self._media()
        if media is None or not media.kinds:
            return
        ended: asyncio.Future[LinkLost] = asyncio.get_running_loop().create_future()
        publication = self._publication(lambda lost: ended.set_result(lost) if not ended.done() else None)
        try:
            await publication.open(lesson_id, self._source, media)
            self._current = publication
            log.info("publishing", source=self._source, lesson=lesson_id)
            self._do(self._session.connected(attempt, self._clock.monotonic()))
            lost: ClassroomError = await ended
            retry_after_s = 0.0
        except WhipRefused as error:
            lost, retry_after_s = error, error.retry_after_s
        except ClassroomError as error:
            lost, retry_after_s = error, 0.0
        finally:
            if self._current is publication:
                self._current = None
            # Shielded: when this attempt is cancelled, the server shall still be told.
            with contextlib.suppress(asyncio.CancelledError):
                await asyncio.shield(publication.close())
        log.warning("publishing lost", source=self._source, lesson=lesson_id, code=lost.code, **_loggable(lost))
        self._do(self._session.lost(attempt, self._clock.monotonic(), retry_after_s))

    def _schedule(self) -> None:
        """Wake up when the session wants to try again."""
        if self._retry is not None:
            self._retry.cancel()
            self._retry = None
        if self._session.retry_at_s is not None:
            self._retry = self._tasks.spawn(self._try_again(self._session.retry_at_s), f"retry {self._source}")

    async def _try_again(self, at_s: float) -> None:
        await self._clock.sleep(at_s - self._clock.monotonic())
        self._retry = None
        self._do(self._session.tick(self._clock.monotonic()))


def _loggable(error: ClassroomError) -> dict[str, str]:
    return {"reason": str(error.data["reason"])} if "reason" in error.data else {}
