"""A publisher in virtual time behind a bad line: its own clocks, loss, retransmission, outages; and a recorder."""

import heapq
import random
from collections import deque
from collections.abc import Iterator
from dataclasses import dataclass, field
from itertools import count

from classroom.fmp4.header import write_header
from classroom.messages.views import MediaKind
from classroom.rtp.packet import RtpPacket
from classroom.rtp.rtcp import SenderReport, ntp_time
from classroom.rtp.sdp import Codec
from media_server.recording.core.clock import SenderClock
from media_server.recording.core.segment import FragmentWritten, SegmentClosed, SegmentOpened, Step
from media_server.recording.core.stream import Stream
from media_server.recording.core.track import TrackWriter
from media_server.sfu.encoding import Encoding
from tests.fakes.camera import H264
from tests.fakes.clapper import FPS, Film

OPUS = Codec(111, "opus", 48_000, 2)
TICK_S = 0.02  # the engine's
TURN_S = 0.1  # the recorder's
REMEMBERED_S = 1.0  # by a browser, of what it sent
UNIX_S = 1_700_000_000.0  # what the publisher's wall clock said at the beginning


@dataclass
class Line:
    """`delay_s` each way and up to `jitter_s` more, `loss` of all packets, nothing at all in `outages` (from, to)."""

    delay_s: float = 0.03
    jitter_s: float = 0.01
    loss: float = 0.0
    outages: tuple[tuple[float, float], ...] = ()
    chance: random.Random = field(default_factory=lambda: random.Random(7))

    def arrival(self, sent_at: float) -> float | None:
        if any(begin <= sent_at < end for begin, end in self.outages) or self.chance.random() < self.loss:
            return None
        return sent_at + self.delay_s + self.chance.random() * self.jitter_s


@dataclass
class Recorded:
    """What became of a track: `(start, duration, header, fragments)` of each segment."""

    segments: list[tuple[int, int, bytes, bytes]] = field(default_factory=list)
    timescale: int = 0
    _start: int = 0
    _header: bytes = b""
    _fragments: list[bytes] = field(default_factory=list)

    def take(self, steps: Iterator[Step]) -> None:
        for step in steps:
            match step:
                case SegmentOpened(format_, start):
                    self.timescale = format_.timescale
                    self._start, self._header, self._fragments = start, write_header(format_), []
                case FragmentWritten(data, again):
                    if again:
                        assert len(self._fragments.pop()) == len(data)
                    self._fragments.append(data)
                case SegmentClosed(duration):
                    self.segments.append((self._start, duration, self._header, self.open_bytes))
                    self._fragments = []

    @property
    def open_bytes(self) -> bytes:
        """The fragments written so far of the segment that is open."""
        return b"".join(self._fragments)

    def file(self, from_s: float, to_s: float) -> bytes:
        """The segments that begin within this time as one file; they must have one header."""
        chosen = [each for each in self.segments if from_s <= each[0] / self.timescale < to_s]
        assert len({header for _, _, header, _ in chosen}) == 1
        return chosen[0][2] + b"".join(fragments for _, _, _, fragments in chosen)

    @property
    def ranges_s(self) -> list[tuple[float, float]]:
        return [
            (start / self.timescale, (start + duration) / self.timescale) for start, duration, _, _ in self.segments
        ]


@dataclass
class Sent:
    """One stream as its publisher sends it: `clock` is how many of its seconds pass in one of ours."""

    kind: MediaKind
    payloads: tuple[tuple[bytes, ...], ...]
    ticks: int  # between them
    rate_hz: int
    clock: float
    report_every_s: float
    sequence: int = 65_000
    timestamp_base: int = 0xFFFF_F000

    def captured_at(self, number: int) -> float:
        return number * self.ticks / self.rate_hz / self.clock

    def packets(self, number: int) -> Iterator[RtpPacket]:
        payloads = self.payloads[number % len(self.payloads)]
        timestamp = self.timestamp_base + number * self.ticks & 0xFFFF_FFFF
        codec = H264 if self.kind == "video" else OPUS
        for part, payload in enumerate(payloads, 1):
            marker = self.kind == "video" and part == len(payloads)
            yield RtpPacket(codec.payload_type, self.sequence, timestamp, 1, payload, marker=marker)
            self.sequence = self.sequence + 1 & 0xFFFF

    def report(self, at: float, wall_s: float) -> SenderReport:
        timestamp = self.timestamp_base + round(at * self.clock * self.rate_hz) & 0xFFFF_FFFF
        return SenderReport(1, ntp_time(wall_s), timestamp, 0, 0)


