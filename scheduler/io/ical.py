"""Lessons as an iCalendar (RFC 5545)."""

from collections.abc import Iterable
from datetime import timedelta

from icalendar import Calendar, Event

from classroom.access.feeds import FeedLesson
from classroom.model.lesson import LessonState

# § 3.7.3
PRODID = "-//Qianshou//Timetable//ZH"
# How often a calendar should look again (RFC 7986 § 5.7)
REFRESH = timedelta(hours=1)


def calendar_of(name: str, lessons: Iterable[FeedLesson], join_url: str) -> bytes:
    """The same lessons give the same bytes: what changes is in `sequence` and `changed_at`. `join_url` ends before the
    code."""
    calendar = Calendar()
    calendar.add("prodid", PRODID)
    calendar.add("version", "2.0")
    calendar.add("name", name)
    calendar.add("x-wr-calname", name)
    calendar.add("refresh-interval", REFRESH, parameters={"VALUE": "DURATION"})
    for found in lessons:
        calendar.add_component(_event(found, join_url))
    written: bytes = calendar.to_ical()
    return written


def _event(found: FeedLesson, join_url: str) -> Event:
    details, lesson = found.details, found.details.lesson
    event = Event()
    # The id stays while the lesson moves: calendars move it too (§ 3.8.4.7).
    event.add("uid", f"{lesson.id}@qianshou")
    event.add("dtstamp", found.changed_at)
    event.add("last-modified", found.changed_at)
    event.add("sequence", found.sequence)
    event.add("dtstart", lesson.starts_at)
    event.add("dtend", lesson.ends_at)
    event.add("summary", f"{lesson.title} {details.teacher_name}")
    event.add("location", f"{details.school_name} {details.room_name}")
    event.add("description", "、".join(lesson.points))
    event.add("url", f"{join_url}{lesson.code}")
    event.add("status", "CANCELLED" if lesson.state is LessonState.CANCELLED else "CONFIRMED")
    return event
