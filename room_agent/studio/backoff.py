"""How long to wait before trying again: longer each time, and never all rooms of a county at once."""

from collections.abc import Callable


class Backoff:
    """Exponential, with full upper-half jitter: the n-th wait lies between half and all of min(first · 2^n, longest).

    `random` gives numbers in [0, 1). The half that is certain keeps a fast failure from spinning; the half that is
    not spreads the rooms that all lost their server in the same second.
    """

    def __init__(self, random: Callable[[], float], first_s: float = 0.5, longest_s: float = 15.0) -> None:
        self._random = random
        self._first_s = first_s
        self._longest_s = longest_s
        self.failures = 0

    def failed(self, at_least_s: float = 0.0) -> float:
        """Count a failure; returns the seconds to wait, not less than what the other side asked for (Retry-After)."""
        # The exponent stops growing long before it would overflow.
        full_s = min(self._first_s * 2.0 ** min(self.failures, 32), self._longest_s)
        self.failures += 1
        return max(full_s * (0.5 + self._random() / 2), at_least_s)

    def succeeded(self) -> None:
        self.failures = 0
