"""Opus packets as samples of a file (RFC 6716 § 3), and silence for those that never came."""

from collections.abc import Iterator

from classroom.codecs.bits import MalformedStream

RATE_HZ = 48_000
LONGEST_TICKS = 5_760  # § 3.2.5: "the audio duration … MUST NOT exceed 120 ms"
_SILK, _HYBRID, _CELT = (480, 960, 1_920, 2_880), (480, 960), (120, 240, 480, 960)  # § 3.1, table 2
# Full-band CELT of each frame size, whose first symbol says silence (§ 4.3, table 56); libopus writes the same.
_SILENCES = tuple((ticks, 28 + number << 3) for number, ticks in reversed(list(enumerate(_CELT))))
_STEREO = 0x04


def packet_ticks(packet: bytes) -> int:
    """How long a packet sounds, at 48 kHz. Raises `MalformedStream`."""
    if not packet:
        raise MalformedStream("Opus", "packet is empty")
    toc = packet[0]
    configuration, code = toc >> 3, toc & 0x03
    if configuration < 12:
        ticks = _SILK[configuration & 3]
    elif configuration < 16:
        ticks = _HYBRID[configuration & 1]
    else:
        ticks = _CELT[configuration & 3]
    if code == 0:
        return ticks
    if code < 3:
        return 2 * ticks
    if len(packet) < 2 or not packet[1] & 0x3F:
        raise MalformedStream("Opus", "packet without frames")
    ticks *= packet[1] & 0x3F
    if ticks > LONGEST_TICKS:
        raise MalformedStream("Opus", "packet is too long")
    return ticks


def packet_channels(packet: bytes) -> int:
    """§ 3.1: the s bit; 1 or 2."""
    return 2 if packet[0] & _STEREO else 1


def silence(ticks: int, channels: int) -> Iterator[tuple[int, bytes]]:
    """Packets of silence and how long each lasts; what remains of `ticks` is shorter than the shortest, 2.5 ms."""
    stereo = _STEREO if channels == 2 else 0
    for length, toc in _SILENCES:
        while ticks >= length:
            ticks -= length
            yield length, bytes((toc | stereo, 0xFF, 0xFE))
