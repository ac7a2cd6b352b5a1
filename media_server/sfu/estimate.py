"""What we tell a publisher of its line when it does not number its packets transport-wide (REMB).

The loss-based half of draft-ietf-rmcat-gcc-02 § 6, never far above what really arrives.
"""

LITTLE_LOSS, MUCH_LOSS = 0.02, 0.10  # § 6
GROWTH = 1.5  # § 5.5: "never exceed 1.5 * R_hat"; reached at once, since what arrives follows within a second
LOWEST_BPS = 100_000  # less is not a picture


class ReceiveEstimate:
    """Fed once a second with what arrived."""

    __slots__ = ("bitrate_bps",)

    def __init__(self) -> None:
        self.bitrate_bps = 0

    def update(self, arrived_bps: int, loss: float) -> int:
        """The estimate after an interval in which `arrived_bps` came and the share `loss` did not."""
        if loss > MUCH_LOSS:
            self.bitrate_bps = int((self.bitrate_bps or arrived_bps) * (1 - loss / 2))
        elif loss < LITTLE_LOSS:
            self.bitrate_bps = max(self.bitrate_bps, int(GROWTH * arrived_bps))
        # A sender that cannot fill its line for a while keeps what it has shown to carry.
        self.bitrate_bps = max(self.bitrate_bps, LOWEST_BPS)
        return self.bitrate_bps
