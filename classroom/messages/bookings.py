"""Bodies of /api/v1/planning about requests: a school asks for a single lesson, the coordinator fits it in."""

from datetime import date, datetime
from typing import Annotated

from pydantic import Field

from classroom.messages.base import Message
from classroom.messages.planning import Subject
from classroom.model.plan import BookingState

Words = Annotated[str, Field(max_length=500)]


class NewBooking(Message):
    """A class wants one lesson of a subject between two days; `wish` in its own words."""

    class_id: str
    subject: Subject
    wish: Words = ""
    first_day: date
    last_day: date


class BookingView(Message):
    """`starts_at` and `teacher_name` of the lesson that came of it, which others attend as well if it was `joined`;
    `answer` is the coordinator's."""

    id: str
    class_id: str
    class_name: str
    school_name: str
    grade: int
    subject: str
    wish: str
    first_day: date
    last_day: date
    state: BookingState
    asked_at: datetime
    answer: str
    lesson_id: str | None
    starts_at: datetime | None
    teacher_name: str | None
    joined: bool


class BookingsView(Message):
    bookings: list[BookingView]


class BookingTermView(Message):
    id: str
    name: str
    first_day: date
    last_day: date


class BookingClassView(Message):
    id: str
    name: str
    grade: int


class BookingDeskView(Message):
    """What the coordinator of a school needs to ask: its classes, the terms that are not over, what it has asked."""

    school_name: str
    terms: list[BookingTermView]
    classes: list[BookingClassView]
    subjects: list[str]
    bookings: list[BookingView]


class BookingOption(Message):
    """A lesson that could be given beside all others; or one that takes place and has room (`lesson_id`), with the
    names of those who attend it already."""

    lesson_id: str | None
    others: list[str]
    teacher_id: str
    teacher_name: str
    school_name: str
    starts_at: datetime


class BookingOptionsView(Message):
    options: list[BookingOption]


class DecideBooking(Message):
    """One of the options, or (`teacher_id` and `starts_at` null) no; `answer` tells the school more."""

    lesson_id: str | None = None
    teacher_id: str | None = None
    starts_at: datetime | None = None
    answer: Words = ""


# What pages send; everything else here is what they are sent.
SENT: tuple[type[Message], ...] = (NewBooking, DecideBooking)
