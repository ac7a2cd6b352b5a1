"""The dependency descriptor, AV1's header extension for forwarders (RTP Payload Format For AV1, appendix A)."""

from typing import NamedTuple

from classroom.codecs.bits import BitReader
from media_server.sfu.codecs.payload import ALL_TARGETS

DEPENDENCY_DESCRIPTOR = "https://aomediacodec.github.io/av1-rtp-spec/#dependency-descriptor-rtp-header-extension"
_MAX_TEMPLATES = 64  # a template id has 6 bits
_MAX_SPATIAL = 3  # AV1 § 5.3.3: spatial_id has two bits
_NOT_PRESENT, _SWITCH = 0, 2  # A.8.1, decode target indications


class Structure(NamedTuple):
    """A template dependency structure, as far as choosing spatial layers needs it.

    By template: `spatial`, and `switches` with bit *n* set where spatial target *n* may begin. `targets` by spatial
    layer: bit *n* is set when spatial target *n* needs frames of that layer.
    """

    first_template: int
    spatial: tuple[int, ...]
    switches: tuple[int, ...]
    targets: tuple[int, ...]
    sizes: tuple[tuple[int, int], ...]


class Descriptor(NamedTuple):
    """One packet's descriptor; `structure` when it brings one."""

    starts_frame: bool
    ends_frame: bool
    template: int
    frame_number: int
    structure: Structure | None


def parse_descriptor(data: bytes) -> Descriptor | None:
    """None when `data` is not a descriptor."""
    if len(data) < 3:
        return None
    structure = None
    if len(data) > 3 and data[3] & 0x80:  # A.8.3: template_dependency_structure_present_flag
        bits = BitReader(data)
        bits.position = 29  # after the mandatory fields and the five flags
        try:
            structure = _structure(bits)
        except IndexError:
            return None
    first = data[0]
    return Descriptor(bool(first & 0x80), bool(first & 0x40), first & 0x3F, int.from_bytes(data[1:3]), structure)


def _structure(bits: BitReader) -> Structure:
    first_template, target_count = bits.bits(6), bits.bits(5) + 1
    layers = _layers(bits)
    indications = [[bits.bits(2) for _ in range(target_count)] for _ in layers]
    for _ in layers:  # template_fdiffs
        while bits.bit():
            bits.bits(4)
    chains = bits.non_symmetric(target_count + 1)
    if chains:
        for _ in range(target_count):
            bits.non_symmetric(chains)
        bits.bits(4 * len(layers) * chains)
    highest = layers[-1][0]
    sizes: tuple[tuple[int, int], ...] = ()
    if bits.bit():
        sizes = tuple((bits.bits(16) + 1, bits.bits(16) + 1) for _ in range(highest + 1))
    return _reduced(first_template, layers, indications, sizes or ((0, 0),) * (highest + 1))


def _layers(bits: BitReader) -> list[tuple[int, int]]:
    """`(spatial, temporal)` of each template."""
    layers, spatial, temporal = [(0, 0)], 0, 0
    while (following := bits.bits(2)) != 3:
        if following == 1:
            temporal += 1
        elif following == 2:
            temporal, spatial = 0, spatial + 1
        layers.append((spatial, temporal))
        if len(layers) > _MAX_TEMPLATES or spatial > _MAX_SPATIAL:
            raise IndexError("too many templates or layers")
    return layers


def _reduced(
    first_template: int,
    layers: list[tuple[int, int]],
    indications: list[list[int]],
    sizes: tuple[tuple[int, int], ...],
) -> Structure:
    """Of all decode targets, those with every temporal layer, one for each spatial layer."""
    best: dict[int, tuple[int, int]] = {}  # spatial layer → (temporal layer, decode target)
    for target in range(len(indications[0])):
        present = [layer for layer, row in zip(layers, indications, strict=True) if row[target] != _NOT_PRESENT]
        if present:
            spatial, temporal = max(layer[0] for layer in present), max(layer[1] for layer in present)
            best[spatial] = max(best.get(spatial, (-1, -1)), (temporal, target))
    targets = [0] * (layers[-1][0] + 1)
    switches = []
    for (spatial, _), row in zip(layers, indications, strict=True):
        starts = 0
        for number, (_, target) in best.items():
            if row[target] != _NOT_PRESENT:
                targets[spatial] |= 1 << number
            if row[target] == _SWITCH:
                starts |= 1 << number
        switches.append(starts & ALL_TARGETS)
    spatials = tuple(spatial for spatial, _ in layers)
    return Structure(first_template, spatials, tuple(switches), tuple(mask & ALL_TARGETS for mask in targets), sizes)
