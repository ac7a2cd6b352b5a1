"""What one publisher sends under one name."""

from collections.abc import Mapping

from classroom.messages.views import EncodingView, MediaKind, SourceView
from classroom.rtp.sdp import Codec
from media_server.sfu.encoding import Encoding
from media_server.sfu.point import OperatingPoint, operating_points


class Track:
    """A picture or a sound in one or more encodings, the best first."""

    def __init__(
        self, kind: MediaKind, codec: Codec, rids: list[str], extensions: Mapping[int, str] | None = None
    ) -> None:
        self.kind: MediaKind = kind
        self.codec = codec
        self.extensions = extensions
        self.rids = rids or [""]
        self.encodings: list[Encoding] = []

    def add(self, rid: str, ssrc: int) -> Encoding:
        """The encoding `rid` now comes with `ssrc`; one that was there under another SSRC is replaced."""
        encoding = Encoding(rid, ssrc, self.codec, video=self.kind == "video", extensions=self.extensions)
        others = [known for known in self.encodings if known.rid != rid]
        self.encodings = sorted([*others, encoding], key=lambda each: self.rids.index(each.rid))
        return encoding

    def encoding(self, rid: str) -> Encoding | None:
        return next((encoding for encoding in self.encodings if encoding.rid == rid), None)

    def sending(self, now: float) -> list[Encoding]:
        """The encodings that carry something now, the best first."""
        return [encoding for encoding in self.encodings if encoding.sending(now)]

    def points(self, now: float) -> list[OperatingPoint]:
        """The qualities a viewer can be given now, the best first."""
        return [point for encoding in self.sending(now) for point in operating_points(encoding)]

    def below(self, encoding: Encoding, now: float) -> list[Encoding]:
        """The encodings lower than `encoding` that carry something now, the best first."""
        rank = self.rids.index(encoding.rid)
        return [each for each in self.sending(now) if self.rids.index(each.rid) > rank]


class Source:
    """Up to one picture and one sound from one publisher; `from_agent`: a room's agent, which records it itself."""

    def __init__(self, name: str, tracks: list[Track], *, from_agent: bool = False) -> None:
        self.name = name
        self.from_agent = from_agent
        self.tracks: dict[MediaKind, Track] = {track.kind: track for track in tracks}

    @property
    def encodings(self) -> list[Encoding]:
        return [encoding for track in self.tracks.values() for encoding in track.encodings]

    def view(self) -> SourceView:
        video = self.tracks.get("video")
        points = [point for encoding in video.encodings for point in operating_points(encoding)] if video else []
        return SourceView(
            name=self.name,
            kinds=sorted(self.tracks),
            encodings=[
                EncodingView(
                    rid=point.rid,
                    width=point.size[0],
                    height=point.size[1],
                    # Rounded, so that the view changes when the quality does and not with every measurement.
                    bitrate_bps=round(point.bitrate_bps, -5),
                )
                for point in points
            ],
        )
