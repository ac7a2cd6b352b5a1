"""One quality a viewer can be given: an encoding, or of a scalable one its layers up to a spatial layer."""

from typing import NamedTuple

from media_server.sfu.encoding import Encoding


class OperatingPoint(NamedTuple):
    """`spatial` is None where the encoding has no spatial layers to choose from."""

    encoding: Encoding
    spatial: int | None = None

    @property
    def rid(self) -> str:
        """What pages call it: the encoding's rid, "s1" for its second spatial layer."""
        if self.spatial is None:
            return self.encoding.rid
        return f"{self.encoding.rid}.s{self.spatial}" if self.encoding.rid else f"s{self.spatial}"

    @property
    def bitrate_bps(self) -> int:
        """0 before it is measured."""
        return self.encoding.bitrate_bps if self.spatial is None else self.encoding.layer_bps(self.spatial)

    @property
    def size(self) -> tuple[int, int]:
        return self.encoding.size if self.spatial is None else self.encoding.sizes[self.spatial]


def operating_points(encoding: Encoding) -> list[OperatingPoint]:
    """The best first. A layer that adds nothing (its publisher has stopped it) is left out."""
    layers = len(encoding.sizes)
    if layers < 2:
        return [OperatingPoint(encoding)]
    points = [OperatingPoint(encoding, 0)]
    for spatial in range(1, layers):
        point = OperatingPoint(encoding, spatial)
        if point.bitrate_bps > points[-1].bitrate_bps or not point.bitrate_bps:
            points.append(point)
    return points[::-1]
