"""`mic:`: a microphone through PortAudio."""

import threading
from typing import TYPE_CHECKING

import numpy as np

from room_agent.capture.frames import SAMPLE_RATE_HZ, SOUND_SAMPLES, Beat, CaptureFault, Opened, Sink, Sound, SystemBeat

if TYPE_CHECKING:
    import sounddevice

_SMOOTHING = 0.02  # of the measured capture time: reads come in bursts, the sound card's clock does not


class MicrophoneCapture:
    """Faults: `microphone_library_missing`, `microphone_missing`, `microphone_stopped`."""

    def __init__(self, name: str, channels: int = 1, beat: Beat | None = None) -> None:
        self._name = name
        self._channels = channels
        self._beat = beat or SystemBeat()

    def run(self, sink: Sink, stop: threading.Event) -> None:
        try:
            # Here and not above: without the system's PortAudio the import itself fails, and only this source shall.
            import sounddevice
        except OSError as error:
            raise CaptureFault("microphone_library_missing") from error
        try:
            with sounddevice.RawInputStream(
                samplerate=SAMPLE_RATE_HZ,
                blocksize=SOUND_SAMPLES,
                device=self._name or None,
                channels=self._channels,
                dtype="int16",
                latency="low",
            ) as stream:
                sink.opened(Opened(("audio",), channels=self._channels))
                self._read(stream, sink, stop)
        except (sounddevice.PortAudioError, ValueError) as error:  # ValueError: no device of that name
            raise CaptureFault("microphone_missing", name=self._name or "default", reason=str(error)) from error

    def _read(self, stream: "sounddevice.RawInputStream", sink: Sink, stop: threading.Event) -> None:
        position = 0
        start_s: float | None = None
        while not stop.is_set():
            data, overflowed = stream.read(SOUND_SAMPLES)
            first_s = self._beat.now() - SOUND_SAMPLES / SAMPLE_RATE_HZ - stream.latency
            measured_s = first_s - position / SAMPLE_RATE_HZ
            if start_s is None or (overflowed and measured_s > start_s + SOUND_SAMPLES / SAMPLE_RATE_HZ):
                # Sound was lost: leave its place empty, so that what follows stays in step with the picture.
                lost_s = measured_s - start_s if start_s is not None else 0.0
                position += round(lost_s * SAMPLE_RATE_HZ)
                start_s = first_s - position / SAMPLE_RATE_HZ
            start_s += _SMOOTHING * (measured_s - start_s) if not overflowed else 0.0
            samples = np.frombuffer(data, np.int16).reshape(-1, self._channels)
            sink.sound(Sound(samples, position, start_s + position / SAMPLE_RATE_HZ))
            position += SOUND_SAMPLES
