"""Still pictures from segments: for the seek bar, the poster and finding new slides. Blocking: runs in a worker."""

import io
import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import av
import cv2
import numpy as np
from numpy.typing import NDArray

STILL_SIZE = (320, 180)  # small enough to keep one for every segment, large enough for a menu of chapters
TILE_SIZE = (160, 90)
TILES_A_ROW = 10
_SIGN_SIZE = (64, 36)
_JPEG_QUALITY = 75

Image = NDArray[np.uint8]


@dataclass(frozen=True, slots=True)
class Still:
    """`jpeg` of `STILL_SIZE`; `sign` is the picture in grey, `_SIGN_SIZE` pixels of one byte: for comparing."""

    jpeg: bytes
    sign: bytes

    def pack(self) -> bytes:
        return self.sign + self.jpeg

    @classmethod
    def unpack(cls, packed: bytes) -> "Still":
        length = _SIGN_SIZE[0] * _SIGN_SIZE[1]
        return cls(packed[length:], packed[:length])


def first_still(header: bytes, segment: bytes) -> bytes:
    """The first picture of a segment, packed. Raises `ValueError` when nothing can be decoded."""
    for _, image in _pictures(header, segment):
        small = cv2.resize(_fitted(image, STILL_SIZE), STILL_SIZE, interpolation=cv2.INTER_AREA)
        return Still(_jpeg(small.astype(np.uint8)), _sign(image).tobytes()).pack()
    raise ValueError("no picture in the segment")


def change_time(header: bytes, segment: bytes, before: bytes, after: bytes) -> float:
    """Seconds (as in the segment's own times) of its first picture that looks more like `after` than like `before`.

    Both are signs of stills. Infinity when none does.
    """
    old, new = (np.frombuffer(sign, np.uint8).astype(np.int16) for sign in (before, after))
    for time_s, image in _pictures(header, segment):
        sign = _sign(image).reshape(-1).astype(np.int16)
        if np.abs(sign - new).sum() < np.abs(sign - old).sum():
            return time_s
    return math.inf


def sheet(stills: Sequence[bytes | None]) -> bytes:
    """A JPEG of all these stills' pictures as tiles of `TILE_SIZE`, `TILES_A_ROW` in a row; None leaves a tile grey."""
    width, height = TILE_SIZE
    rows = -(-len(stills) // TILES_A_ROW)
    canvas = np.full((max(1, rows) * height, TILES_A_ROW * width, 3), 40, np.uint8)
    for number, jpeg in enumerate(stills):
        image = cv2.imdecode(np.frombuffer(jpeg, np.uint8), cv2.IMREAD_COLOR) if jpeg else None
        if image is None:
            continue
        top, left = number // TILES_A_ROW * height, number % TILES_A_ROW * width
        canvas[top : top + height, left : left + width] = cv2.resize(image, TILE_SIZE, interpolation=cv2.INTER_AREA)
    return _jpeg(canvas)


def poster(header: bytes, segment: bytes) -> bytes:
    """A JPEG of the segment's first picture, at most 1280 wide. Raises `ValueError` when nothing can be decoded."""
    for _, image in _pictures(header, segment):
        scale = min(1.0, 1280 / image.shape[1])
        size = (round(image.shape[1] * scale), round(image.shape[0] * scale))
        return _jpeg(cv2.resize(image, size, interpolation=cv2.INTER_AREA).astype(np.uint8))
    raise ValueError("no picture in the segment")


def liveliness(sign: bytes) -> float:
    """How much there is to see: 0 for a black or white picture."""
    return float(np.frombuffer(sign, np.uint8).std())


def _pictures(header: bytes, segment: bytes) -> Iterator[tuple[float, Image]]:
    """Each picture with its time. What cannot be decoded ends it: half a picture is none."""
    try:
        with av.open(io.BytesIO(header + segment), "r") as container:
            for frame in container.decode(video=0):
                yield frame.time or 0.0, frame.to_ndarray(format="bgr24").astype(np.uint8, copy=False)
    except (av.FFmpegError, IndexError):
        return


def _fitted(image: Image, size: tuple[int, int]) -> Image:
    """The picture with bars, if need be, in the shape of `size`."""
    height, width = image.shape[:2]
    want_width, want_height = max(width, height * size[0] // size[1]), max(height, width * size[1] // size[0])
    if (want_width, want_height) == (width, height):
        return image
    left, top = (want_width - width) // 2, (want_height - height) // 2
    bars = cv2.copyMakeBorder(
        image, top, want_height - height - top, left, want_width - width - left, cv2.BORDER_CONSTANT, value=(0, 0, 0)
    )
    return bars.astype(np.uint8, copy=False)


def _sign(image: Image) -> Image:
    grey = cv2.cvtColor(image, cv2.COLOR_BGR2GRAY)
    return cv2.resize(grey, _SIGN_SIZE, interpolation=cv2.INTER_AREA).astype(np.uint8, copy=False)


def _jpeg(image: Image) -> bytes:
    _, data = cv2.imencode(".jpg", image, [cv2.IMWRITE_JPEG_QUALITY, _JPEG_QUALITY])
    return data.tobytes()
