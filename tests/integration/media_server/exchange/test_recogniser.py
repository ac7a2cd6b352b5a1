"""A small real recogniser: it says when it is loud, of what it hears in the file it is given."""

import sys
from pathlib import Path

from classroom.access.library import Wanted, access_search
from classroom.model.principal import SYSTEM
from classroom.service import ServiceFactory
from media_server.archive.library.service import LibraryService
from media_server.exchange.service import ExchangeService
from tests.fakes.county import NOW
from tests.fakes.hub import running_hub
from tests.fakes.kept_recordings import keep_recording
from tests.fakes.recorded import a_sound
from tests.integration.media_server.exchange.jobs import ended

PROGRAM = """
import sys, wave, array
path, language = sys.argv[1:]
with wave.open(path) as file:
    assert (file.getframerate(), file.getnchannels(), file.getsampwidth()) == (16000, 1, 2)
    sound = array.array("h", file.readframes(file.getnframes()))
print("progress 0.5", file=sys.stderr)
loud = [at for at in range(0, len(sound), 1600) if max(sound[at : at + 1600], default=0) > 3000]
if language == "en":
    sys.exit("no model for en")
print("WEBVTT")
print()
print(f"00:00:{loud[0] / 16000:06.3f} --> 00:00:{(loud[-1] + 1600) / 16000:06.3f}")
print("停车坐爱枫林晚")
"""


async def test_a_command_writes_a_transcript_that_is_found(tmp_path: Path) -> None:
    program = tmp_path / "listen.py"
    program.write_text(PROGRAM, "utf-8")
    services: list[ServiceFactory] = [ExchangeService, LibraryService]
    command = f"{sys.executable} {program}"
    async with running_hub(tmp_path / "server", services=services, archive_recogniser=command) as hub:
        c, context = hub.county, hub.server.context
        tracks = {"teacher-a": a_sound(6.0, start_s=2.0)}
        recording = await keep_recording(
            context.store, context.settings.data, tracks, school_id=c.host.id, began_at=NOW, teacher_id=c["teacher"].id
        )
        path = "/api/v1/archive/transcripts"
        status, job = await hub.call("teacher", "POST", path, json={"recording_id": recording.id})
        assert (status, job["recording"]) == (201, recording.id)
        job = await ended(hub, job, "teacher")
        assert (job["state"], job["problem"]) == ("done", None)
        [hit] = (await access_search(context.store, SYSTEM, Wanted(text="枫林"))).hits
        assert hit.recording_id == recording.id
        one = f"/api/v1/archive/recordings/{recording.id}"
        _, said = await hub.call("teacher", "GET", f"{one}/said?text=枫林")
        [cue] = said["cues"]
        # the recording's times, not the sound's
        assert abs(cue["begin_ms"] - 2000) <= 100
        assert abs(cue["end_ms"] - 8000) <= 200
        _, listed = await hub.call("teacher", "GET", f"{one}/transcripts")
        assert [each["recogniser"] for each in listed["transcripts"]] == [listed["recogniser"]] == ["listen"]
        _, job = await hub.call("teacher", "POST", path, json={"recording_id": recording.id, "language": "en"})
        job = await ended(hub, job, "teacher")
        assert job["state"] == "failed"
        assert "no model for en" in job["problem"]
