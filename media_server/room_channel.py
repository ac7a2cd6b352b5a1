"""Passes on what peers say on their data channels: to everybody else in the lesson, a few messages a second."""

from collections.abc import Iterable

from pydantic import ValidationError

from classroom.messages.room_channel import LABEL, RoomMessage, room_posts
from media_server.transport.datachannels import DataChannels

POSTS_PER_S = 2.0
BURST_POSTS = 10


class RoomChannel:
    """One peer's say. `sender` and `name` are what the others are told of it."""

    def __init__(self, sender: str, name: str, now: float) -> None:
        self.passed_on = 0
        self.refused = 0  # not a post, on another channel, or too many of them
        self._sender = sender
        self._name = name
        self._allowance: float = BURST_POSTS
        self._at = now

    def post(self, label: str, text: str, others: Iterable[DataChannels], now: float) -> None:
        """Never raises: what a peer says wrongly is its own affair."""
        self._allowance = min(BURST_POSTS, self._allowance + (now - self._at) * POSTS_PER_S)
        self._at = now
        if label != LABEL or self._allowance < 1:
            self.refused += 1
            return
        self._allowance -= 1
        try:
            post = room_posts.validate_json(text)
        except ValidationError:
            self.refused += 1
            return
        self.passed_on += 1
        message = RoomMessage(sender=self._sender, name=self._name, post=post).model_dump_json()
        for other in others:
            other.post(LABEL, message)
