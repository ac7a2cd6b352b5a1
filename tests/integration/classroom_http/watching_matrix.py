"""The rows of /hls and of what the player page asks for: the recording of the county's lesson, while it is captured."""

from classroom.access.cataloguing import describe
from classroom.model.recording import RecordingState
from classroom.store.recording_tables import RecordingRow
from tests.fakes.county import NOW, County
from tests.integration.classroom_http.matrix_rows import ADMINS, ARCHIVISTS, COORDINATORS, WATCHERS, Row

RECORDING_ID = "recording"
DIGEST = "0" * 64
MAY = WATCHERS | ARCHIVISTS
DOWNLOADERS = ARCHIVISTS | COORDINATORS | {"teacher"}


async def add_what_is_watched(county: County) -> None:
    """The recording that the rows are about; nothing has been recorded yet."""
    async with county.store.session() as db:
        row = RecordingRow(
            id=RECORDING_ID,
            lesson_id=county.lesson.id,
            school_id=county.host.id,
            title=county.lesson.title,
            state=RecordingState.CAPTURING,
            began_at=NOW,
            duration_s=0.0,
            created_at=NOW,
        )
        db.add(row)
        await db.flush()
        await describe(db, row, NOW)


def _row(path: str, may: set[str] = MAY) -> Row:
    def of(county: County) -> str:
        return path.format(lesson=county.lesson.id)

    return Row(may, of)


_HLS = {
    "index.m3u8": "index.m3u8",
    "live.m3u8": "live.m3u8",
    "{mode:vod|event|live}/{key}.m3u8": "vod/teacher-video.m3u8",
    "segment/{digest}.m4s": f"segment/{DIGEST}.m4s",
    "header/{digest}.mp4": f"header/{DIGEST}.mp4",
    "aac/{channels:1|2}.mp4": "aac/1.mp4",
    "aac/{digest}/{before}/{frames}.m4s": f"aac/{DIGEST}/start/0-9.m4s",
    "captions/{language:[A-Za-z0-9-]{1,16}}.vtt": "captions/en.vtt",
    "captions/{language:[A-Za-z0-9-]{1,16}}.m3u8": "captions/en.m3u8",
    "poster.jpg": "poster.jpg",
    "sheet.jpg": "sheet.jpg",
    "waveform.json": "waveform.json",
    "still/{digest}.jpg": f"still/{DIGEST}.jpg",
}

WATCHING: dict[str, Row] = {
    **{f"GET /hls/{{recording}}/{path}": _row(f"/hls/{RECORDING_ID}/{asked}") for path, asked in _HLS.items()},
    "GET /api/v1/recordings/{recording}/watch": _row(f"/api/v1/recordings/{RECORDING_ID}/watch"),
    "POST /api/v1/recordings/{recording}/views": _row(f"/api/v1/recordings/{RECORDING_ID}/views"),
    "GET /hls/{recording}/movie.mp4": _row(f"/hls/{RECORDING_ID}/movie.mp4", ADMINS | DOWNLOADERS),
    "GET /api/v1/lessons/{id}/recording": _row("/api/v1/lessons/{lesson}/recording", WATCHERS),
}
