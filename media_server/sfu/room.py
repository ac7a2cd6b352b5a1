"""A lesson's media: its sources, who receives them, and what must be sent now.

The owner calls `receive` for every packet of a burst and `flush` once at the end of it; `flush` yields what leaves.
"""

from collections.abc import Iterable, Iterator
from typing import NamedTuple

from classroom.errors import Conflict
from classroom.messages.views import MediaKind, SourceView
from classroom.rtp.packet import RtpPacket
from media_server.sfu.downlink import Downlink, Format, Run
from media_server.sfu.encoding import Encoding
from media_server.sfu.fan import Fan, Follower
from media_server.sfu.history import Burst, MediaPacket
from media_server.sfu.point import OperatingPoint
from media_server.sfu.source import Source, Track
from media_server.sfu.subscriber import Subscriber, TrackState


class Sending(NamedTuple):
    """Runs to send to one subscriber on one of its downlinks; `repair` runs are retransmissions."""

    subscriber: Subscriber
    downlink: Downlink
    runs: Iterable[Run]
    format: Format
    repair: bool = False


class FanOut(NamedTuple):
    """A burst that leaves for all followers of a fan."""

    fan: Fan
    burst: Burst

    def sending(self, follower: Follower, first: int = 0) -> Sending:
        """One of the many that it stands for, of the burst's packets from `first` on."""
        subscriber, downlink, _, _ = follower
        return Sending(subscriber, downlink, (follower.run(self.burst.packets[first:]),), downlink.format)

    def sendings(self) -> Iterator[Sending]:
        """All that it stands for."""
        return (self.sending(follower) for follower in self.fan.followers)


class TrackChanged(NamedTuple):
    """A subscriber's section now carries something else: tell its page."""

    subscriber: Subscriber
    state: TrackState


