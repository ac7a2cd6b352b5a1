"""`camera:`: a local camera through OpenCV."""

import threading
from pathlib import Path

import av
import cv2
import numpy as np

from room_agent.capture.frames import Beat, CaptureFault, Opened, Picture, Sink, SystemBeat

_FAILED_READS = 25  # in a row: about a second of a camera that is gone


class CameraCapture:
    """A camera by number or path. `run` raises `CaptureFault` with `camera_missing` or `camera_stopped`."""

    def __init__(
        self, device: int | str, fps: int = 25, size: tuple[int, int] = (1280, 720), beat: Beat | None = None
    ) -> None:
        self._device = device
        self._fps = fps
        self._size = size
        self._beat = beat or SystemBeat()

    def run(self, sink: Sink, stop: threading.Event) -> None:
        cv2.utils.logging.setLogLevel(cv2.utils.logging.LOG_LEVEL_SILENT)  # faults are reported by us, once
        if isinstance(self._device, str) and not Path(self._device).exists():
            raise CaptureFault("camera_missing", device=self._device)
        camera = cv2.VideoCapture(self._device)
        try:
            if not camera.isOpened():
                raise CaptureFault("camera_missing", device=str(self._device))
            # Most USB cameras reach 720p at 25 fps only as Motion JPEG. A camera that cannot keeps what it has.
            camera.set(cv2.CAP_PROP_FOURCC, cv2.VideoWriter.fourcc(*"MJPG"))
            camera.set(cv2.CAP_PROP_FRAME_WIDTH, self._size[0])
            camera.set(cv2.CAP_PROP_FRAME_HEIGHT, self._size[1])
            camera.set(cv2.CAP_PROP_FPS, self._fps)
            camera.set(cv2.CAP_PROP_BUFFERSIZE, 1)
            self._read(camera, sink, stop)
        finally:
            camera.release()

    def _read(self, camera: cv2.VideoCapture, sink: Sink, stop: threading.Event) -> None:
        failed, known = 0, False
        while not stop.is_set():
            good, image = camera.read()
            captured_s = self._beat.now()
            if not good:
                failed += 1
                if failed >= _FAILED_READS:
                    raise CaptureFault("camera_stopped", device=str(self._device))
                if not self._beat.wait_until(captured_s + 1 / self._fps, stop):
                    return
                continue
            failed = 0
            frame = av.VideoFrame.from_ndarray(np.asarray(image, np.uint8), format="bgr24")
            if not known:
                known = True
                fps = camera.get(cv2.CAP_PROP_FPS) or float(self._fps)
                sink.opened(Opened(("video",), frame.width, frame.height, fps))
            sink.picture(Picture(frame, captured_s))
