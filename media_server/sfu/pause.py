"""Stopping an encoding nobody watches at its publisher, and starting it again (RFC 7728)."""

from typing import Literal

from classroom.rtp.rtcp import PAUSE, RESUME, PauseKind

STOP_AFTER_S = 10.0  # a viewer who changes the quality and changes it back shall not wait for an encoder
PAUSE_REPEAT_S = 0.5  # a request that was lost: packets still come
RESUME_REPEAT_S = 0.1  # somebody waits for a picture
SLOW_REPEAT_S = 1.0  # the publisher does not answer
UNDER_WAY_S = 0.3  # a request to stop may arrive so late, after one to start and after packets that were sent before it
RESUME_WITHIN_S = 1.5  # so long the encoding is offered to viewers as if it were there

State = Literal["playing", "paused", "resuming"]


class PauseRequests:
    """The requests for one encoding, repeated until its packets show that they were heard."""

    __slots__ = ("_asked_at", "_since", "_stop_asked_at", "pause_id", "state")

    def __init__(self) -> None:
        self.state: State = "playing"
        self.pause_id = 0
        self._asked_at = float("-inf")
        self._since = float("-inf")
        self._stop_asked_at = float("-inf")

    def offered(self, now: float) -> bool:
        """Whether the encoding may be given to a viewer although nothing of it comes."""
        return self.state == "paused" or (self.state == "resuming" and now - self._since < RESUME_WITHIN_S)

    def due(self, watched_at: float, last_packet_at: float, now: float) -> PauseKind | None:
        """What to ask for now. `watched_at`: when somebody was last to get this encoding."""
        if self.state == "resuming" and last_packet_at > max(self._since, self._stop_asked_at + UNDER_WAY_S):
            self.state = "playing"
            self.pause_id = self.pause_id + 1 & 0xFFFF
        if self.state == "playing":
            return self._ask(PAUSE, "paused", now) if now - watched_at >= STOP_AFTER_S else None
        if self.state == "paused":
            if watched_at > self._since:
                return self._ask(RESUME, "resuming", now)
            ignored = last_packet_at > self._asked_at and now - self._asked_at >= PAUSE_REPEAT_S
            return self._ask(PAUSE, "paused", now) if ignored else None
        patience_s = RESUME_REPEAT_S if now - self._since < RESUME_WITHIN_S else SLOW_REPEAT_S
        return self._ask(RESUME, "resuming", now) if now - self._asked_at >= patience_s else None

    def _ask(self, kind: PauseKind, state: State, now: float) -> PauseKind:
        if state != self.state:
            self.state, self._since = state, now
        self._asked_at = now
        if kind == PAUSE:
            self._stop_asked_at = now
        return kind
