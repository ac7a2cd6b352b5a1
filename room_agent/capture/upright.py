"""Films of telephones are stored as the sensor lay; the container says how to turn them."""

import av
import numpy as np


def upright(frame: av.VideoFrame) -> av.VideoFrame:
    """The frame as it is meant to be seen. Other than multiples of 90 degrees, and odd sizes, stay as they are."""
    turns, rest = divmod(frame.rotation, 90)  # counterclockwise, as numpy turns
    width, height = frame.width, frame.height
    if rest or not turns % 4 or width % 2 or height % 2:
        return frame
    planes = frame.to_ndarray(format="yuv420p")
    luma = np.rot90(planes[:height], turns)
    chroma = planes[height:].reshape(2, height // 2, width // 2)
    turned = np.concatenate([luma.ravel(), *(np.rot90(plane, turns).ravel() for plane in chroma)])
    made = av.VideoFrame.from_ndarray(turned.reshape(-1, luma.shape[1]), format="yuv420p")
    made.pts, made.time_base = frame.pts, frame.time_base
    return made
