from pathlib import Path

import pytest

from classroom.errors import BadSettings
from room_agent.capture.spec import (
    CameraSpec,
    FileSpec,
    MicrophoneSpec,
    RtspSpec,
    ScreenSpec,
    Spec,
    SyntheticSpec,
    parse_spec,
)


@pytest.mark.parametrize(
    ("text", "specs"),
    [
        ("file:clip.mp4", (FileSpec(Path("clip.mp4")),)),
        ("file:a+b:c.mp4", (FileSpec(Path("a+b:c.mp4")),)),
        ("rtsp://u:p@10.0.0.9/ch1", (RtspSpec("rtsp://u:p@10.0.0.9/ch1"),)),
        ("rtsp:10.0.0.9/ch1", (RtspSpec("rtsp://10.0.0.9/ch1"),)),
        ("camera:0", (CameraSpec(0),)),
        ("camera:/dev/v4l/by-id/usb-x", (CameraSpec("/dev/v4l/by-id/usb-x"),)),
        ("camera:0+mic:", (CameraSpec(0), MicrophoneSpec(""))),
        ("screen:+mic:USB", (ScreenSpec(""), MicrophoneSpec("USB"))),
        ("mic:Jabra", (MicrophoneSpec("Jabra"),)),
        ("screen::1.0", (ScreenSpec(":1.0"),)),
        ("synthetic:", (SyntheticSpec("teacher"),)),
        ("synthetic:slides", (SyntheticSpec("slides"),)),
    ],
)
def test_specs_are_read(text: str, specs: tuple[Spec, ...]) -> None:
    assert parse_spec(text) == specs


@pytest.mark.parametrize(
    "text", ["", "clip.mp4", "file:", "camera:", "rtsp://", "tape:1", "synthetic:dog", "mic:+mic:", "+mic:"]
)
def test_what_is_no_spec_is_refused_with_the_forms_there_are(text: str) -> None:
    with pytest.raises(BadSettings) as refused:
        parse_spec(text)
    assert refused.value.code == "source_spec_wrong"
    assert refused.value.data["spec"] == text
    assert "camera:N" in str(refused.value.data["forms"])
