"""Requests to stop and start an encoding, over a line that loses and delays them."""

import random

from hypothesis import given
from hypothesis import strategies as st

from classroom.rtp.rtcp import PAUSE, RESUME, PauseKind
from media_server.sfu.pause import (
    PAUSE_REPEAT_S,
    RESUME_REPEAT_S,
    RESUME_WITHIN_S,
    SLOW_REPEAT_S,
    STOP_AFTER_S,
    UNDER_WAY_S,
    PauseRequests,
)

STEP_S = 0.02


def test_a_request_that_was_lost_is_repeated_while_packets_come() -> None:
    requests = PauseRequests()
    assert requests.due(0.0, STOP_AFTER_S, STOP_AFTER_S - 0.1) is None
    assert requests.due(0.0, STOP_AFTER_S, STOP_AFTER_S) == PAUSE
    now = STOP_AFTER_S + PAUSE_REPEAT_S
    assert requests.due(0.0, now - 0.1, now - 0.1) is None
    assert requests.due(0.0, now, now) == PAUSE
    assert requests.due(0.0, now, now + 100) is None, "nothing came since"
    assert requests.offered(now + 100)


def test_a_start_is_asked_for_quickly_and_then_with_patience() -> None:
    requests = PauseRequests()
    requests.due(0.0, 0.0, 20.0)
    assert requests.due(21.0, 20.0, 21.0) == RESUME
    assert requests.due(21.0, 20.0, 21.0 + RESUME_REPEAT_S / 2) is None
    assert requests.due(21.0, 20.0, 21.0 + RESUME_REPEAT_S) == RESUME
    assert requests.offered(21.0 + RESUME_WITHIN_S - 0.01)
    late = 21.0 + RESUME_WITHIN_S
    assert not requests.offered(late)
    assert requests.due(21.0, 20.0, late) == RESUME
    assert requests.due(21.0, 20.0, late + SLOW_REPEAT_S / 2) is None
    assert requests.due(21.0, 20.0, late + SLOW_REPEAT_S) == RESUME
    assert requests.due(late + 1, late + 1.5, late + 1.5) is None
    assert (requests.state, requests.pause_id) == ("playing", 1)


def test_packets_that_a_late_request_may_still_stop_prove_nothing() -> None:
    requests = PauseRequests()
    assert requests.due(0.0, 20.0, 20.0) == PAUSE
    assert requests.due(20.01, 20.0, 20.01) == RESUME
    now = 20.0 + UNDER_WAY_S
    assert requests.due(now, now, now) == RESUME, "not playing for certain"
    assert requests.due(now, now + 0.01, now + 0.01) is None
    assert requests.state == "playing"


class Sender:
    """Obeys as RFC 7728 asks: a request with an old number is none."""

    def __init__(self) -> None:
        self.playing = True
        self.pause_id = 0

    def hear(self, kind: PauseKind, pause_id: int) -> None:
        ahead = (pause_id - self.pause_id) & 0xFFFF
        if kind == PAUSE and ahead < 0x8000:
            self.playing, self.pause_id = False, pause_id
        elif kind == RESUME and ahead == 0 and not self.playing:
            self.playing, self.pause_id = True, pause_id + 1


@given(st.integers(0, 1 << 30), st.lists(st.tuples(st.booleans(), st.floats(0, 15)), max_size=6), st.booleans())
def test_in_the_end_the_publisher_sends_what_is_watched_whatever_the_line_loses(
    seed: int, history: list[tuple[bool, float]], watched_at_last: bool
) -> None:
    dice = random.Random(seed)
    requests, sender = PauseRequests(), Sender()
    now = watched_at = last_packet_at = 0.0
    under_way: list[tuple[float, PauseKind, int]] = []
    for watched, seconds, loss in [*((each, s, 0.5) for each, s in history), (watched_at_last, 20.0, 0.0)]:
        end = now + seconds
        while now < end:
            now += STEP_S
            watched_at = now if watched else watched_at
            if sender.playing and dice.random() >= loss:
                last_packet_at = now
            kind = requests.due(watched_at, last_packet_at, now)
            if kind is not None and dice.random() >= loss:
                under_way.append((now + dice.choice((0.01, 0.2)), kind, requests.pause_id))
            for each in [each for each in under_way if each[0] <= now]:
                under_way.remove(each)
                sender.hear(*each[1:])
    assert sender.playing is watched_at_last
