"""Frames of lower spatial layers that are decoded and not shown (VP9 bitstream specification § 6.2, § 7.2).

A sender of SVC says of every layer that it is to be shown, for whoever gets no higher one. In a file a sample may show
one frame only (VP Codec ISO Media File Format Binding § 3.1), and FFmpeg and hardware decoders show what says so.
`show_frame` is a bit; where it is 0 an inter frame has one bit more, `intra_only`, so the rest of the header moves.
What is decoded stays the same: motion is predicted from the frame before only where that has the same size.
"""

from classroom.codecs.bits import BitReader, MalformedStream, reading
from classroom.codecs.vp9 import FRAME_MARKER, read_colour, read_size

_SLOTS = 8
_FEATURES = ((8, True), (6, True), (2, False), (0, False))  # § 6.2.11: bits of a segment's feature, and its sign


class Layers:
    """Hears every frame in order of decoding: some headers only say that a frame is as large as another one."""

    def __init__(self) -> None:
        self._slots: list[tuple[int, int] | None] = [None] * _SLOTS

    def shown(self, frame: bytes) -> bytes:
        """As it is. Raises `MalformedStream`."""
        with reading("VP9"):
            self._read(BitReader(frame))
        return frame

    def hidden(self, frame: bytes) -> bytes:
        """The frame, not shown; empty when all it says is that another one is to be shown. Raises `MalformedStream`."""
        with reading("VP9"):
            bits = BitReader(frame)
            found = self._read(bits)
        if found is None:
            return b""
        show, keyframe = found
        header = -(-bits.position // 8)
        size = 8 * header
        value = int.from_bytes(frame[:header])
        if not value >> size - 1 - show & 1:
            return frame
        value ^= 1 << size - 1 - show
        if keyframe:
            return value.to_bytes(header) + frame[header:]
        rest = size - 2 - show  # bits after show_frame and error_resilient_mode
        value = value >> rest << rest + 1 | value & (1 << rest) - 1
        # What ends within a byte has zeros left after it: one of them goes. Else a byte begins.
        value, longer = (value >> 1, 0) if bits.position % 8 else (value << 7, 1)
        return value.to_bytes(header + longer) + frame[header:]

    def _read(self, bits: BitReader) -> tuple[int, bool] | None:
        """Up to the end of the uncompressed header: where `show_frame` stands, and whether it is a keyframe."""
        if bits.bits(2) != FRAME_MARKER:
            raise MalformedStream("VP9", "no frame marker")
        profile = bits.bit() | bits.bit() << 1
        if profile == 3:
            bits.bit()
        if bits.bit():  # show_existing_frame
            return None
        keyframe = not bits.bit()
        show = bits.position
        shown, resilient = bits.bit(), bits.bit()
        if keyframe:
            read_colour(bits, profile)
            size, refreshed = read_size(bits), 0xFF
            _render_size(bits)
        else:
            size, refreshed = self._inter(bits, profile, resilient, intra=not shown and bool(bits.bit()))
        if not resilient:
            bits.bits(2)  # refresh_frame_context, frame_parallel_decoding_mode
        bits.bits(2)  # frame_context_idx
        _loop_filter(bits)
        bits.bits(8)  # base_q_idx
        for _ in range(3):
            _optional(bits, 5)
        _segmentation(bits)
        _tiles(bits, size[0])
        bits.bits(16)  # header_size_in_bytes
        self._slots = [size if refreshed >> slot & 1 else kept for slot, kept in enumerate(self._slots)]
        return show, keyframe

    def _inter(self, bits: BitReader, profile: int, resilient: int, *, intra: bool) -> tuple[tuple[int, int], int]:
        if not resilient:
            bits.bits(2)  # reset_frame_context
        if intra:
            if profile:
                read_colour(bits, profile)
            else:
                bits.bits(24)  # frame_sync_code
            refreshed = bits.bits(8)
            size = read_size(bits)
            _render_size(bits)
            return size, refreshed
        refreshed = bits.bits(8)
        references = []
        for _ in range(3):
            references.append(self._slots[bits.bits(3)])
            bits.bit()  # ref_frame_sign_bias
        # § 6.2.6: the size is that of the first reference that says so, or it follows.
        for reference in references:
            if bits.bit():
                if reference is None:
                    raise MalformedStream("VP9", "refers to a frame that was not sent")
                size = reference
                break
        else:
            size = read_size(bits)
        _render_size(bits)
        bits.bit()  # allow_high_precision_mv
        if not bits.bit():  # is_filter_switchable
            bits.bits(2)
        return size, refreshed


def _optional(bits: BitReader, count: int) -> None:
    if bits.bit():
        bits.bits(count)


def _render_size(bits: BitReader) -> None:
    _optional(bits, 32)


def _loop_filter(bits: BitReader) -> None:
    bits.bits(9)  # level, sharpness
    if bits.bit() and bits.bit():
        for _ in range(6):
            _optional(bits, 7)


def _segmentation(bits: BitReader) -> None:
    if not bits.bit():
        return
    if bits.bit():  # update_map
        for _ in range(7):
            _optional(bits, 8)
        if bits.bit():  # temporal_update
            for _ in range(3):
                _optional(bits, 8)
    if bits.bit():  # update_data
        bits.bit()
        for _ in range(8):
            for size, signed in _FEATURES:
                _optional(bits, size + signed)


def _tiles(bits: BitReader, width: int) -> None:
    """§ 6.2.13: how many columns there can be follows from the width."""
    columns = (width + 63) // 64
    least = most = 0
    while 64 << least < columns:
        least += 1
    while columns >> most + 1 >= 4:
        most += 1
    while least < most and bits.bit():
        least += 1
    _optional(bits, 1)
