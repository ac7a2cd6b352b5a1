"""MP4 files that others made, cut into segments as our recorders leave them; nothing is decoded. Blocking: for workers.

Kept are pictures in H.264 and sounds in AAC or Opus; what would have to be transcoded is named.
"""

import hashlib
import json
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass, field
from fractions import Fraction
from pathlib import Path
from typing import Final

import av
from av.container import InputContainer
from av.stream import Stream

from classroom.codecs.bits import MalformedStream
from classroom.errors import BadInput
from classroom.fmp4.formats import Format, aac_format, avc_format, opus_format
from classroom.fmp4.fragment import Sample, write_fragment
from classroom.fmp4.header import write_header
from classroom.model.recording import Segment, TrackKind

SEGMENT_S: Final = 4.0  # as the room's recorder
LONGEST_SEGMENT_S: Final = 120.0  # a picture without a keyframe for so long cannot be watched from the middle
_EARLY_S = 0.1
_MOST_ALIKE = 4
_SOURCE: Final = "programme"
_READ_BYTES = 1 << 20


@dataclass(frozen=True, slots=True)
class FilmTrack:
    """A track as a manifest will have it."""

    name: str
    kind: str
    codec: str
    timescale: int
    width: int
    height: int
    channels: int
    segments: tuple[Segment, ...]


@dataclass(frozen=True, slots=True)
class Film:
    """What was cut; `sha256` of the file."""

    sha256: str
    tracks: tuple[FilmTrack, ...]

    def pack(self) -> str:
        return json.dumps(asdict(self))

    @classmethod
    def unpack(cls, text: str) -> "Film":
        """Raises `ValueError`."""
        found = json.loads(text)
        tracks = [
            FilmTrack(**{**track, "segments": tuple(Segment(**each) for each in track["segments"])})
            for track in found["tracks"]
        ]
        return cls(found["sha256"], tuple(tracks))


def check_film(path: Path) -> float:
    """Seconds, if it can be taken in. Raises `BadInput` with `film_unreadable`, `film_codec`,
    `film_tracks` or `film_empty`."""
    with _opened(path) as container:
        _chosen(container)
        return (container.duration or 0) / 1_000_000


def digest_of_file(path: Path) -> str:
    """SHA-256 in hex. Raises `BadInput("film_unreadable")`."""
    digest = hashlib.sha256()
    try:
        with path.open("rb") as file:
            while data := file.read(_READ_BYTES):
                digest.update(data)
    except OSError as error:
        raise BadInput("film_unreadable", reason=error.strerror or str(error)) from error
    return digest.hexdigest()


def cut_film(path: Path, sha256: str, folder: Path) -> Film:
    """Its segments and headers into `folder`, named by their digests. Raises as `check_film`, `film_keyframes`,
    and `OSError` when `folder` takes no more.
    """
    folder.mkdir(parents=True, exist_ok=True)
    with _opened(path) as container:
        chosen = _chosen(container)
        base = Fraction(max(0, container.start_time or 0), 1_000_000)
        cutters = {stream.index: _Cutter(form, name, stream, base, folder) for stream, form, name in chosen}
        try:
            for packet in container.demux([stream for stream, _, _ in chosen]):
                cutters[packet.stream.index].add(packet)
        except av.FFmpegError as error:
            raise BadInput("film_unreadable", reason=error.strerror or str(error)) from error
        tracks = tuple(cutter.finish() for cutter in cutters.values())
    if not any(track.segments for track in tracks):
        raise BadInput("film_empty")
    return Film(sha256, tuple(track for track in tracks if track.segments))


@contextmanager
def _opened(path: Path) -> Iterator[InputContainer]:
    try:
        container = av.open(str(path), "r", format="mp4")
    except (av.FFmpegError, OSError, ValueError) as error:
        raise BadInput("film_unreadable", reason=getattr(error, "strerror", None) or str(error)) from error
    with container:
        yield container


def _chosen(container: InputContainer) -> list[tuple[Stream, Format, str]]:
    """Streams to keep, with the name of each: all pictures and sounds, for nothing is left out unsaid."""
    pictures = [each for each in container.streams.video if not each.disposition & _ATTACHED]
    found: list[tuple[Stream, Format, str]] = []
    for alike in (pictures, container.streams.audio):
        if len(alike) > _MOST_ALIKE:
            raise BadInput("film_tracks", most=_MOST_ALIKE)
        for number, stream in enumerate(alike, 1):
            found.append((stream, _format(stream), _SOURCE if number == 1 else f"{_SOURCE}-{number}"))
    if not found:
        raise BadInput("film_empty")
    return found