class Room:
    """All media of one lesson on this node."""

    def __init__(self, lesson_id: str) -> None:
        self.lesson_id = lesson_id
        self.sources: dict[str, Source] = {}
        self.subscribers: dict[str, Subscriber] = {}
        self.gained = False  # an encoding appeared since the owner last looked
        self._listeners: dict[tuple[str, MediaKind], list[tuple[Subscriber, Downlink]]] = {}
        self._bursts: dict[Encoding, list[MediaPacket]] = {}
        self._tracks: dict[Encoding, tuple[str, MediaKind]] = {}
        self._fans: dict[Encoding, Fan] = {}  # made when a burst comes, and again after a downlink has moved
        self._sendings: list[Sending] = []
        self._changes: list[TrackChanged] = []
        self._offered: list[tuple[str, MediaKind, list[OperatingPoint]]] = []  # when it was last looked at

    @property
    def empty(self) -> bool:
        return not self.sources and not self.subscribers

    def views(self) -> list[SourceView]:
        return [source.view() for source in self.sources.values()]

    # -- publishers --------------------------------------------------------------------------------------------------

    def publish(self, source: Source) -> None:
        """Raises `Conflict("source_taken")` when somebody publishes under this name."""
        if source.name in self.sources:
            raise Conflict("source_taken", source=source.name)
        self.sources[source.name] = source

    def unpublish(self, source: Source, now: float) -> None:
        if self.sources.get(source.name) is not source:
            return
        del self.sources[source.name]
        for encoding in source.encodings:
            self._bursts.pop(encoding, None)
            self._tracks.pop(encoding, None)
        for kind in source.tracks:
            for _, downlink in self._listeners.get((source.name, kind), ()):
                downlink.detach()
        self._fans.clear()
        self.decide(now)

    def add_encoding(self, source: Source, track: Track, rid: str, ssrc: int) -> Encoding:
        """A new stream of a track announced itself; one it replaces is forgotten."""
        known = track.encoding(rid)
        if known is not None:
            self._bursts.pop(known, None)
            self._tracks.pop(known, None)
            self._fans.clear()
        encoding = track.add(rid, ssrc)
        self._tracks[encoding] = (source.name, track.kind)
        self.gained = True
        return encoding

    def receive(
        self, encoding: Encoding, packet: RtpPacket, now: float, *, repair: bool = False, redundant: bytes = b""
    ) -> None:
        """A packet of an encoding; `repair`: one that was lost and came again in another way; `redundant`: the RED
        payload it came in."""
        media = encoding.receive(packet, now, repair=repair, redundant=redundant)
        if media is not None:
            burst = self._bursts.get(encoding)
            if burst is None:
                self._bursts[encoding] = [media]
            else:
                burst.append(media)

    @property
    def asks(self) -> bool:
        """Whether a publisher is to be asked for something: what is missing, a keyframe."""
        return any(encoding.asks for encoding in self._tracks)

    @property
    def gathering(self) -> bool:
        """Whether packets wait for the rest of their picture."""
        return bool(self._bursts)

    def flush(self, now: float, *, everything: bool = True) -> Iterator[Sending | FanOut]:
        """What to send since the last call; unless `everything`, pictures whose last packet is not here yet wait."""
        bursts, self._bursts = self._bursts, {}
        if not everything:
            whole = {encoding: burst for encoding, burst in bursts.items() if burst[-1].marker or not encoding.video}
            if len(whole) < len(bursts):
                self._bursts = {encoding: burst for encoding, burst in bursts.items() if encoding not in whole}
                bursts = whole
        for encoding, packets in bursts.items():
            fan = self._fans.get(encoding)
            if fan is None or fan.redundant is not encoding.redundant:
                listeners = self._listeners.get(self._tracks[encoding], ())
                fan = self._fans[encoding] = Fan(encoding, listeners)
            if fan.followers or fan.others:
                yield from self._fan_out(fan, encoding, Burst.of(packets), now)
        if self._sendings:
            sendings, self._sendings = self._sendings, []
            # What waited while the codec became another one cannot be sent as that.
            yield from (sending for sending in sendings if sending.format is sending.downlink.format)

    def _fan_out(self, fan: Fan, encoding: Encoding, burst: Burst, now: float) -> Iterator[Sending | FanOut]:
        others = fan.others
        if fan.followers:
            if burst.first >= fan.plain_from:
                fan.tally.note(burst, now)
                yield FanOut(fan, burst)
            else:
                others = [*((subscriber, downlink) for subscriber, downlink, _, _ in fan.followers), *others]
        for subscriber, downlink in others:
            runs = downlink.receive(encoding, burst, now)
            if runs:
                yield Sending(subscriber, downlink, runs, downlink.format)
            if downlink.changed:
                self._announce(subscriber, downlink)
            self._look(downlink)

    def _look(self, downlink: Downlink) -> None:
        """Whoever sends to many at once must ask again when one of them has moved."""
        if downlink.moved:
            downlink.moved = False
            self._fans.clear()

    # -- subscribers -------------------------------------------------------------------------------------------------

    def subscribe(self, subscriber: Subscriber, now: float) -> None:
        """Add a subscriber, or take over the downlinks it has negotiated since."""
        self._forget(subscriber)
        self.subscribers[subscriber.id] = subscriber
        for downlink in subscriber.downlinks.values():
            self._listeners.setdefault((downlink.source, downlink.kind), []).append((subscriber, downlink))
        self._decide_for(subscriber, now)

    def unsubscribe(self, subscriber: Subscriber) -> None:
        self._forget(subscriber)
        self.subscribers.pop(subscriber.id, None)

    def retransmit(self, subscriber: Subscriber, ssrc: int, lost: Iterable[int], now: float) -> None:
        downlink = subscriber.by_ssrc.get(ssrc)
        if downlink is None:
            return
        budget, sent_bps = subscriber.repairs, subscriber.sent_bps
        runs = [
            run
            for run in downlink.retransmit(list(lost), now, subscriber.rtt_s or 0.0)
            # Sound is small and must survive: only pictures are held to the budget.
            if downlink.kind == "audio" or budget.take(len(run.packets[0].payload), sent_bps, now)
        ]
        if runs:
            self._sendings.append(Sending(subscriber, downlink, runs, downlink.format, repair=True))

    def picture_lost(self, subscriber: Subscriber, ssrc: int, now: float) -> None:
        """A subscriber cannot decode (PLI, FIR)."""
        downlink = subscriber.by_ssrc.get(ssrc)
        if downlink is not None and downlink.current is not None:
            downlink.current.keyframes.want()

    def prefer(self, subscriber: Subscriber, mid: str, encoding: str, now: float) -> None:
        """Pin a picture to a rid, free it ("auto") or pause it ("off"). Unknown sections are passed over."""
        downlink = subscriber.downlinks.get(mid)
        if downlink is not None and downlink.preference != encoding:
            downlink.preference = encoding
            self._decide_for(subscriber, now)

    def decide(self, now: float) -> None:
        """Look again at what every subscriber should get; called on a timer and when sources change."""
        for subscriber in self.subscribers.values():
            self._decide_for(subscriber, now)

    def reconsider(self, now: float) -> None:
        """Called on a timer: look again at those who may get something else than before."""
        offered = [
            (source.name, kind, track.points(now))
            for source in self.sources.values()
            for kind, track in source.tracks.items()
        ]
        if offered != self._offered:
            self._offered = offered
            self.decide(now)
            return
        for subscriber in self.subscribers.values():
            if subscriber.due(now):
                self._decide_for(subscriber, now)

    def take_changes(self) -> list[TrackChanged]:
        changes, self._changes = self._changes, []
        return changes

    def _decide_for(self, subscriber: Subscriber, now: float) -> None:
        for downlink, point, reason in subscriber.decide(self.sources, now):
            below: list[Encoding] = []
            downlink.start_bytes = subscriber.start_bytes
            if point is not None and point.encoding is not downlink.wanted:
                below = self.sources[downlink.source].tracks[downlink.kind].below(point.encoding, now)
            if runs := downlink.want(point, now, below):
                self._sendings.append(Sending(subscriber, downlink, runs, downlink.format))
            self._look(downlink)
            for watched in (downlink.wanted, downlink.current):
                if watched is not None:
                    watched.watched_at = now
            downlink_reason = reason if point is None else None
            if downlink.changed or downlink_reason != subscriber.reasons.get(downlink.mid):
                subscriber.reasons[downlink.mid] = downlink_reason
                self._announce(subscriber, downlink)

    def _announce(self, subscriber: Subscriber, downlink: Downlink) -> None:
        downlink.changed = False
        point = downlink.point
        state = TrackState(downlink.mid, point.rid if point else None, subscriber.reasons.get(downlink.mid))
        self._changes.append(TrackChanged(subscriber, state))

    def _forget(self, subscriber: Subscriber) -> None:
        self._fans.clear()
        for key, listeners in list(self._listeners.items()):
            kept = [pair for pair in listeners if pair[0] is not subscriber]
            if kept:
                self._listeners[key] = kept
            else:
                del self._listeners[key]
