"""The controlling side of ICE towards an ICE-lite server (RFC 8445): pure, time is a parameter.

aioice's Connection opens a socket per address, leaves the loopback out and hands every packet through a queue; towards
a lite peer all that is needed is this: check every candidate, nominate the best that answers, keep asking for consent
(RFC 7675).
"""

import random
import secrets
import struct
from collections.abc import Sequence
from dataclasses import dataclass, field

from aioice import stun

Address = tuple[str, int]

_CHECK_INTERVAL_S = 0.05  # Ta of § 14.2
_RETRANSMIT_S = 0.25
_GIVE_UP_S = 10.0
_CONSENT_INTERVAL_S = 4.0  # RFC 7675 § 5.1: about 5 s, jittered by 20 %
VERIFY_S = 1.5  # a server that is there answers within a round trip
_MAX_REQUESTS = 32  # remembered without an answer
CONSENT_TIMEOUT_S = 15.0  # a path that is silent longer is gone; the RFC allows 30, a lesson should not wait
_NOMINATE_AFTER_S = 0.1  # a better candidate than the first to answer gets this long
_PRIORITY = 110 << 24 | 65_535 << 8 | 255  # § 7.1.1: as if our address were peer reflexive


class IceFailed(Exception):
    """No candidate answered, or the one chosen went silent."""


def looks_like_stun(data: bytes) -> bool:
    """RFC 7983 § 7: first byte 0 – 3."""
    return len(data) >= 20 and data[0] < 4


@dataclass(slots=True)
class _Pair:
    address: Address
    priority: int
    next_check_s: float = 0.0
    answered: bool = False


