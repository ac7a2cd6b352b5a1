"""From a spec to its capture."""

from classroom.messages.views import MediaKind
from room_agent.capture.frames import Capture
from room_agent.capture.spec import CameraSpec, FileSpec, MicrophoneSpec, RtspSpec, ScreenSpec, Spec


def open_capture(spec: Spec, fps: int, channels: int) -> Capture:
    """`fps` is asked of devices that can choose, `channels` of microphones. Nothing is opened yet.

    The imports are late: a room with a camera needs no drawn teacher, and each costs a tenth of a second.
    """
    if isinstance(spec, FileSpec):
        from room_agent.capture.file import FileCapture

        return FileCapture(spec.path)
    if isinstance(spec, RtspSpec):
        from room_agent.capture.network import RtspCapture

        return RtspCapture(spec.url)
    if isinstance(spec, CameraSpec):
        from room_agent.capture.camera import CameraCapture

        return CameraCapture(spec.device, fps)
    if isinstance(spec, MicrophoneSpec):
        from room_agent.capture.microphone import MicrophoneCapture

        return MicrophoneCapture(spec.name, channels)
    if isinstance(spec, ScreenSpec):
        from room_agent.capture.network import ScreenCapture

        return ScreenCapture(spec.display, fps)
    from room_agent.capture.synthetic import SyntheticCapture

    return SyntheticCapture(spec.scene, fps)


def kinds_of(spec: Spec) -> tuple[MediaKind, ...] | None:
    """What a spec is known to carry before it is opened; None when that depends on the file or camera."""
    if isinstance(spec, MicrophoneSpec):
        return ("audio",)
    if isinstance(spec, CameraSpec | ScreenSpec):
        return ("video",)
    if isinstance(spec, FileSpec | RtspSpec):
        return None
    return ("audio", "video") if spec.scene == "teacher" else ("video",)
