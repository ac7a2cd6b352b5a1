"""Where a packet of sound lies on the media clock, although the sound card's clock is not quite the machine's."""

_LOST_S = 0.1  # parted by so much: sound was lost, or the capture was reopened
_DRIFT_S = 0.02  # one packet: what is left out or waited for to stay in step
_SMOOTHING = 1 / 150  # of packets: three seconds, far above the jitter of captures


class SoundLine:
    """Counts in samples, so that packets follow each other exactly; a card that runs 50 ppm fast or slow is put right
    by one packet every few minutes, instead of sound leaving the picture by 180 ms in an hour.
    """

    def __init__(self, rate_hz: int) -> None:
        self._rate_hz = rate_hz
        self._offset: int | None = None
        self._error = 0.0

    def ticks(self, position: int, captured_s: float) -> int:
        """Of the packet whose first sample is the `position`-th of the capture, at `captured_s` on the media clock.

        May repeat or go back by a packet, which is then to be left out.
        """
        measured = round(captured_s * self._rate_hz)
        if self._offset is None or abs(measured - position - self._offset) > _LOST_S * self._rate_hz:
            self._offset, self._error = measured - position, 0.0
        self._error += (measured - position - self._offset - self._error) * _SMOOTHING
        step = round(_DRIFT_S * self._rate_hz)
        if abs(self._error) > step:
            correction = step if self._error > 0 else -step
            self._offset += correction
            self._error -= correction
        return position + self._offset
