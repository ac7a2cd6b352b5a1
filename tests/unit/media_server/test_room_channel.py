"""What peers say, passed on to the others."""

from typing import Any, cast

from hypothesis import given
from hypothesis import strategies as st

from classroom.messages.room_channel import Chat, Hand, RoomMessage
from media_server.room_channel import BURST_POSTS, POSTS_PER_S, RoomChannel
from media_server.transport.datachannels import DataChannels

HAND = Hand(raised=True).model_dump_json()


class Others:
    """Notes what is posted."""

    def __init__(self) -> None:
        self.posted: list[tuple[str, str]] = []

    def post(self, label: str, text: str) -> None:
        self.posted.append((label, text))


def make() -> tuple[RoomChannel, Others, list[DataChannels]]:
    other = Others()
    return RoomChannel("id", "沙湾教学点", 0.0), other, [cast(Any, other)] * 2


def test_a_post_reaches_all_others_with_who_said_it() -> None:
    channel, other, others = make()
    channel.post("room", Chat(text="老师好").model_dump_json(), others, 0.0)
    assert len(other.posted) == 2
    label, text = other.posted[0]
    message = RoomMessage.model_validate_json(text)
    assert (label, message.sender, message.name, message.post) == ("room", "id", "沙湾教学点", Chat(text="老师好"))


def test_too_many_posts_are_refused() -> None:
    channel, _, others = make()
    for _ in range(BURST_POSTS + 3):
        channel.post("room", HAND, others, 0.0)
    assert (channel.passed_on, channel.refused) == (BURST_POSTS, 3)
    channel.post("room", HAND, others, 1 / POSTS_PER_S)
    assert channel.passed_on == BURST_POSTS + 1


def test_another_channel_is_not_the_rooms() -> None:
    channel, other, others = make()
    channel.post("files", HAND, others, 0.0)
    assert (other.posted, channel.refused) == ([], 1)


@given(st.text(max_size=200))
def test_what_is_no_post_goes_nowhere(text: str) -> None:
    channel, other, others = make()
    for each in (text, '{"type": "chat", "text": ""}', '{"type":"chat","text":"%s"}' % ("x" * 301), '{"type":"x"}'):
        channel.post("room", each, others, 0.0)
    assert (other.posted, channel.refused) == ([], 4)
