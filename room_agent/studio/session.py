"""Which sources are published into which lesson, and when to try again: a state machine per source.

    idle ──wanted──▶ connecting ──connected──▶ publishing
      ▲                │  ▲                        │
      │              failed │retry due           lost
      └──not wanted──  ▼  │                        │
                     waiting ◀─────────────────────┘

The server names the lesson (`AgentLesson`); nothing is remembered across a restart of the agent, because the server
says it again. A lost control socket changes nothing here: a lesson that runs goes on.
"""

from collections.abc import Callable
from dataclasses import dataclass
from enum import StrEnum

from room_agent.studio.backoff import Backoff

_STEADY_S = 10.0  # published this long, a loss counts as a new trouble and not as the old one going on


class PublishState(StrEnum):
    IDLE = "idle"
    CONNECTING = "connecting"
    PUBLISHING = "publishing"
    WAITING = "waiting"


@dataclass(frozen=True, slots=True)
class Connect:
    """Open a WHIP session for the source. `attempt` comes back in every report about it."""

    lesson_id: str
    attempt: int


@dataclass(frozen=True, slots=True)
class Disconnect:
    """Close the session of that attempt, if it is still open."""

    attempt: int


Command = Connect | Disconnect


class PublishSession:
    """One source. Each method returns the commands to carry out, in order; reports of an old attempt change nothing."""

    def __init__(self, random: Callable[[], float]) -> None:
        self._backoff = Backoff(random)
        self._attempt = 0
        self._since_s = 0.0
        self.state = PublishState.IDLE
        self.lesson_id: str | None = None
        self.retry_at_s: float | None = None

    def want(self, lesson_id: str | None, now_s: float) -> list[Command]:
        """The server named the lesson to publish; None: none. Naming the same one again changes nothing."""
        if lesson_id == self.lesson_id:
            return []
        commands: list[Command] = []
        if self.state in (PublishState.CONNECTING, PublishState.PUBLISHING):
            commands.append(Disconnect(self._attempt))
        self.lesson_id = lesson_id
        self.retry_at_s = None
        self._backoff.succeeded()
        if lesson_id is None:
            self.state = PublishState.IDLE
        else:
            commands.append(self._connect(lesson_id, now_s))
        return commands

    def connected(self, attempt: int, now_s: float) -> list[Command]:
        if attempt == self._attempt and self.state is PublishState.CONNECTING:
            self.state = PublishState.PUBLISHING
            self._since_s = now_s
        return []

    def lost(self, attempt: int, now_s: float, retry_after_s: float = 0.0) -> list[Command]:
        """The attempt failed, or the connection it made is gone (the caller has cleaned up)."""
        if attempt != self._attempt or self.state not in (PublishState.CONNECTING, PublishState.PUBLISHING):
            return []
        if self.state is PublishState.PUBLISHING and now_s - self._since_s >= _STEADY_S:
            self._backoff.succeeded()
        self.state = PublishState.WAITING
        self.retry_at_s = now_s + self._backoff.failed(retry_after_s)
        return []

    def retry_soon(self, now_s: float) -> list[Command]:
        """The server is known to be back (the control socket reconnected): do not sit out a long wait."""
        if self.state is PublishState.WAITING:
            self._backoff.succeeded()
            self.retry_at_s = now_s
        return self.tick(now_s)

    def tick(self, now_s: float) -> list[Command]:
        """Call when `retry_at_s` is reached."""
        due = self.retry_at_s is not None and now_s >= self.retry_at_s
        if self.state is PublishState.WAITING and due and self.lesson_id is not None:
            return [self._connect(self.lesson_id, now_s)]
        return []

    def _connect(self, lesson_id: str, now_s: float) -> Command:
        self._attempt += 1
        self.state = PublishState.CONNECTING
        self.retry_at_s = None
        self._since_s = now_s
        return Connect(lesson_id, self._attempt)
