"""The header of a track: `ftyp` and `moov` (CMAF header, ISO/IEC 23000-19 § 7.3.1), with one track and no samples."""

from dataclasses import dataclass

from classroom.fmp4.box import Box, Fields, MalformedMp4, box, boxes, find, full_box
from classroom.fmp4.formats import Format
from classroom.model.recording import TrackKind

MAX_HEADER_BYTES = 64_000  # parameter sets and nothing else
TRACK_ID = 1
_MATRIX = b"".join(n.to_bytes(4) for n in (0x10000, 0, 0, 0, 0x10000, 0, 0, 0, 0x40000000))
_UNDEFINED_LANGUAGE = 0x55C4  # "und", three letters of five bits
_VISUAL_BYTES, _AUDIO_BYTES = 78, 28  # § 12.1.3, § 12.2.3: a sample entry's fields before its boxes


@dataclass(frozen=True, slots=True)
class Defaults:
    """What a fragment that does not say it takes for its samples (`trex`)."""

    duration: int = 0
    size: int = 0
    flags: int = 0


@dataclass(frozen=True, slots=True)
class Header:
    format: Format
    track_id: int = TRACK_ID
    defaults: Defaults = Defaults()


def write_header(form: Format) -> bytes:
    """Equal formats give equal bytes, so a header is kept once, however often a source comes back."""
    video = form.kind is TrackKind.VIDEO
    timescale = form.timescale.to_bytes(4)
    sample_table = box(
        b"stbl",
        full_box(b"stsd", 0, 0, b"\0\0\0\1", form.entry),
        full_box(b"stts", 0, 0, bytes(4)),
        full_box(b"stsc", 0, 0, bytes(4)),
        full_box(b"stsz", 0, 0, bytes(8)),
        full_box(b"stco", 0, 0, bytes(4)),
    )
    media = box(
        b"mdia",
        full_box(b"mdhd", 0, 0, bytes(8), timescale, bytes(4), _UNDEFINED_LANGUAGE.to_bytes(2), bytes(2)),
        full_box(b"hdlr", 0, 0, bytes(4), b"vide" if video else b"soun", bytes(12), b"\0"),
        box(
            b"minf",
            full_box(b"vmhd", 0, 1, bytes(8)) if video else full_box(b"smhd", 0, 0, bytes(4)),
            box(b"dinf", full_box(b"dref", 0, 0, b"\0\0\0\1", full_box(b"url ", 0, 1))),
            sample_table,
        ),
    )
    size = (form.width << 16).to_bytes(4) + (form.height << 16).to_bytes(4)
    volume = b"\0\0" if video else b"\1\0"
    track = box(
        b"trak",
        # enabled, in movie
        full_box(
            b"tkhd", 0, 3, bytes(8), TRACK_ID.to_bytes(4), bytes(8), bytes(8), bytes(4), volume, b"\0\0", _MATRIX, size
        ),
        media,
    )
    movie = box(
        b"moov",
        full_box(
            b"mvhd",
            0,
            0,
            bytes(8),
            timescale,
            bytes(4),
            b"\0\1\0\0\1\0" + bytes(10),  # rate, volume
            _MATRIX,
            bytes(24),
            (TRACK_ID + 1).to_bytes(4),
        ),
        track,
        box(b"mvex", full_box(b"trex", 0, 0, TRACK_ID.to_bytes(4), b"\0\0\0\1", bytes(12))),
    )
    return box(b"ftyp", b"iso6", bytes(4), b"iso6", b"cmfc") + movie


def read_header(data: bytes) -> Header:
    """Of a header as `write_header` makes it, or as other CMAF writers do. Raises `MalformedMp4`."""
    if len(data) > MAX_HEADER_BYTES:
        raise MalformedMp4("header is too long")
    movie = find(data, None, b"moov")
    tracks = [each for each in boxes(data, movie.body, movie.end) if each.kind == b"trak"]
    if len(tracks) != 1:
        raise MalformedMp4("not exactly one track")
    media = find(data, tracks[0], b"mdia")
    handler = Fields(data, find(data, media, b"hdlr"), skip=8).take(4)
    kind = {b"vide": TrackKind.VIDEO, b"soun": TrackKind.AUDIO}.get(handler)
    if kind is None:
        raise MalformedMp4("track is neither picture nor sound")
    fields = Fields(data, find(data, media, b"mdhd"))
    version, _ = fields.version_and_flags()
    fields.take(16 if version == 1 else 8)
    timescale = fields.number(4)
    if timescale == 0:
        raise MalformedMp4("no timescale")
    table = find(data, media, b"minf", b"stbl", b"stsd")
    entry = next(boxes(data, table.body + 8, table.end), None)
    if entry is None:
        raise MalformedMp4("no sample entry")
    fields = Fields(data, find(data, movie, b"mvex", b"trex"), skip=4)
    track_id, _ = fields.number(4), fields.number(4)
    defaults = Defaults(fields.number(4), fields.number(4), fields.number(4))
    return Header(_format(data, kind, timescale, entry), track_id, defaults)


def _format(data: bytes, kind: TrackKind, timescale: int, entry: Box) -> Format:
    fields = Fields(data, entry)
    head = fields.take(_VISUAL_BYTES if kind is TrackKind.VIDEO else _AUDIO_BYTES)
    inner = Box(entry.kind, entry.start, entry.body + len(head), entry.end)
    codec = _codec(data, inner)
    raw = data[entry.start : entry.end]
    if kind is TrackKind.VIDEO:
        return Format(kind, codec, timescale, raw, int.from_bytes(head[24:26]), int.from_bytes(head[26:28]))
    return Format(kind, codec, timescale, raw, channels=int.from_bytes(head[16:18]))


def _codec(data: bytes, entry: Box) -> str:
    """As in RFC 6381, from the configuration in the sample entry."""
    match entry.kind:
        case b"avc1" | b"avc3":
            fields = Fields(data, find(data, entry, b"avcC"), skip=1)
            return f"{entry.kind.decode()}.{fields.take(3).hex()}"
        case b"vp08" | b"vp09":
            fields = Fields(data, find(data, entry, b"vpcC"), skip=4)
            profile, level, depth = fields.number(1), fields.number(1), fields.number(1) >> 4
            return f"{entry.kind.decode()}.{profile:02}.{level:02}.{depth:02}"
        case b"av01":
            fields = Fields(data, find(data, entry, b"av1C"), skip=1)
            first, second = fields.number(1), fields.number(1)
            depth = 8 + 2 * (second >> 6 & 1) + 2 * (second >> 5 & 1)
            return f"av01.{first >> 5}.{first & 0x1F:02}{'MH'[second >> 7]}.{depth:02}"
        case b"Opus":
            find(data, entry, b"dOps")
            return "opus"
        case b"mp4a":
            return f"mp4a.40.{_aac_object_type(data, find(data, entry, b'esds'))}"
    raise MalformedMp4("a codec we do not keep")


def _aac_object_type(data: bytes, esds: Box) -> int:
    """ISO/IEC 14496-1 § 7.2.6: the descriptors nest as 3, 4, 5, each with fields before the next."""
    fields = Fields(data, esds, skip=4)
    for tag, before in ((3, 3), (4, 13), (5, 0)):
        if fields.number(1) != tag:
            raise MalformedMp4("no decoder configuration")
        while fields.number(1) & 0x80:  # an expandable size
            pass
        fields.take(before)
    return fields.number(1) >> 3
