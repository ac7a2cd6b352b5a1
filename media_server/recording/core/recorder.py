"""What is recorded of one track of a lesson: its best encoding, from one publisher after the other."""

from collections.abc import Iterator

from classroom.messages.views import MediaKind
from media_server.recording.core.clock import SenderClock
from media_server.recording.core.segment import Step
from media_server.recording.core.stream import Stream
from media_server.recording.core.track import TrackWriter
from media_server.sfu.encoding import Encoding
from media_server.sfu.source import Source, Track


class Listener:
    """An encoding that is listened to."""

    def __init__(self, encoding: Encoding, kind: MediaKind, sender: SenderClock) -> None:
        self.encoding = encoding
        self.stream = Stream(kind, encoding.codec, sender)
        encoding.listen(self.stream)

    def leave(self) -> None:
        self.encoding.listen(None)


class Publication:
    """What one publisher's source gives to a recording, until it ends. One `SenderClock` keeps picture and sound in
    step."""

    def __init__(self, source: Source) -> None:
        self.source = source
        self.sender = SenderClock()

    @property
    def heard_at(self) -> float:
        """When the last packet came, of whichever encoding."""
        return max((encoding.last_packet_at for encoding in self.source.encodings), default=float("-inf"))


class TrackRecorder:
    """The picture or the sound called `name`. `turn` is called some ten times a second.

    Counts packets that never came (`lost`) or found no room in the queue (`dropped`), and `malformed` samples.
    """

    def __init__(self, name: str, kind: MediaKind, began_at: float, now: float) -> None:
        """`began_at`: when the recording began, on the server's monotonic clock."""
        self.name = name
        self.kind: MediaKind = kind
        self.writer = TrackWriter(began_at, now)
        self.lost = self.dropped = self.malformed = 0
        self._publication: Publication | None = None
        self._current: Listener | None = None
        self._next: Listener | None = None  # listened to until its keyframe comes

    def turn(self, publication: Publication | None, now: float) -> Iterator[Step]:
        """What is to be written now; `publication` is that of the source of this name, None while there is none."""
        if publication is not self._publication:
            yield from self.end(now)
            self._publication = publication
        if publication is None:
            return
        track = publication.source.tracks.get(self.kind)
        if track is not None:
            self._choose(publication, track, now)
        yield from self._take(now)
        yield from self.writer.tick(now)

    def end(self, now: float) -> Iterator[Step]:
        """The publisher is gone; a picture stays as long as anything was heard of it."""
        publication, current = self._publication, self._current
        if current is not None:
            for moment in current.stream.end(now):
                yield from self.writer.add(moment)
        self._forget(current)
        self._forget(self._next)
        self._publication = self._current = self._next = None
        yield from self.writer.close(publication.heard_at if publication is not None else None)

    def _choose(self, publication: Publication, track: Track, now: float) -> None:
        """Listen to the best encoding; leave the current one only for one whose keyframe has come."""
        best = next(iter(track.sending(now)), None)
        if self._next is not None and self._next.encoding is not best:
            self._forget(self._next)
            self._next = None
        listening = self._next or self._current
        if best is not None and (listening is None or listening.encoding is not best):
            self._next = Listener(best, self.kind, publication.sender)
        for listener in (self._current, self._next):
            if listener is None:
                continue
            listener.encoding.watched_at = now  # or its publisher would be asked to pause it
            if listener.stream.waiting or (listener is self._current and self.writer.wants_keyframe(now)):
                listener.encoding.keyframes.want()

    def _take(self, now: float) -> Iterator[Step]:
        current, following = self._current, self._next
        if following is not None:
            moments = list(following.stream.take(now))
            if moments:
                # Of the old one only what lies before the first picture of the new one.
                if current is not None:
                    for moment in current.stream.end(now):
                        if moment.at < moments[0].at:
                            yield from self.writer.add(moment)
                self._forget(current)
                self._current, self._next = following, None
                for moment in moments:
                    yield from self.writer.add(moment)
                return
        if current is not None:
            for moment in current.stream.take(now):
                yield from self.writer.add(moment)

    def _forget(self, listener: Listener | None) -> None:
        if listener is not None:
            listener.leave()
            stream = listener.stream
            self.lost += stream.lost
            self.dropped += stream.dropped
            self.malformed += stream.malformed
