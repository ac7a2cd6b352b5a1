"""Counters that wrap: 16-bit sequence numbers and 32-bit timestamps as ever-growing integers."""


class Unwrapper:
    """Turns a wrapping counter of `bits` bits into an extended one that starts one cycle above zero.

    Starting above zero leaves room for packets that arrive late, from before the first one seen.
    """

    __slots__ = ("_half", "_mask", "_modulus", "highest")

    def __init__(self, bits: int) -> None:
        self._modulus = 1 << bits
        self._half = 1 << (bits - 1)
        self._mask = self._modulus - 1
        self.highest: int | None = None

    def unwrap(self, value: int) -> int:
        """The extended value nearest to the highest one so far; remembers it when it is higher."""
        if self.highest is None:
            self.highest = self._modulus + value
            return self.highest
        extended = self.peek(value)
        if extended > self.highest:
            self.highest = extended
        return extended

    def peek(self, value: int) -> int:
        """As `unwrap`, remembering nothing."""
        if self.highest is None:
            return self._modulus + value
        difference = (value - self.highest) & self._mask
        if difference >= self._half:
            difference -= self._modulus
        return self.highest + difference


def sequence_newer(first: int, second: int) -> bool:
    """Whether 16-bit `first` comes after `second` (RFC 1982 arithmetic)."""
    return first != second and ((first - second) & 0xFFFF) < 0x8000
