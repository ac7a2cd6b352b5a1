"""RED payloads of sound, as a publisher may send them."""

from collections.abc import Iterator

from classroom.rtp.packet import MalformedPacket
from classroom.rtp.red import parse_red, renamed, wrapped

MAX_BYTES = 300


def run(data: bytes) -> None:
    try:
        blocks = parse_red(data)
    except MalformedPacket:
        return
    assert sum(len(block.payload) for block in blocks) + 4 * len(blocks) - 3 == len(data)
    other = renamed(data, 5)
    assert [block._replace(payload_type=5) for block in blocks] == parse_red(other)
    assert len(other) == len(data)


def seeds() -> Iterator[bytes]:
    yield wrapped(b"sound", 111)
    for count in (1, 2, 5):
        heads = b"".join((0xEF000000 | 960 * age << 10 | 4).to_bytes(4) for age in range(count, 0, -1))
        yield heads + b"\x6f" + b"four" * count + b"sound"
