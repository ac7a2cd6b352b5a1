"""Access units into RTP payloads: H.264 by RFC 6184 (packetization mode 1), Opus by RFC 7587 (a frame is a payload)."""

from collections.abc import Sequence

MAX_PACKET_BYTES = 1_200  # RTP header and extensions included; with SRTP, UDP and IP it passes tunnels and PPPoE
_STAP_A, _FU_A = 24, 28
_FU_START, _FU_END = 0x80, 0x40


def packetise(nals: Sequence[bytes], max_payload_bytes: int) -> list[bytes]:
    """Payloads of at most `max_payload_bytes` (≥ 8), in order; the last one ends the picture (marker bit).

    NAL units that fit together share a packet (STAP-A: parameter sets with each other), larger ones are cut (FU-A).
    Fragments of one NAL unit are of equal size but for the last, so that a sender can hand them to the kernel at once.
    """
    payloads: list[bytes] = []
    group: list[bytes] = []
    group_bytes = 1
    for nal in nals:
        if group and group_bytes + 2 + len(nal) > max_payload_bytes:
            payloads.append(_join(group))
            group, group_bytes = [], 1
        if len(nal) > max_payload_bytes:
            payloads.extend(_cut(nal, max_payload_bytes))
        else:
            group.append(nal)
            group_bytes += 2 + len(nal)
    if group:
        payloads.append(_join(group))
    return payloads


def _join(group: list[bytes]) -> bytes:
    if len(group) == 1:
        return group[0]
    # RFC 6184 § 5.3: NRI of an aggregation packet "MUST be the maximum" of the NAL units in it.
    indicator = max(nal[0] & 0x60 for nal in group) | _STAP_A
    return bytes((indicator,)) + b"".join(len(nal).to_bytes(2) + nal for nal in group)


def _cut(nal: bytes, max_payload_bytes: int) -> list[bytes]:
    # § 5.8: the NAL unit's own header octet is not sent, its fields are in the FU indicator and FU header.
    indicator, kind = nal[0] & 0xE0 | _FU_A, nal[0] & 0x1F
    body = nal[1:]
    room = max_payload_bytes - 2
    count = -(-len(body) // room)
    size = -(-len(body) // count)
    payloads = []
    for start in range(0, len(body), size):
        end = start + size
        flags = (_FU_START if start == 0 else 0) | (_FU_END if end >= len(body) else 0)
        payloads.append(bytes((indicator, flags | kind)) + body[start:end])
    return payloads
