"""The playlist of a recording's renditions (RFC 8216 § 4.3.4): which pictures, sounds and captions there are."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from media_server.hls.listing import Listing
from media_server.hls.media_playlist import VERSION

# Which picture a player that shows only one begins with.
_FIRST_PICTURE = ("programme", "teacher", "panorama", "board", "students", "slides")


@dataclass(frozen=True, slots=True)
class Rates:
    """Bits per second: of the heaviest clip, and over all clips."""

    peak_bps: int
    average_bps: int

    def __add__(self, other: "Rates") -> "Rates":
        return Rates(self.peak_bps + other.peak_bps, self.average_bps + other.average_bps)


@dataclass(frozen=True, slots=True)
class Picture:
    """`name` is the source, `label` what a player's menu shows; `fps` 0 when not known."""

    name: str
    label: str
    uri: str
    codec: str
    width: int
    height: int
    fps: float
    rates: Rates


@dataclass(frozen=True, slots=True)
class Sound:
    name: str
    label: str
    uri: str
    codec: str
    channels: int
    rates: Rates


@dataclass(frozen=True, slots=True)
class Captions:
    """`language` as in RFC 5646."""

    label: str
    uri: str
    language: str


def rates_of(listing: Listing) -> Rates:
    """What a rendition weighs. Clips shorter than half a second say nothing about a rate (RFC 8216 § 4.3.4.2)."""
    clips = [entry.clip for entry in listing.entries if entry.clip is not None]
    spans = [(clip.size_bytes * 8, (clip.end_us - clip.start_us) / 1_000_000) for clip in clips]
    total_s = sum(span_s for _, span_s in spans)
    if total_s == 0:
        return Rates(0, 0)
    long_enough = [bits / span_s for bits, span_s in spans if span_s >= 0.5]
    average = sum(bits for bits, _ in spans) / total_s
    return Rates(int(max([average, *long_enough])) + 1, int(average) + 1)


def multivariant_playlist(
    pictures: Sequence[Picture], sound_groups: Sequence[Sequence[Sound]], captions: Sequence[Captions] = ()
) -> str:
    """The text of a multivariant playlist.

    `sound_groups`: every sound once per codec, the codec to be preferred first. Each group makes a variant of the first
    picture; the other pictures are its alternatives (EXT-X-MEDIA TYPE=VIDEO). A variant with nothing but sound is for
    lines too thin for any picture.
    """
    ordered = sorted(pictures, key=lambda picture: picture_rank(picture.name))
    groups = [group for group in sound_groups if group]
    lines = ["#EXTM3U", f"#EXT-X-VERSION:{VERSION}", "#EXT-X-INDEPENDENT-SEGMENTS"]
    for index, group in enumerate(groups):
        lines += [_sound_line(sound, _group_id("sound", index), default=sound is group[0]) for sound in group]
    if len(ordered) > 1:
        lines += [_picture_line(picture, default=picture is ordered[0]) for picture in ordered]
    lines += [_captions_line(each) for each in captions]
    for picture in ordered[:1]:
        for index, group in enumerate(groups or [[]]):
            lines += _variant(picture, group, index, several=len(ordered) > 1, captions=bool(captions))
    for index, group in enumerate(groups):
        lines += _variant(None, group, index, several=False, captions=bool(captions))
    return "\n".join(lines) + "\n"


def picture_rank(name: str) -> tuple[int, str]:
    """Sorts sources by which is shown first where only one can be."""
    return _FIRST_PICTURE.index(name) if name in _FIRST_PICTURE else len(_FIRST_PICTURE), name


def _group_id(word: str, index: int) -> str:
    return f"{word}-{index + 1}"


def _sound_line(sound: Sound, group: str, *, default: bool) -> str:
    return _tag(
        "EXT-X-MEDIA",
        "TYPE=AUDIO",
        f'GROUP-ID="{group}"',
        f"NAME={_quoted(sound.label)}",
        f"DEFAULT={'YES' if default else 'NO'}",
        "AUTOSELECT=YES",
        f'CHANNELS="{sound.channels or 1}"',
        f'URI="{sound.uri}"',
    )


def _picture_line(picture: Picture, *, default: bool) -> str:
    # The picture of the variant itself has no URI here (§ 4.3.4.1): it would be fetched twice.
    uri = () if default else (f'URI="{picture.uri}"',)
    return _tag(
        "EXT-X-MEDIA",
        "TYPE=VIDEO",
        'GROUP-ID="pictures"',
        f"NAME={_quoted(picture.label)}",
        f"DEFAULT={'YES' if default else 'NO'}",
        "AUTOSELECT=YES",
        *uri,
    )


def _captions_line(captions: Captions) -> str:
    return _tag(
        "EXT-X-MEDIA",
        "TYPE=SUBTITLES",
        'GROUP-ID="captions"',
        f"NAME={_quoted(captions.label)}",
        f'LANGUAGE="{captions.language}"',
        "DEFAULT=NO",
        "AUTOSELECT=YES",
        "FORCED=NO",
        f'URI="{captions.uri}"',
    )


def _variant(
    picture: Picture | None, group: Sequence[Sound], index: int, *, several: bool, captions: bool
) -> list[str]:
    heaviest = max((sound.rates for sound in group), key=lambda rates: rates.peak_bps, default=Rates(0, 0))
    rates = (picture.rates if picture else Rates(0, 0)) + heaviest
    codecs = [*([picture.codec] if picture else []), *dict.fromkeys(sound.codec for sound in group)]
    attributes = [f"BANDWIDTH={rates.peak_bps}", f"AVERAGE-BANDWIDTH={rates.average_bps}"]
    attributes.append(f'CODECS="{",".join(codecs)}"')
    if picture is not None and picture.width and picture.height:
        attributes.append(f"RESOLUTION={picture.width}x{picture.height}")
    if picture is not None and picture.fps:
        attributes.append(f"FRAME-RATE={picture.fps:.3f}")
    if group:
        attributes.append(f'AUDIO="{_group_id("sound", index)}"')
    if several:
        attributes.append('VIDEO="pictures"')
    if captions:
        attributes.append('SUBTITLES="captions"')
    attributes.append("CLOSED-CAPTIONS=NONE")
    uri = picture.uri if picture is not None else group[0].uri
    return [_tag("EXT-X-STREAM-INF", *attributes), uri]


def _tag(name: str, *attributes: str) -> str:
    return f"#{name}:{','.join(attributes)}"


def _quoted(text: str) -> str:
    """A quoted-string (§ 4.2), which knows no escapes and no line breaks."""
    return '"' + "".join(_plain(text)) + '"'


def _plain(text: str) -> Iterable[str]:
    for character in text:
        if character == '"':
            yield "'"
        elif character.isprintable():
            yield character
