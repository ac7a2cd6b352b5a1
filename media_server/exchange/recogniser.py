"""Speech to captions, by a program the operator installs.

    COMMAND … FILE.wav LANGUAGE

FILE.wav is PCM of 16 bits, 16 kHz, mono, and has the recording's times; LANGUAGE is an RFC 5646 tag. The program writes
WebVTT to its standard output and may write lines `progress 0.42` to its standard error. Any other exit status than 0
is a failure; the last line of the standard error says why.
"""

import asyncio
import io
import shlex
import wave
from asyncio.subprocess import DEVNULL, PIPE, Process
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Final

import av

from classroom.access.cataloguing import access_recording_to_describe
from classroom.access.transcripts import access_new_transcript
from classroom.captions import Cue, read_captions
from classroom.clock import Clock
from classroom.errors import ClassroomError, Conflict, Unavailable
from classroom.logs import get_logger
from classroom.model.principal import Principal
from classroom.store.store import Store
from media_server.exchange.exporter import Tell
from media_server.watching.desk import Desk
from media_server.watching.extras import main_sound

log = get_logger(__name__)

RATE_HZ: Final = 16_000
_MOST_OUTPUT_BYTES: Final = 8 * 1024 * 1024
_NICE = ("nice", "-n", "15")  # behind everything that lives
# Of all the work: decoding takes a little, recognising the rest.
_DECODING_PERCENT = 10


class Recogniser:
    """`command` and its `name` as in the settings; `spool` for one file of sound at a time."""

    def __init__(self, store: Store, clock: Clock, desk: Desk, *, command: str, name: str, spool: Path) -> None:
        self._store = store
        self._clock = clock
        self._desk = desk
        self._command = shlex.split(command)
        self._name = name
        self._spool = spool

    async def transcribe(self, order: Mapping[str, Any], principal: Principal, tell: Tell) -> Mapping[str, Any]:
        """Write the transcript of `recording_id` in `language`. Raises `Conflict` with `recogniser_missing` or
        `recording_silent`, `Unavailable("recogniser_failed")`, and what reading captions raises.
        """
        recording_id = order["recording_id"]
        spoken = await access_recording_to_describe(self._store, principal, recording_id, self._clock.now())
        language = order["language"] or spoken
        if not self._command:
            raise Conflict("recogniser_missing")
        await asyncio.to_thread(self._spool.mkdir, parents=True, exist_ok=True)
        path = self._spool / f"{recording_id}.wav"
        try:
            await self._sound(recording_id, path, tell)
            cues = await self._recognised(path, language, tell)
        finally:
            await asyncio.to_thread(path.unlink, missing_ok=True)
        await access_new_transcript(
            self._store, principal, recording_id, language=language, cues=cues,
            recogniser=self._name, now=self._clock.now(),
        )  # fmt: skip
        return {"exported": 1, "cues": len(cues)}

    async def _sound(self, recording_id: str, path: Path, tell: Tell) -> None:
        """The lesson's sound, silence where there is none or it cannot be read."""
        sound = main_sound(await self._desk.shelf.read(recording_id))
        if sound is None:
            raise Conflict("recording_silent")
        with wave.open(str(path), "wb") as file:
            file.setnchannels(1)
            file.setsampwidth(2)
            file.setframerate(RATE_HZ)
            at = 0
            for number, piece in enumerate(sound.pieces, 1):
                begin = max(at, round(piece.begin_s * RATE_HZ))
                try:
                    header = await self._desk.reader.get(piece.segment.init_digest)
                    data = await self._desk.reader.get(piece.segment.digest)
                    speech = await self._desk.workshop.run(speech_of, header, data)
                except ClassroomError as error:
                    log.info("sound left out", recording=recording_id, code=error.code)
                    continue
                await asyncio.to_thread(file.writeframesraw, bytes(2 * (begin - at)) + speech)
                at = begin + len(speech) // 2
                await tell(_DECODING_PERCENT * number // len(sound.pieces), 100)

    async def _recognised(self, path: Path, language: str, tell: Tell) -> list[Cue]:
        try:
            process = await asyncio.create_subprocess_exec(
                *_NICE, *self._command, str(path), language, stdin=DEVNULL, stdout=PIPE, stderr=PIPE
            )
        except OSError as error:
            raise Unavailable("recogniser_failed", reason=error.strerror or str(error)) from error
        try:
            output, reason = await asyncio.gather(_read(process), _follow(process, tell))
            status = await process.wait()
        finally:
            if process.returncode is None:
                process.kill()
                await process.wait()
        if status != 0:
            raise Unavailable("recogniser_failed", reason=reason or f"exit status {status}")
        return read_captions(output.decode("utf-8-sig", errors="replace"))


async def _read(process: Process) -> bytes:
    """All that it writes."""
    found = bytearray()
    assert process.stdout is not None  # noqa: S101 -- it was asked for
    while data := await process.stdout.read(1 << 16):
        found += data
        if len(found) > _MOST_OUTPUT_BYTES:
            process.kill()
            raise Unavailable("recogniser_failed", reason=f"> {_MOST_OUTPUT_BYTES // 1024 // 1024} MB")
    return bytes(found)


async def _follow(process: Process, tell: Tell) -> str:
    """Its progress, told; the last line that says something else."""
    last, rest = "", b""
    assert process.stderr is not None  # noqa: S101 -- it was asked for
    while data := await process.stderr.read(1 << 12):
        # recognisers draw bars with carriage returns
        *lines, rest = (rest + data).replace(b"\r", b"\n")[-(1 << 16) :].split(b"\n")
        for line in lines:
            text = line.decode(errors="replace").strip()
            word, _, share = text.partition(" ")
            try:
                done = min(1.0, max(0.0, float(share))) if word == "progress" else None
            except ValueError:
                done = None
            if done is not None:
                await tell(_DECODING_PERCENT + round((100 - _DECODING_PERCENT) * done), 100)
            elif text:
                last = text[:200]
    return rest.decode(errors="replace").strip()[:200] or last


def speech_of(header: bytes, segment: bytes) -> bytes:
    """A segment's sound as a recogniser takes it. Blocking: for workers. What cannot be decoded ends it."""
    found = bytearray()
    resampler = av.AudioResampler("s16", "mono", RATE_HZ)
    try:
        with av.open(io.BytesIO(header + segment), "r") as container:
            for frame in container.decode(audio=0):
                frame.pts = None
                for each in resampler.resample(frame):
                    found += each.to_ndarray().tobytes()
        for each in resampler.resample(None):
            found += each.to_ndarray().tobytes()
    except (av.FFmpegError, IndexError):
        pass
    return bytes(found)