_ATTACHED = av.stream.Disposition.attached_pic  # a cover, no picture of the lesson


def _format(stream: Stream) -> Format:
    context = stream.codec_context
    name, configuration = context.name, bytes(context.extradata or b"")
    try:
        match name:
            case "h264":
                return avc_format(configuration)
            case "aac":
                return aac_format(configuration)
            case "opus" | "libopus" if configuration[18:19] in (b"", b"\0"):
                # RFC 7845 § 5.1: OpusHead, version, channels, pre-skip
                return opus_format(configuration[9], int.from_bytes(configuration[10:12], "little"))
    except (MalformedStream, IndexError) as error:
        raise BadInput("film_codec", codec=name) from error
    raise BadInput("film_codec", codec=name)


@dataclass
class _Cutter:
    """One track: packets in, files of whole segments out."""

    form: Format
    name: str
    stream: Stream
    base: Fraction
    folder: Path
    _segments: list[Segment] = field(default_factory=list)
    _waiting: list[tuple[int, int, bytes, bool]] = field(default_factory=list)  # decode time, offset, bytes, keyframe
    _begun: int | None = None
    _shift: int | None = None
    _usual: int = 0
    _header: str = ""

    def add(self, packet: "av.Packet[Stream]") -> None:
        if packet.dts is None or packet.pts is None or not packet.size:
            return
        decode, shown = self._ticks(packet.dts), self._ticks(packet.pts)
        if self.form.kind is TrackKind.AUDIO:
            if shown < 0:  # what the encoder put before the beginning
                return
            self._sample(shown, 0, packet, keyframe=True)
            return
        if self._shift is None:
            if not packet.is_keyframe:
                return
            # decoding begins before the film does; a manifest's times do not
            self._shift = max(0, -decode)
        self._sample(decode + self._shift, shown - decode - self._shift, packet, keyframe=packet.is_keyframe)

    def finish(self) -> FilmTrack:
        if self._waiting:
            self._close(self._waiting[-1][0] + (self._usual or self.form.timescale // 25))
        form = self.form
        about = (form.kind.value, form.codec, form.timescale, form.width, form.height, form.channels)
        return FilmTrack(self.name, *about, tuple(self._segments))

    def _sample(self, time: int, offset: int, packet: "av.Packet[Stream]", *, keyframe: bool) -> None:
        if self._waiting:
            before = self._waiting[-1][0]
            if time <= before:
                raise BadInput("film_unreadable", reason=f"DTS {packet.dts}")
            self._usual = time - before
        if self._begun is not None and self._due(time, keyframe=keyframe):
            self._close(time)
        if self._begun is None:
            self._begun = time
        self._waiting.append((time, offset, bytes(packet), keyframe))

    def _due(self, time: int, *, keyframe: bool) -> bool:
        lasted = time - (self._begun or 0)
        if lasted > LONGEST_SEGMENT_S * self.form.timescale:
            raise BadInput("film_keyframes", longest_s=round(LONGEST_SEGMENT_S))
        return keyframe and lasted >= (SEGMENT_S - _EARLY_S) * self.form.timescale

    def _close(self, end: int) -> None:
        times = [time for time, _, _, _ in self._waiting] + [end]
        samples = [
            Sample(data, times[number + 1] - time, keyframe, offset)
            for number, (time, offset, data, keyframe) in enumerate(self._waiting)
        ]
        number = len(self._segments)
        if not self._header:
            self._header = self._keep(write_header(self.form))
        data = write_fragment(number + 1, times[0], samples)
        self._segments.append(Segment(number, self._keep(data), self._header, len(data), times[0], end - times[0]))
        self._waiting, self._begun = [], None

    def _keep(self, data: bytes) -> str:
        digest = hashlib.sha256(data).hexdigest()
        (self.folder / digest).write_bytes(data)
        return digest

    def _ticks(self, moment: int) -> int:
        return round((moment * (self.stream.time_base or Fraction(1)) - self.base) * self.form.timescale)
