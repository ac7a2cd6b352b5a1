"""What a forwarder must know of H.264 in RTP (RFC 6184): where a keyframe begins, and how large the picture is."""

from collections.abc import Iterator

_IDR, _SPS, _STAP_A, _FU_A = 5, 7, 24, 28
_HIGH_PROFILES = {44, 83, 86, 100, 110, 118, 122, 128, 134, 138, 139, 244}


def nal_units(payload: bytes) -> Iterator[tuple[int, bytes]]:
    """`(type, bytes)` of the NAL units that begin in this payload: of a fragmented one, its first piece."""
    if not payload:
        return
    kind = payload[0] & 0x1F
    if kind == _STAP_A:
        position = 1
        while position + 2 < len(payload):
            size = int.from_bytes(payload[position : position + 2])
            unit = payload[position + 2 : position + 2 + size]
            if not unit:
                return
            yield unit[0] & 0x1F, unit
            position += 2 + size
    elif kind == _FU_A:
        if len(payload) > 2 and payload[1] & 0x80:
            yield payload[1] & 0x1F, payload[2:]
    elif 1 <= kind <= 23:
        yield kind, payload


def begins_keyframe(payload: bytes) -> bool:
    """Whether an SPS or the first piece of an IDR picture is in this payload."""
    if not payload:
        return False
    kind = payload[0] & 0x1F
    if kind < _STAP_A:
        return kind in (_IDR, _SPS)
    if kind == _FU_A:
        return len(payload) > 1 and payload[1] & 0x9F in (0x80 | _IDR, 0x80 | _SPS)
    return any(unit in (_IDR, _SPS) for unit, _ in nal_units(payload))


def picture_size(payload: bytes) -> tuple[int, int] | None:
    """Width and height of the SPS in this payload, cropping applied; None without a readable SPS."""
    for kind, unit in nal_units(payload):
        if kind == _SPS:
            try:
                return _sps_size(unit[1:].replace(b"\0\0\3", b"\0\0"))
            except IndexError:
                return None
    return None


class _Bits:
    """Reads bits and Exp-Golomb codes (H.264 § 9.1); IndexError at the end."""

    def __init__(self, data: bytes) -> None:
        self._data = data
        self._position = 0

    def bit(self) -> int:
        value = self._data[self._position >> 3] >> (7 - (self._position & 7)) & 1
        self._position += 1
        return value

    def bits(self, count: int) -> int:
        value = 0
        for _ in range(count):
            value = value << 1 | self.bit()
        return value

    def unsigned(self) -> int:
        zeros = 0
        while not self.bit():
            zeros += 1
            if zeros > 32:
                raise IndexError("Exp-Golomb code is too long")
        return (1 << zeros) - 1 + self.bits(zeros)

    def signed(self) -> int:
        code = self.unsigned()
        return (code + 1) // 2 if code & 1 else -(code // 2)


def _sps_size(data: bytes) -> tuple[int, int]:
    """H.264 § 7.3.2.1.1, up to the cropping."""
    bits = _Bits(data)
    profile = bits.bits(8)
    bits.bits(16)  # constraints, level
    bits.unsigned()  # id
    chroma = 1
    if profile in _HIGH_PROFILES:
        chroma = bits.unsigned()
        if chroma == 3:
            bits.bit()
        bits.unsigned()
        bits.unsigned()
        bits.bit()
        if bits.bit():
            for index in range(8 if chroma != 3 else 12):
                if bits.bit():
                    _skip_scaling_list(bits, 16 if index < 6 else 64)
    bits.unsigned()  # log2_max_frame_num
    order = bits.unsigned()
    if order == 0:
        bits.unsigned()
    elif order == 1:
        bits.bit()
        bits.signed()
        bits.signed()
        for _ in range(min(bits.unsigned(), 255)):
            bits.signed()
    bits.unsigned()  # reference frames
    bits.bit()
    columns, rows = bits.unsigned() + 1, bits.unsigned() + 1
    frames_only = bits.bit()
    if not frames_only:
        bits.bit()
    bits.bit()
    left = right = top = bottom = 0
    if bits.bit():
        left, right, top, bottom = (bits.unsigned() for _ in range(4))
    unit_x = 2 if chroma in (1, 2) else 1
    unit_y = (2 if chroma == 1 else 1) * (2 - frames_only)
    return columns * 16 - unit_x * (left + right), rows * 16 * (2 - frames_only) - unit_y * (top + bottom)


def _skip_scaling_list(bits: _Bits, size: int) -> None:
    last = following = 8
    for _ in range(size):
        if following:
            following = (last + bits.signed()) % 256
        last = following or last
