"""Speech-like sound: syllables with the four tones of Mandarin, in phrases with pauses. It says nothing.

A source-filter model: harmonics of a gliding pitch, weighted by three formant resonances, with a short burst of noise
for the consonant. Everything is seeded, so a loop is the same every time and ends in a pause.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from room_agent.capture.frames import SAMPLE_RATE_HZ, Samples

_SYNTHESIS_RATE_HZ = 16_000  # a voice has little above 8 kHz; a third of the work
_HARMONICS = 18
_FORMANTS_HZ = ((800, 1250, 2500), (350, 2200, 2900), (400, 800, 2400), (550, 1900, 2600), (480, 1100, 2450))
_FORMANT_WIDTH_HZ = 110
# Pitch over a syllable relative to the speaker's, at its start, middle and end: high, rising, dipping, falling.
_TONES = ((1.18, 1.18, 1.17), (0.92, 1.0, 1.2), (0.95, 0.78, 0.95), (1.25, 1.05, 0.8))
_PITCH_HZ = 205.0
_SEED = 20120


@dataclass(frozen=True, slots=True)
class Voice:
    """One loop of sound. `loudness` is its envelope, 0 – 1, at `LOUDNESS_RATE_HZ`, to move a mouth by."""

    samples: Samples
    loudness: NDArray[np.float32]


LOUDNESS_RATE_HZ = 50


def speak(duration_s: float) -> Voice:
    """About a tenth of a second of work for half a minute. Mono, 48 kHz, peaks near -6 dBFS."""
    rng = np.random.default_rng(_SEED)
    total = round(duration_s * _SYNTHESIS_RATE_HZ)
    voice = np.zeros(total, np.float32)
    position = int(0.3 * _SYNTHESIS_RATE_HZ)
    while True:
        phrase = int(rng.integers(5, 11))
        for number in range(phrase):
            syllable = _syllable(rng, final=number == phrase - 1)
            if position + len(syllable) > total - _SYNTHESIS_RATE_HZ // 4:
                return _finish(voice, duration_s)
            voice[position : position + len(syllable)] += syllable
            position += int(len(syllable) * 0.92)
        position += int(rng.uniform(0.35, 0.8) * _SYNTHESIS_RATE_HZ)


def _syllable(rng: np.random.Generator, final: bool) -> NDArray[np.float32]:
    count = int(rng.uniform(0.15, 0.23) * (1.5 if final else 1.0) * _SYNTHESIS_RATE_HZ)
    shape = np.linspace(0, 1, count, dtype=np.float32)
    tone = _TONES[int(rng.integers(len(_TONES)))]
    pitch = _PITCH_HZ * (0.94 if final else 1.0) * np.interp(shape, (0, 0.5, 1), tone).astype(np.float32)
    phase = np.cumsum(2 * np.pi * pitch / _SYNTHESIS_RATE_HZ).astype(np.float32)
    start, end = (_FORMANTS_HZ[int(i)] for i in rng.integers(len(_FORMANTS_HZ), size=2))
    sound = np.zeros(count, np.float32)
    for harmonic in range(1, _HARMONICS + 1):
        frequency = harmonic * float(pitch.mean())
        gain = np.interp(shape, (0, 1), (_resonance(frequency, start), _resonance(frequency, end))).astype(np.float32)
        sound += gain * np.sin(harmonic * phase)
    envelope = np.minimum(np.minimum(shape / 0.15, (1 - shape) / 0.3), 1).astype(np.float32)
    sound *= envelope
    burst = min(int(0.03 * _SYNTHESIS_RATE_HZ), count)
    sound[:burst] += rng.normal(0, 0.12, burst).astype(np.float32) * np.linspace(1, 0, burst, dtype=np.float32)
    return sound * np.float32(rng.uniform(0.75, 1.0))


def _resonance(frequency_hz: float, formants_hz: tuple[int, ...]) -> float:
    """Gain of the vocal tract, over the fall of the glottal source with frequency."""
    peaks = (1 / (1 + ((frequency_hz - formant) / _FORMANT_WIDTH_HZ) ** 2) for formant in formants_hz)
    return float((0.08 + sum(peaks)) / (1 + frequency_hz / 500))


def _finish(voice: NDArray[np.float32], duration_s: float) -> Voice:
    voice /= max(float(np.abs(voice).max()), 1e-9) * 2
    window = _SYNTHESIS_RATE_HZ // LOUDNESS_RATE_HZ
    blocks = voice[: len(voice) // window * window].reshape(-1, window)
    loudness = np.sqrt((blocks**2).mean(axis=1))
    loudness /= max(float(loudness.max()), 1e-9)
    count = round(duration_s * SAMPLE_RATE_HZ)
    moments = np.arange(count, dtype=np.float32) * (_SYNTHESIS_RATE_HZ / SAMPLE_RATE_HZ)
    upsampled = np.interp(moments, np.arange(len(voice), dtype=np.float32), voice)
    return Voice((upsampled * 32767).astype(np.int16), loudness.astype(np.float32))
