"""What holds for every payload format, whatever a publisher sends."""

from collections.abc import Iterable

from media_server.sfu.codecs.payload import Extensions, Offsets, PayloadFormat

SHIFT, BACK = Offsets(12_345, 77), Offsets(-12_345, -77)


def attack(reader: PayloadFormat, packets: Iterable[tuple[bytes, Extensions]]) -> None:
    """Read the packets of one stream in order, and renumber each there and back."""
    for payload, extensions in packets:
        info = reader.read(payload, extensions)
        assert 0 <= info.targets <= 0xFF
        assert 0 <= info.switches <= 0xFF
        assert 0 <= info.spatial < 8
        shifted = reader.renumber(payload, extensions, SHIFT)
        assert len(shifted[0]) == len(payload)
        assert {key: len(value) for key, value in shifted[1].items()} == {
            key: len(value) for key, value in extensions.items()
        }
        assert reader.renumber(*shifted, BACK) == (payload, extensions)
