"""Session descriptions (RFC 8866) as WebRTC uses them (RFC 8829), read and written.

No attribute is dropped: `a=rid`, `a=simulcast` and extmap directions survive, so the same types serve offers
and answers.
"""

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Literal

from classroom.errors import BadInput

Direction = Literal["sendrecv", "sendonly", "recvonly", "inactive"]
DIRECTIONS: tuple[Direction, ...] = ("sendrecv", "sendonly", "recvonly", "inactive")
MAX_SECTIONS = 64
MAX_LINES = 5_000


class MalformedSdp(BadInput):
    """`line` is 1-based; 0 when the description as a whole is at fault."""

    def __init__(self, reason: str, line: int = 0) -> None:
        super().__init__("sdp_malformed", reason=reason, line=line)


@dataclass(frozen=True, slots=True)
class Codec:
    """One payload type of a media section. `name` is as written; compare with `is_`."""

    payload_type: int
    name: str
    clock_rate: int
    channels: int = 1
    parameters: dict[str, str] = field(default_factory=dict)
    feedback: tuple[str, ...] = ()

    def is_(self, name: str) -> bool:
        return self.name.lower() == name.lower()

    @property
    def repairs(self) -> int | None:
        """The payload type this RTX (RFC 4588) repairs."""
        value = self.parameters.get("apt", "") if self.is_("rtx") else ""
        return int(value) if value.isdecimal() else None

    @property
    def wraps(self) -> int | None:
        """The payload type this RED (RFC 2198 § 5) carries in all its blocks; None for a mixture."""
        types = set("/".join(self.parameters).split("/")) if self.is_("red") else set()
        value = types.pop() if len(types) == 1 else ""
        return int(value) if value.isdecimal() else None


@dataclass(frozen=True, slots=True)
class Extmap:
    """A header extension's local id (RFC 8285 § 5)."""

    id: int
    uri: str


@dataclass(slots=True)
class MediaSection:
    """An `m=` section. `attributes` keeps order and repetitions; a flag has the value ""."""

    kind: str
    port: int
    protocol: str
    formats: list[str]
    attributes: list[tuple[str, str]] = field(default_factory=list)

    def get(self, key: str) -> str | None:
        return next((value for name, value in self.attributes if name == key), None)

    def all(self, key: str) -> Iterator[str]:
        return (value for name, value in self.attributes if name == key)

    @property
    def mid(self) -> str:
        return self.get("mid") or ""

    @property
    def direction(self) -> Direction:
        return next((name for name in DIRECTIONS if self.get(name) is not None), "sendrecv")

    @property
    def rejected(self) -> bool:
        # RFC 9143 § 7.3.3: a bundled section may have port 0 and still be in use, if it says bundle-only.
        return self.port == 0 and self.get("bundle-only") is None

    @property
    def codecs(self) -> list[Codec]:
        """The payload types in the order of preference. Raises `MalformedSdp`."""
        maps = dict(_keyed(self.all("rtpmap")))
        parameters = dict(_keyed(self.all("fmtp")))
        feedback: dict[str, list[str]] = {}
        for payload_type, value in _keyed(self.all("rtcp-fb")):
            feedback.setdefault(payload_type, []).append(value)
        codecs = []
        for format_ in self.formats:
            if format_ not in maps:
                continue
            name, _, rest = maps[format_].partition("/")
            rate, _, channels = rest.partition("/")
            if not (format_.isdecimal() and int(format_) < 128 and rate.isdecimal()):
                raise MalformedSdp(f"a=rtpmap:{format_} {maps[format_]}")
            codecs.append(
                Codec(
                    int(format_),
                    name,
                    int(rate),
                    int(channels) if channels.isdecimal() else 1,
                    _parameters(parameters.get(format_, "")),
                    tuple(feedback.get(format_, []) + feedback.get("*", [])),
                )
            )
        return codecs

    @property
    def extmaps(self) -> list[Extmap]:
        """Header extensions we could speak; malformed ids raise `MalformedSdp`."""
        extmaps = []
        for value in self.all("extmap"):
            identifier, _, rest = value.partition(" ")
            number = identifier.partition("/")[0]
            if not number.isdecimal() or not rest:
                raise MalformedSdp(f"a=extmap:{value}")
            extmaps.append(Extmap(int(number), rest.split(" ")[0]))
        return extmaps

    @property
    def send_rids(self) -> list[str]:
        """Restriction ids the offerer will send (RFC 8851), in the order of its `a=simulcast` (RFC 8853) when given."""
        declared = [value.split()[0] for value in self.all("rid") if value.split()[1:2] == ["send"]]
        words = (self.get("simulcast") or "").split()
        if "send" in words[:-1]:
            streams = words[words.index("send") + 1].split(";")
            ordered = [alternatives.split(",")[0].lstrip("~") for alternatives in streams]
            return [rid for rid in ordered if rid in declared]
        return declared

    @property
    def ssrcs(self) -> list[int]:
        """SSRCs named by `a=ssrc`, without repetitions, RTX ones included."""
        numbers = (value.split(" ")[0] for value in self.all("ssrc"))
        return list(dict.fromkeys(int(number) for number in numbers if number.isdecimal()))

    @property
    def rtx_ssrcs(self) -> dict[int, int]:
        """RTX SSRC → the SSRC it repairs (`a=ssrc-group:FID`)."""
        pairs = {}
        for value in self.all("ssrc-group"):
            words = value.split()
            if len(words) == 3 and words[0] == "FID" and words[1].isdecimal() and words[2].isdecimal():
                pairs[int(words[2])] = int(words[1])
        return pairs


