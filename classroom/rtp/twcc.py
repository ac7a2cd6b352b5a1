"""Transport-wide congestion control feedback (draft-holmer-rmcat-transport-wide-cc-extensions-01), the receiver's side.

A sender numbers all its packets in one sequence; we tell it when each arrived, and it finds out what its line carries.
"""

import struct
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from classroom.rtp.packet import RTP_VERSION
from classroom.rtp.sequence import Unwrapper

TWCC = "http://www.ietf.org/id/draft-holmer-rmcat-transport-wide-cc-extensions-01"
TICKS_PER_S = 4_000  # § 3.1.5: receive deltas count 250 µs
_REFERENCE_TICKS = 256  # § 3.1: the reference time counts 64 ms
_MAX_SMALL, _MAX_LARGE = 0xFF, 0x7FFF
_NOT_RECEIVED, _SMALL, _LARGE = 0, 1, 2  # § 3.1.1: packet status symbols
_MAX_RUN = 0x1FFF
_ONE_BIT_SYMBOLS, _TWO_BIT_SYMBOLS = 14, 7

MAX_RECEIVED = 400  # arrivals in one packet: two bytes each and the chunks stay far below an MTU
MAX_GAP = 2_000  # a larger jump of the sequence is another sequence, or nonsense
MAX_REMEMBERED = 4_000  # 8,000 packets/s
REMEMBERED_S = 0.5  # what came later than its neighbours is reported together with them


@dataclass(frozen=True, slots=True)
class TransportFeedback:
    """One feedback packet. `arrivals` are for the sequence numbers from `base_sequence` on: ticks of 250 µs on the
    receiver's clock, None for what did not arrive. At least one arrived, and neighbours are at most 8 s apart."""

    sender_ssrc: int
    media_ssrc: int
    base_sequence: int
    count: int
    arrivals: tuple[int | None, ...]

    def pack(self) -> bytes:
        reference = next(ticks for ticks in self.arrivals if ticks is not None) // _REFERENCE_TICKS
        symbols = bytearray()
        deltas = bytearray()
        before = reference * _REFERENCE_TICKS
        for ticks in self.arrivals:
            if ticks is None:
                symbols.append(_NOT_RECEIVED)
                continue
            delta, before = ticks - before, ticks
            if 0 <= delta <= _MAX_SMALL:
                symbols.append(_SMALL)
                deltas.append(delta)
            else:
                symbols.append(_LARGE)
                deltas += struct.pack("!h", delta)
        head = struct.pack("!IIHH", self.sender_ssrc, self.media_ssrc, self.base_sequence & 0xFFFF, len(symbols))
        head += (reference & 0xFFFFFF).to_bytes(3) + bytes((self.count & 0xFF,))
        body = head + b"".join(_chunks(symbols)) + deltas
        first = RTP_VERSION << 6 | 15
        if padding := -len(body) % 4:
            # RFC 3550 § 6.4.1: the last octet counts the padding, and the P bit announces it.
            first |= 0x20
            body += bytes(padding - 1) + bytes((padding,))
        return struct.pack("!BBH", first, 205, len(body) // 4) + body


def _chunks(symbols: bytearray) -> Iterator[bytes]:
    """§ 3.1.2 – 3.1.4: run lengths where they are worth it, else vectors of one or two bits."""
    position = 0
    while position < len(symbols):
        symbol = symbols[position]
        run = 1
        while run < _MAX_RUN and position + run < len(symbols) and symbols[position + run] == symbol:
            run += 1
        following = symbols[position : position + _ONE_BIT_SYMBOLS]
        one_bit = _LARGE not in following
        if run >= (_ONE_BIT_SYMBOLS if one_bit else _TWO_BIT_SYMBOLS) or run == len(symbols) - position:
            yield struct.pack("!H", symbol << 13 | run)
            position += run
        elif one_bit:
            bits = sum(each << 13 - number for number, each in enumerate(following))
            yield struct.pack("!H", 0x8000 | bits)
            position += _ONE_BIT_SYMBOLS
        else:
            bits = sum(each << 12 - 2 * number for number, each in enumerate(following[:_TWO_BIT_SYMBOLS]))
            yield struct.pack("!H", 0xC000 | bits)
            position += _TWO_BIT_SYMBOLS


class ArrivalLog:
    """When the packets of one sender arrived, until they are reported."""

    __slots__ = ("_arrivals", "_count", "_reported", "_sequence", "_waiting")

    def __init__(self) -> None:
        self._sequence = Unwrapper(16)
        self._arrivals: dict[int, int] = {}
        self._reported: int | None = None  # the lowest number not reported yet
        self._waiting: int | None = None  # the lowest number that arrived since the last report
        self._count = 0

    def receive(self, sequence: int, now: float) -> None:
        """A packet with this 16-bit transport-wide number arrived."""
        highest = self._sequence.highest
        ahead = self._sequence.peek(sequence) - highest if highest is not None else 0
        if ahead > MAX_GAP:
            self._sequence = Unwrapper(16)
            self._arrivals.clear()
            self._reported = self._waiting = None
        number = self._sequence.unwrap(sequence)
        if number in self._arrivals or len(self._arrivals) >= MAX_REMEMBERED or ahead < -MAX_GAP:
            return
        self._arrivals[number] = int(now * TICKS_PER_S)
        if self._waiting is None or number < self._waiting:
            self._waiting = number

    def feedback(self, sender_ssrc: int, media_ssrc: int, now: float) -> list[TransportFeedback]:
        """Everything not reported yet, holes included."""
        if self._waiting is None:
            return []
        base = self._waiting if self._reported is None else min(self._waiting, self._reported)
        end = max(self._arrivals) + 1
        statuses = [self._arrivals.get(number) for number in range(base, end)]
        packets = []
        for first, arrivals in _split(base, statuses):
            packets.append(TransportFeedback(sender_ssrc, media_ssrc, first & 0xFFFF, self._count, arrivals))
            self._count = self._count + 1 & 0xFF
        self._reported, self._waiting = end, None
        oldest = int((now - REMEMBERED_S) * TICKS_PER_S)
        self._arrivals = {number: ticks for number, ticks in self._arrivals.items() if ticks >= oldest}
        return packets


def _split(base: int, statuses: Sequence[int | None]) -> Iterator[tuple[int, tuple[int | None, ...]]]:
    """Into pieces that fit a packet: their number of arrivals, and the reach of a delta. Each ends with an arrival."""
    start = received = 0
    before: int | None = None
    for position, ticks in enumerate(statuses):
        if ticks is None:
            continue
        if before is not None and (received >= MAX_RECEIVED or not -_MAX_LARGE <= ticks - before <= _MAX_LARGE):
            # What is missing before this one goes with this one.
            piece = tuple(statuses[start:position])
            kept = max(index for index, each in enumerate(piece) if each is not None) + 1
            yield base + start, piece[:kept]
            start, received = start + kept, 0
        before = ticks
        received += 1
    if received:
        yield base + start, tuple(statuses[start:])
