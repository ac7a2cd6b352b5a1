"""How much of a line retransmissions may take: on a line that is full, repeating is what breaks it."""

SHARE = 0.3  # of what is sent: a tenth lost, bursts included, with room to spare
LEAST_BPS = 40_000
BURST_S = 2.0


class RepairBudget:
    """A token bucket in bytes, filled in proportion to what a subscriber is sent."""

    def __init__(self) -> None:
        self._bytes = 0.0
        self._at: float | None = None
        self.refused = 0

    def take(self, size: int, sent_bps: float, now: float) -> bool:
        """Whether a packet of `size` bytes may be repeated now."""
        rate = max(LEAST_BPS, SHARE * sent_bps) / 8
        most = rate * BURST_S
        self._bytes = most if self._at is None else min(most, self._bytes + (now - self._at) * rate)
        self._at = now
        if size > self._bytes:
            self.refused += 1
            return False
        self._bytes -= size
        return True
