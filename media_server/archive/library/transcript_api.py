"""`…/transcripts`: captions brought, shown and searched; the recogniser's work is ordered as a job."""

from classroom.access.cataloguing import access_recording_to_describe
from classroom.access.transcripts import (
    access_cues_found,
    access_new_transcript,
    access_transcript_removal,
    access_transcripts,
)
from classroom.captions import read_captions
from classroom.errors import BadInput
from classroom.http.call import Call
from classroom.http.routes import QueryParameter, Routes
from classroom.messages.archive import LANGUAGE_TAG
from classroom.messages.archive_views import CuesView, CueView, TranscriptsView, TranscriptView
from classroom.service import Context
from media_server.archive.library.catalogue_api import ONE, SHARE
from media_server.archive.library.views import view

CAPTIONS_TYPE = "text/vtt"
MOST_CAPTION_BYTES = 4 * 1024 * 1024


class TranscriptApi:
    """Handlers. Which recogniser is installed is said with the transcripts."""

    def __init__(self, context: Context) -> None:
        self._store = context.store
        self._clock = context.clock
        self._recogniser = context.settings.archive_recogniser_name or None

    def add_routes(self, routes: Routes) -> None:
        one = ONE + "/transcripts/{language}"
        routes.json(
            "GET", ONE + "/transcripts", self._list, summary="Transcripts there are", returns=TranscriptsView,
            query=(SHARE,),
        )  # fmt: skip
        routes.json(
            "GET", ONE + "/said", self._said, summary="The moments at which words are said", returns=CuesView,
            query=(QueryParameter("text", "The words", required=True), SHARE),
        )  # fmt: skip
        routes.json("PUT", one, self._bring, summary="Bring a transcript as WebVTT or SubRip", takes=CAPTIONS_TYPE)
        routes.json("DELETE", one, self._remove, summary="Take a transcript away")

    async def _list(self, call: Call) -> TranscriptsView:
        found = await access_transcripts(
            self._store, call.principal, call.path["id"], self._clock.now(), call.query.get("share")
        )
        return TranscriptsView(
            transcripts=[view(TranscriptView, transcript) for transcript in found], recogniser=self._recogniser
        )

    async def _said(self, call: Call) -> CuesView:
        found = await access_cues_found(
            self._store, call.principal, call.path["id"], call.query["text"], now=self._clock.now(),
            share=call.query.get("share"),
        )  # fmt: skip
        return CuesView(
            cues=[
                CueView(language=language, begin_ms=cue.begin_ms, end_ms=cue.end_ms, text=cue.text)
                for language, cue in found
            ]
        )

    async def _bring(self, call: Call) -> None:
        language = call.path["language"]
        if not LANGUAGE_TAG.fullmatch(language):
            raise BadInput("field_invalid", field="language", reason="zh-CN, en, …")
        # a stranger's file is not read
        await access_recording_to_describe(self._store, call.principal, call.path["id"], self._clock.now())
        data = await call.read(MOST_CAPTION_BYTES)
        try:
            text = data.decode("utf-8-sig")
        except UnicodeDecodeError:
            # SubRip files of Chinese Windows; WebVTT is UTF-8 by definition
            text = data.decode("gb18030", errors="replace")
        await access_new_transcript(
            self._store, call.principal, call.path["id"], language=language, cues=read_captions(text),
            recogniser=None, now=self._clock.now(),
        )  # fmt: skip

    async def _remove(self, call: Call) -> None:
        await access_transcript_removal(
            self._store, call.principal, call.path["id"], call.path["language"], self._clock.now()
        )
