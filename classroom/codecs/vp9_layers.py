"""VP9 pictures of several frames: the superframe around them (VP9 bitstream specification, annex B)."""

from collections.abc import Sequence


def is_keyframe(frame: bytes) -> bool:
    """§ 6.2: frame_marker 2, show_existing_frame 0, frame_type 0. Profile 3 has a bit more before them; nobody
    sends it."""
    return bool(frame) and frame[0] & 0xCC == 0x80


def superframe(frames: Sequence[bytes]) -> bytes:
    """Frames as one sample: an index after them says where each begins. One needs none."""
    if len(frames) == 1:
        return frames[0]
    width = max(1, (max(map(len, frames)).bit_length() + 7) // 8)
    marker = bytes((0xC0 | width - 1 << 3 | len(frames) - 1,))
    return b"".join(frames) + marker + b"".join(len(frame).to_bytes(width, "little") for frame in frames) + marker
