"""The base of every wire message."""

from pydantic import BaseModel, ConfigDict


class Message(BaseModel):
    """Frozen; unknown fields are refused."""

    model_config = ConfigDict(extra="forbid", frozen=True)
