"""Messages on the data channel `room`: what one peer of a lesson says is passed on to all others."""

from typing import Annotated, Literal

from pydantic import Field, TypeAdapter

from classroom.messages.base import Message

LABEL = "room"


class Chat(Message):
    type: Literal["chat"] = "chat"
    text: Annotated[str, Field(min_length=1, max_length=300)]


class Hand(Message):
    """A hand goes up or down."""

    type: Literal["hand"] = "hand"
    raised: bool


RoomPost = Annotated[Chat | Hand, Field(discriminator="type")]


class RoomMessage(Message):
    """A post as the others get it; the server says who it is from."""

    sender: str
    name: str
    post: RoomPost


room_posts: TypeAdapter[RoomPost] = TypeAdapter(RoomPost)
