"""Asking a publisher again for what did not arrive (RFC 4585 § 6.2.1)."""

MAX_MISSING = 128  # a larger hole is an outage: a keyframe mends it, not retransmission
FIRST_TRY_S = 0.0  # reordering on a school's line is rare and a duplicate is cheap
RETRY_S = 0.04
RETRY_GROWTH = 1.5
# Viewers have stood still for that long, and a keyframe helps for sure; seven tries on a short line, three at 400 ms.
GIVE_UP_S = 1.0


class _Missing:
    __slots__ = ("due_at", "interval_s", "noticed_at")

    def __init__(self, now: float) -> None:
        self.noticed_at = now
        self.due_at = now + FIRST_TRY_S
        self.interval_s = RETRY_S


class NackGenerator:
    """Notices holes in a stream of extended sequence numbers and says when to ask for them.

    `given_up` counts what never came; `abandoned` is the highest index of those.
    """

    __slots__ = ("_highest", "_missing", "abandoned", "given_up")

    def __init__(self) -> None:
        self._highest: int | None = None
        self._missing: dict[int, _Missing] = {}
        self.given_up = 0
        self.abandoned = 0

    @property
    def waiting(self) -> bool:
        """Whether something is missing and not given up."""
        return bool(self._missing)

    def receive(self, index: int, now: float) -> None:
        if self._highest is None:
            self._highest = index
        elif index > self._highest:
            if index - self._highest - 1 > MAX_MISSING:
                self._give_up(len(self._missing) + index - self._highest - 1, index - 1)
                self._missing.clear()
            else:
                for missing in range(self._highest + 1, index):
                    self._missing[missing] = _Missing(now)
            self._highest = index
        else:
            self._missing.pop(index, None)

    def due(self, now: float, rtt_s: float) -> list[int]:
        """Indices to ask for now. Gives up on each after `GIVE_UP_S`, on the oldest when there are too many."""
        if not self._missing:
            return []
        wanted = []
        for index in sorted(self._missing):
            entry = self._missing[index]
            if len(self._missing) > MAX_MISSING or now - entry.noticed_at >= GIVE_UP_S:
                del self._missing[index]
                self._give_up(1, index)
            elif entry.due_at <= now:
                entry.due_at = now + max(entry.interval_s, rtt_s)
                entry.interval_s *= RETRY_GROWTH
                wanted.append(index)
        return wanted

    def _give_up(self, count: int, highest: int) -> None:
        self.given_up += count
        self.abandoned = max(self.abandoned, highest)
