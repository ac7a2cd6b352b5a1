"""Lessons as pages see them: the store's facts with what presence says."""

from classroom.access.rows import LessonDetails
from classroom.messages.views import LessonView
from scheduler.presence import Presence


def lesson_view(details: LessonDetails, presence: Presence, *, with_viewers: bool) -> LessonView:
    """`with_viewers` only for those whom `access_lesson_viewers` allows it."""
    lesson = details.lesson
    viewers = presence.viewers(lesson.id)
    return LessonView(
        id=lesson.id,
        code=lesson.code,
        title=lesson.title,
        subject=lesson.subject,
        grade=lesson.grade,
        mode=lesson.mode,
        topology=lesson.topology,
        state=lesson.state,
        teacher_name=details.teacher_name,
        school_name=details.school_name,
        room_id=lesson.room_id,
        room_name=details.room_name,
        points=list(lesson.points),
        open_join=lesson.open_join,
        starts_at=lesson.starts_at,
        ends_at=lesson.ends_at,
        started_at=lesson.started_at,
        ended_at=lesson.ended_at,
        sources=presence.sources(lesson.id),
        viewer_count=len(viewers),
        viewers=viewers if with_viewers else None,
    )
