"""RTCP compounds, as anybody with a session may send them."""

from collections.abc import Iterator

from classroom.rtp.packet import MalformedPacket
from classroom.rtp.rtcp import (
    Bye,
    FullIntra,
    Nack,
    PictureLoss,
    ReceiverReport,
    Remb,
    ReportBlock,
    SenderReport,
    SourceDescription,
    pack_compound,
    parse_compound,
)

MAX_BYTES = 300
# Most packets and numbers a byte can turn into: a NACK item is 4 bytes and names up to 17 packets.
NUMBERS_PER_BYTE = 17 / 4


def run(data: bytes) -> None:
    try:
        packets = parse_compound(data)
    except MalformedPacket:
        return
    assert len(packets) <= len(data) / 2, "the shortest CNAME item is two bytes"
    for packet in packets:
        if isinstance(packet, Nack):
            assert len(packet.lost) <= NUMBERS_PER_BYTE * len(data)
    again = [packet for packet in packets if not isinstance(packet, SourceDescription | Nack | Remb)]
    assert parse_compound(pack_compound(again)) == again


def seeds() -> Iterator[bytes]:
    block = ReportBlock(1, 20, -3, 70_000, 9, 8, 7)
    packets = (
        SenderReport(1, 1 << 60, 90_000, 5, 6, (block,)),
        ReceiverReport(1, (block, block)),
        SourceDescription(1, "name"),
        Bye((1, 2)),
        Nack(1, 2, (65_535, 0, 1, 40)),
        PictureLoss(1, 2),
        FullIntra(1, 2, 3),
        Remb(1, 300_000, (2, 3)),
    )
    for packet in packets:
        yield packet.pack()
    yield pack_compound(packets)
    yield bytes((0xA0, 201, 0, 2, 0, 0, 0, 1, 0, 0, 0, 4))  # padded
    yield bytes((0x8F, 205, 0, 5)) + bytes(16) + bytes((0x20, 0x01, 0, 0))  # transport-wide feedback
