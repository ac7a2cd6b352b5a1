"""A picture kept as planar YUV 4:2:0 of which only the moving parts are drawn again.

Drawing happens in BGR with OpenCV on a small patch; the patch is converted and written into the planes. A 720p scene
with a figure in it costs about a millisecond a frame that way, several times less than converting whole pictures.
"""

from typing import Any

import av
import cv2
import numpy as np
from numpy.typing import NDArray

Image = NDArray[Any]
Colour = tuple[int, int, int]  # blue, green, red, as OpenCV wants them
Point = tuple[int, int]


class Canvas:
    """`planes` is (height · 3/2) × width: the luma plane, then the two chroma planes, as FFmpeg's yuv420p is packed."""

    def __init__(self, background: Image) -> None:
        self.height, self.width = background.shape[:2]
        self.planes: NDArray[np.uint8] = np.empty((self.height * 3 // 2, self.width), np.uint8)
        self._background = background
        self.show(background)

    @property
    def luma(self) -> NDArray[np.uint8]:
        return self.planes[: self.height]

    def show(self, background: Image) -> None:
        """Replace the whole picture."""
        self._background = background
        cv2.cvtColor(background, cv2.COLOR_BGR2YUV_I420, dst=self.planes)

    def patch(self, x: int, y: int, width: int, height: int) -> Image:
        """A copy of the background to draw on. All four numbers are even."""
        return self._background[y : y + height, x : x + width].copy()

    def paste(self, x: int, y: int, patch: Image) -> None:
        """Write a BGR patch into the planes, with its corner at an even (x, y)."""
        height, width = patch.shape[:2]
        converted = cv2.cvtColor(patch, cv2.COLOR_BGR2YUV_I420)
        self.planes[y : y + height, x : x + width] = converted[:height]
        quarter = self.height // 4
        chroma = converted[height:].reshape(2, height // 2, width // 2)
        for plane in range(2):
            start = self.height + plane * quarter
            target = self.planes[start : start + quarter].reshape(self.height // 2, self.width // 2)
            target[y // 2 : (y + height) // 2, x // 2 : (x + width) // 2] = chroma[plane]

    def frame(self) -> av.VideoFrame:
        """A copy of the picture as a frame."""
        return av.VideoFrame.from_ndarray(self.planes, format="yuv420p")


class Pen:
    """Chinese and Latin text. OpenCV 5 carries a font with both ("uni"), so none has to be installed."""

    def __init__(self) -> None:
        self._font = cv2.FontFace("uni")

    def write(self, image: Image, text: str, at: Point, size_px: int, colour: Colour, *, weight: int = 400) -> None:
        """`at` is the left end of the base line."""
        cv2.putText(image, text, at, colour, self._font, size_px, weight)

    def width(self, text: str, size_px: int, weight: int = 400) -> int:
        box = cv2.getTextSize((0, 0), text, (0, 0), self._font, size_px, weight)
        return int(box[2])