def sent_film(film: Film, *, sound_clock: float = 1.0) -> dict[MediaKind, Sent]:
    sounds = tuple((sound,) for sound in film.sounds)
    return {
        "video": Sent("video", film.pictures, 90_000 // FPS, 90_000, 1.0, 1.0),
        "audio": Sent("audio", sounds, film.sound_ticks, 48_000, sound_clock, 5.0),
    }


class Lesson:
    """Everything that happens to one publisher's streams until they are segments. Our time 0 is `began_at`."""

    def __init__(self, sent: dict[MediaKind, Sent], line: Line, *, wall_drift: float = 0.0) -> None:
        self.sent = sent
        self.recorded: dict[MediaKind, Recorded] = {kind: Recorded() for kind in sent}
        self.writers = {kind: TrackWriter(0.0, 0.0) for kind in sent}
        self._line = line
        self._wall_drift = wall_drift
        sender = SenderClock()
        self._encodings: dict[MediaKind, Encoding] = {}
        self.streams: dict[MediaKind, Stream] = {}
        for kind in sent:
            codec = H264 if kind == "video" else OPUS
            self._encodings[kind] = Encoding("", 1, codec, video=kind == "video")
            self.streams[kind] = Stream(kind, codec, sender)
            self._encodings[kind].listen(self.streams[kind])
        self._history: dict[MediaKind, deque[tuple[float, RtpPacket]]] = {kind: deque(maxlen=200) for kind in sent}
        self._order = count()
        self._arrivals: list[tuple[float, int, MediaKind, RtpPacket | SenderReport, bool]] = []

    def wall_s(self, at: float) -> float:
        """The publisher's wall clock at our time `at`."""
        return UNIX_S + at * (1 + self._wall_drift)

    def run(self, seconds: float, *, first: float = 0.0) -> None:
        """Send what is captured from `first` until `seconds`, and record it to the end."""
        numbers = {kind: round(first * each.rate_hz * each.clock / each.ticks) for kind, each in self.sent.items()}
        reports = {kind: first + each.report_every_s / 2 for kind, each in self.sent.items()}
        now, turn_at = first, first
        while now < seconds + 3:
            now += TICK_S
            for kind, each in self.sent.items():
                while (at := each.captured_at(numbers[kind])) < min(now, seconds):
                    for packet in each.packets(numbers[kind]):
                        self._history[kind].append((at, packet))
                        self._send(kind, packet, at)
                    numbers[kind] += 1
                if reports[kind] < min(now, seconds):
                    self._send(kind, each.report(reports[kind], self.wall_s(reports[kind])), reports[kind])
                    reports[kind] += each.report_every_s
            self._receive(now)
            self._repair(now)
            if now >= turn_at:
                turn_at += TURN_S
                self._record(now)
        for kind, recorded in self.recorded.items():
            for moment in self.streams[kind].end(now):
                recorded.take(self.writers[kind].add(moment))
            recorded.take(self.writers[kind].close())

    def _send(self, kind: MediaKind, packet: RtpPacket | SenderReport, at: float, repair: bool = False) -> None:
        arrival = self._line.arrival(at)
        if arrival is not None:
            heapq.heappush(self._arrivals, (arrival, next(self._order), kind, packet, repair))

    def _receive(self, now: float) -> None:
        while self._arrivals and self._arrivals[0][0] <= now:
            at, _, kind, packet, repair = heapq.heappop(self._arrivals)
            if isinstance(packet, RtpPacket):
                self._encodings[kind].receive(packet, at, repair=repair)
            else:
                self._encodings[kind].receive_report(packet, at)

    def _repair(self, now: float) -> None:
        """What is asked for again comes again, when neither the request nor the answer is lost."""
        for kind, encoding in self._encodings.items():
            for index in encoding.missing(now, 0.06):
                asked_at = self._line.arrival(now)
                if asked_at is None:
                    continue
                for sent_at, packet in self._history[kind]:
                    if packet.sequence == index & 0xFFFF and asked_at - sent_at < REMEMBERED_S:
                        self._send(kind, packet, asked_at, repair=True)

    def _record(self, now: float) -> None:
        for kind, recorded in self.recorded.items():
            for moment in self.streams[kind].take(now):
                recorded.take(self.writers[kind].add(moment))
            recorded.take(self.writers[kind].tick(now))