@dataclass(slots=True)
class SessionDescription:
    """A whole description; session-level attributes apply to sections that do not say otherwise."""

    attributes: list[tuple[str, str]] = field(default_factory=list)
    media: list[MediaSection] = field(default_factory=list)
    session_id: str = "0"
    version: int = 0

    def get(self, key: str, section: MediaSection | None = None) -> str | None:
        value = section.get(key) if section is not None else None
        return value if value is not None else next((v for name, v in self.attributes if name == key), None)

    @property
    def fingerprints(self) -> list[tuple[str, str]]:
        """All `(algorithm, value)` pairs of `a=fingerprint`."""
        values = [value for name, value in self.attributes if name == "fingerprint"]
        for section in self.media:
            values.extend(section.all("fingerprint"))
        pairs = (value.split() for value in dict.fromkeys(values))
        return [(pair[0].lower(), pair[1].upper()) for pair in pairs if len(pair) == 2]

    def __str__(self) -> str:
        lines = [
            "v=0",
            f"o=- {self.session_id} {self.version} IN IP4 127.0.0.1",
            "s=-",
            "t=0 0",
            *(_line(name, value) for name, value in self.attributes),
        ]
        for section in self.media:
            lines.append(f"m={section.kind} {section.port} {section.protocol} {' '.join(section.formats)}")
            lines.append("c=IN IP4 0.0.0.0")
            lines.extend(_line(name, value) for name, value in section.attributes)
        return "\r\n".join(lines) + "\r\n"


def parse_sdp(text: str) -> SessionDescription:
    """The description in `text`. Raises `MalformedSdp` naming the line."""
    description = SessionDescription()
    section: MediaSection | None = None
    lines = text.splitlines()
    if not lines or lines[0].strip() != "v=0":
        raise MalformedSdp("the first line must be v=0", 1)
    if len(lines) > MAX_LINES:
        raise MalformedSdp(f"more than {MAX_LINES} lines")
    for number, text_line in enumerate(lines, 1):
        line = text_line.strip()
        if not line:
            continue
        if len(line) < 2 or line[1] != "=":
            raise MalformedSdp("a line must begin with a letter and '='", number)
        kind, value = line[0], line[2:]
        if kind == "m":
            section = _parse_media(value, number)
            description.media.append(section)
            if len(description.media) > MAX_SECTIONS:
                raise MalformedSdp(f"more than {MAX_SECTIONS} media sections", number)
        elif kind == "a":
            name, _, attribute = value.partition(":")
            target = description.attributes if section is None else section.attributes
            target.append((name, attribute.strip()))
        elif kind == "o" and section is None:
            words = value.split()
            if len(words) != 6 or not words[2].isdecimal():
                raise MalformedSdp("o= needs six fields", number)
            description.session_id, description.version = words[1], int(words[2])
    return description


def _parse_media(value: str, number: int) -> MediaSection:
    words = value.split()
    if len(words) < 4 or not words[1].isdecimal() or int(words[1]) > 65535:
        raise MalformedSdp("m= needs a kind, a port, a protocol and formats", number)
    return MediaSection(words[0], int(words[1]), words[2], words[3:])


def _keyed(values: Iterator[str]) -> Iterator[tuple[str, str]]:
    for value in values:
        key, _, rest = value.partition(" ")
        yield key, rest.strip()


def _parameters(text: str) -> dict[str, str]:
    pairs = (part.strip().partition("=") for part in text.split(";") if part.strip())
    return {name: value for name, _, value in pairs}


def _line(name: str, value: str) -> str:
    return f"a={name}:{value}" if value else f"a={name}"
