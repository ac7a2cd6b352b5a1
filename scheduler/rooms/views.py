"""Rooms as pages see them."""

from classroom.access.rows import RoomDetails
from classroom.catalog import text
from classroom.messages.views import RoomRecordingView, RoomSourceView, RoomView


def room_view(details: RoomDetails, said: RoomView | None, language: str) -> RoomView:
    """`said`: what the room's agent says now, None while it is away. Problems get their text in `language`."""
    return RoomView(
        id=details.room.id,
        code=details.room.code,
        name=details.room.name,
        school_name=details.school.name,
        online=said is not None and said.online,
        sources=[_in_language(source, language) for source in said.sources] if said else [],
        alarms=said.alarms if said else [],
        publishing_lesson_id=said.publishing_lesson_id if said else None,
        recordings=[_recording_in_language(each, language) for each in said.recordings] if said else [],
    )


def _in_language(source: RoomSourceView, language: str) -> RoomSourceView:
    if source.problem is None:
        return source
    explained = text(source.problem, {**source.problem_data, "source": source.name}, language)
    return source.model_copy(update={"problem_text": f"{explained.message}{explained.remedy}"})


def _recording_in_language(recording: RoomRecordingView, language: str) -> RoomRecordingView:
    if recording.problem is None:
        return recording
    explained = text(recording.problem, recording.problem_data, language)
    return recording.model_copy(update={"problem_text": f"{explained.message}{explained.remedy}"})
