"""Redundant audio data (RFC 2198): a packet that carries older packets' payloads beside its own."""

from typing import NamedTuple

from classroom.rtp.packet import MalformedPacket

_FOLLOWED = 0x80  # F: another block header follows
_HEADER_BYTES = 4  # of all blocks but the last, which has one


class RedBlock(NamedTuple):
    """One payload; `timestamp_offset`: how much older than the packet it is, in units of the clock rate."""

    payload_type: int
    timestamp_offset: int
    payload: bytes


def parse_red(payload: bytes) -> list[RedBlock]:
    """The blocks, the oldest first, the packet's own last. Raises `MalformedPacket`."""
    heads: list[tuple[int, int, int]] = []
    position = 0
    while position < len(payload) and payload[position] & _FOLLOWED:
        head = int.from_bytes(payload[position : position + _HEADER_BYTES])
        heads.append((head >> 24 & 0x7F, head >> 10 & 0x3FFF, head & 0x3FF))
        position += _HEADER_BYTES
    if position >= len(payload):
        raise MalformedPacket("RED block headers are cut off")
    last, position = payload[position], position + 1
    blocks = []
    for payload_type, timestamp_offset, length in heads:
        if position + length > len(payload):
            raise MalformedPacket("a RED block is cut off")
        blocks.append(RedBlock(payload_type, timestamp_offset, payload[position : position + length]))
        position += length
    return [*blocks, RedBlock(last, 0, payload[position:])]


def renamed(payload: bytes, payload_type: int) -> bytes:
    """A payload that `parse_red` takes, with `payload_type` in all its block headers."""
    out = bytearray(payload)
    position = 0
    while out[position] & _FOLLOWED:
        out[position] = _FOLLOWED | payload_type
        position += _HEADER_BYTES
    out[position] = payload_type
    return bytes(out)


def wrapped(payload: bytes, payload_type: int) -> bytes:
    """A payload with nothing older beside it."""
    return bytes((payload_type,)) + payload
