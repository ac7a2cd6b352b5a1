"""Bodies of the archive's part of the HTTP API."""

from typing import Annotated

from pydantic import Field, StringConstraints

from classroom.messages.api import Name
from classroom.messages.base import Message
from classroom.model.catalogue import LessonType, Licence
from classroom.model.lesson import LessonMode

Text = Annotated[str, StringConstraints(strip_whitespace=True, max_length=4000)]
Title = Annotated[str, StringConstraints(strip_whitespace=True, min_length=1, max_length=200)]
Tag = Annotated[str, StringConstraints(strip_whitespace=True, min_length=1, max_length=32)]
ShortName = Annotated[str, StringConstraints(strip_whitespace=True, max_length=80)]


class EntryEdit(Message):
    """What of a catalogue entry shall change; what is left out stays as it is."""

    title: Title | None = None
    subject: ShortName = ""
    grade: Annotated[int, Field(ge=1, le=12)] | None = None
    textbook_id: str | None = None
    knowledge: Annotated[list[str], Field(max_length=32)] | None = None
    teacher_name: ShortName = ""
    mode: LessonMode | None = None
    lesson_type: LessonType = LessonType.NEW
    description: Text = ""
    language: Annotated[str, Field(pattern=r"^[a-zA-Z]{2,3}(-[a-zA-Z0-9]{2,8})*$", max_length=16)] = "zh-CN"
    tags: Annotated[list[Tag], Field(max_length=20)] | None = None
    authors: Annotated[list[Name], Field(max_length=20)] = []
    rights_holder: ShortName = ""
    licence: Licence = Licence.TEACHING