@dataclass(slots=True)
class IceAgent:
    """Ask `poll` what to send, give it what arrives, look at `selected`; `timeout_s` says when to poll next."""

    local_ufrag: str = field(default_factory=lambda: secrets.token_hex(4))
    local_password: str = field(default_factory=lambda: secrets.token_urlsafe(18), repr=False)
    selected: Address | None = None
    _remote_ufrag: str = ""
    _remote_password: str = field(default="", repr=False)
    _pairs: list[_Pair] = field(default_factory=list)
    _requests: dict[bytes, tuple[_Pair, bool]] = field(default_factory=dict)
    _tie_breaker: int = field(default_factory=lambda: secrets.randbits(64))
    _began_s: float = 0.0
    _first_answer_s: float | None = None
    _nominee: _Pair | None = None
    _consent_at_s: float = 0.0
    _consent_due_s: float = 0.0
    _verify_by_s: float | None = None

    def begin(self, ufrag: str, password: str, candidates: Sequence[tuple[Address, int]], now_s: float) -> None:
        """`candidates`: `(address, priority)` of the server."""
        self._remote_ufrag, self._remote_password = ufrag, password
        self._began_s = now_s
        ordered = sorted(candidates, key=lambda candidate: -candidate[1])
        self._pairs = [
            _Pair(address, priority, now_s + number * _CHECK_INTERVAL_S)
            for number, (address, priority) in enumerate(ordered)
        ]

    def poll(self, now_s: float) -> list[tuple[bytes, Address]]:
        """Requests to send now. Raises `IceFailed`."""
        if self.selected is not None:
            return self._consent(now_s)
        if now_s - self._began_s > _GIVE_UP_S:
            raise IceFailed("no answer from any address of the server")
        if self._nominee is None and self._first_answer_s is not None:
            answered = [pair for pair in self._pairs if pair.answered]
            best_possible = answered[0] is self._pairs[0]
            if best_possible or now_s - self._first_answer_s >= _NOMINATE_AFTER_S:
                self._nominee = answered[0]
                self._nominee.next_check_s = now_s
        pairs = self._pairs if self._nominee is None else [self._nominee]
        sending = []
        for pair in pairs:
            if now_s >= pair.next_check_s and not (pair.answered and pair is not self._nominee):
                pair.next_check_s = now_s + _RETRANSMIT_S
                sending.append((self._request(pair, nominate=pair is self._nominee), pair.address))
        return sending

    def receive(self, data: bytes, address: Address, now_s: float) -> bytes | None:
        """A STUN message that arrived; returns a reply to send back, if any. What is not valid is passed over."""
        try:
            message = stun.parse_message(data)
        except (ValueError, struct.error, IndexError):
            return None
        if message.message_method is not stun.Method.BINDING:
            return None
        if message.message_class is stun.Class.REQUEST:
            return self._answer(message, address)
        request = self._requests.pop(message.transaction_id, None)
        if request is None or not _authentic(message, self._remote_password):
            return None
        if message.message_class is not stun.Class.RESPONSE:
            return None
        pair, nominated = request
        pair.answered = True
        if self._first_answer_s is None:
            self._first_answer_s = now_s
        if nominated and self.selected is None:
            self.selected = pair.address
            self._consent_due_s = now_s + _CONSENT_INTERVAL_S
        if pair.address == self.selected:
            self._consent_at_s = now_s
            self._verify_by_s = None
        return None

    def verify(self, now_s: float) -> None:
        """Ask for consent now and give the server `VERIFY_S` to answer: there is reason to believe it forgot us."""
        if self.selected is not None and self._verify_by_s is None:
            self._verify_by_s = now_s + VERIFY_S
            self._consent_due_s = now_s

    def timeout_s(self, now_s: float) -> float:
        """Seconds until `poll` is due."""
        if self.selected is not None:
            return max(0.0, self._consent_due_s - now_s)
        waiting = [pair.next_check_s for pair in self._pairs if not pair.answered or pair is self._nominee]
        if self._nominee is None and self._first_answer_s is not None:
            waiting.append(self._first_answer_s + _NOMINATE_AFTER_S)
        return max(0.0, min(waiting, default=now_s + _RETRANSMIT_S) - now_s)

    def _consent(self, now_s: float) -> list[tuple[bytes, Address]]:
        overdue = self._verify_by_s is not None and now_s >= self._verify_by_s
        if overdue or now_s - self._consent_at_s > CONSENT_TIMEOUT_S:
            raise IceFailed("the server went silent")
        if self._nominee is None or now_s < self._consent_due_s:
            return []
        # Ask again soon while an answer is missing, so that one lost packet costs nothing.
        missing = now_s - self._consent_at_s > _CONSENT_INTERVAL_S * 1.25
        soon_s = _RETRANSMIT_S if self._verify_by_s is not None else 1.0 if missing else None
        self._consent_due_s = now_s + (soon_s or _CONSENT_INTERVAL_S * random.uniform(0.8, 1.2))
        if len(self._requests) > _MAX_REQUESTS:
            self._requests.clear()
        return [(self._request(self._nominee, nominate=False), self._nominee.address)]

    def _request(self, pair: _Pair, *, nominate: bool) -> bytes:
        message = stun.Message(message_method=stun.Method.BINDING, message_class=stun.Class.REQUEST)
        message.attributes["USERNAME"] = f"{self._remote_ufrag}:{self.local_ufrag}"
        message.attributes["PRIORITY"] = _PRIORITY
        message.attributes["ICE-CONTROLLING"] = self._tie_breaker
        if nominate:
            message.attributes["USE-CANDIDATE"] = None
        message.add_message_integrity(self._remote_password.encode())
        self._requests[message.transaction_id] = (pair, nominate)
        return bytes(message)

    def _answer(self, message: stun.Message, address: Address) -> bytes | None:
        """A full agent on the other side checks us too."""
        if not _authentic(message, self.local_password):
            return None
        response = stun.Message(
            message_method=stun.Method.BINDING,
            message_class=stun.Class.RESPONSE,
            transaction_id=message.transaction_id,
        )
        response.attributes["XOR-MAPPED-ADDRESS"] = address
        response.add_message_integrity(self.local_password.encode())
        return bytes(response)


def _authentic(message: stun.Message, password: str) -> bool:
    try:
        return bool(message.check_message_integrity(password.encode()))
    except (ValueError, KeyError):
        return False
