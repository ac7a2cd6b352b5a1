"""Carries out what the disk guard decides, and names what it takes away."""

import shutil
import time
from pathlib import Path

from classroom.logs import get_logger
from room_agent.recording.upload import LessonUpload
from room_agent.studio.diskguard import DiskWarning, KeptLesson, judge

_DAY_S = 86_400.0

log = get_logger(__name__)


class DiskGuard:
    """`look` now and then, in a thread. `warning` is what the teacher should know."""

    def __init__(self, directory: Path, low_bytes: float, keep_days: float) -> None:
        self._directory = directory
        self._low_bytes = low_bytes
        self._keep_s = keep_days * _DAY_S
        self.warning: DiskWarning | None = None

    def look(self, lessons: list[LessonUpload], running: str | None) -> None:
        """Blocks. Removes what may go."""
        try:
            free = shutil.disk_usage(self._directory).free
            kept = [self._kept(lesson, running) for lesson in lessons if not lesson.folder.note.dropped]
        except OSError as error:
            log.warning("disk not read", reason=error.strerror)
            return
        verdict = judge(free, self._low_bytes, kept)
        if verdict.warning != self.warning and verdict.warning is not None:
            log.warning("disk of the recordings fills up", warning=verdict.warning, free_bytes=free)
        self.warning = verdict.warning
        by_id = {lesson.folder.note.lesson_id: lesson for lesson in lessons}
        for lesson_id in verdict.remove:
            if lesson_id in verdict.unsafe:
                log.error("recording given up, the disk is full and the server has not all of it", lesson=lesson_id)
                self._drop(by_id[lesson_id])
            else:
                log.info("local copy removed, the server has it", lesson=lesson_id)
                by_id[lesson_id].folder.remove()

    def _drop(self, lesson: LessonUpload) -> None:
        try:
            lesson.folder.drop()
        except OSError as error:  # the next look tries again
            log.warning("recording not given up", lesson=lesson.folder.note.lesson_id, reason=error.strerror)

    def _kept(self, lesson: LessonUpload, running: str | None) -> KeptLesson:
        folder = lesson.folder.path
        notes = [path.stat().st_mtime for path in (*folder.glob("*/safe.json"), folder / "lesson.json")]
        return KeptLesson(
            lesson_id=lesson.folder.note.lesson_id,
            size_bytes=lesson.folder.size_bytes(),
            safe=lesson.over,
            expired=time.time() - max(notes) > self._keep_s,
            running=lesson.folder.note.lesson_id == running,
        )
