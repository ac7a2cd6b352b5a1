import random

from hypothesis import given
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, precondition, rule

from room_agent.studio.backoff import Backoff
from room_agent.studio.session import Command, Connect, Disconnect, PublishSession, PublishState


def half() -> float:
    return 0.5


@given(st.floats(0, 0.999), st.integers(1, 200))
def test_waits_grow_up_to_the_longest_and_are_never_nothing(chance: float, failures: int) -> None:
    backoff = Backoff(lambda: chance, first_s=0.5, longest_s=15.0)
    waits = [backoff.failed() for _ in range(failures)]
    assert waits == sorted(waits)
    assert 0.25 <= waits[0] <= 0.5
    assert waits[-1] <= 15.0
    if failures > 6:
        assert waits[-1] >= 7.5
    backoff.succeeded()
    assert backoff.failed() == waits[0]


def test_the_server_may_ask_for_more_patience() -> None:
    assert Backoff(half).failed(at_least_s=20.0) == 20.0


def test_rooms_that_fail_together_do_not_come_back_together() -> None:
    rng = random.Random(1)
    waits = {round(Backoff(rng.random).failed(), 3) for _ in range(100)}
    assert len(waits) > 50


def test_a_lost_lesson_is_resumed() -> None:
    session = PublishSession(half)
    assert session.want("a", 0.0) == [Connect("a", 1)]
    session.connected(1, 1.0)
    states = [session.state]
    session.lost(1, 50.0)
    assert [*states, session.state] == [PublishState.PUBLISHING, PublishState.WAITING]
    assert session.retry_at_s is not None
    assert session.tick(session.retry_at_s - 0.01) == []
    assert session.tick(session.retry_at_s) == [Connect("a", 2)]


def test_naming_the_same_lesson_again_changes_nothing() -> None:
    session = PublishSession(half)
    session.want("a", 0.0)
    session.connected(1, 1.0)
    assert session.want("a", 2.0) == []


def test_another_lesson_replaces_the_first_and_none_ends_it() -> None:
    session = PublishSession(half)
    session.want("a", 0.0)
    assert session.want("b", 1.0) == [Disconnect(1), Connect("b", 2)]
    assert session.want(None, 2.0) == [Disconnect(2)]
    assert session.state is PublishState.IDLE
    assert session.want("b", 3.0) == [Connect("b", 3)]


def test_a_late_report_of_an_old_attempt_is_passed_over() -> None:
    session = PublishSession(half)
    session.want("a", 0.0)
    session.want("b", 1.0)
    session.lost(1, 1.5)
    session.connected(1, 1.6)
    assert session.state is PublishState.CONNECTING


def test_the_server_coming_back_cuts_a_long_wait_short() -> None:
    session = PublishSession(half)
    session.want("a", 0.0)
    now_s = 0.0
    for attempt in range(1, 8):
        session.lost(attempt, now_s)
        assert session.retry_at_s is not None
        now_s = session.retry_at_s
        session.tick(now_s)
    session.lost(8, now_s)
    assert session.retry_at_s is not None
    assert session.retry_at_s > now_s + 7
    assert session.retry_soon(now_s + 1) == [Connect("a", 9)]


def test_a_loss_after_a_long_time_is_retried_soon() -> None:
    session = PublishSession(half)
    session.want("a", 0.0)
    for attempt in range(1, 6):
        session.lost(attempt, 100.0 * attempt)
        session.tick(100.0 * attempt + 60)
    session.connected(6, 600.0)
    session.lost(6, 605.0)
    assert session.retry_at_s is not None
    assert session.retry_at_s > 605.0 + 5
    session.tick(700.0)
    session.connected(7, 700.0)
    session.lost(7, 800.0)
    assert session.retry_at_s is not None
    assert session.retry_at_s < 801.0


class Sessions(RuleBasedStateMachine):
    """Whatever the server, the network and the clock do."""

    def __init__(self) -> None:
        super().__init__()
        self.session = PublishSession(random.Random(3).random)
        self.now_s = 0.0
        self.open: set[int] = set()
        self.wanted: str | None = None

    def carry_out(self, commands: list[Command]) -> None:
        for command in commands:
            if isinstance(command, Connect):
                assert command.lesson_id == self.wanted
                assert command.attempt not in self.open
                self.open.add(command.attempt)
            else:
                self.open.remove(command.attempt)

    @rule(lesson=st.sampled_from([None, "a", "b"]))
    def want(self, lesson: str | None) -> None:
        self.wanted = lesson
        self.carry_out(self.session.want(lesson, self.now_s))

    @rule(seconds=st.floats(0.01, 30))
    def wait(self, seconds: float) -> None:
        self.now_s += seconds
        self.carry_out(self.session.tick(self.now_s))

    @precondition(lambda self: self.open)
    @rule()
    def connected(self) -> None:
        self.carry_out(self.session.connected(max(self.open), self.now_s))

    @precondition(lambda self: self.open)
    @rule(retry_after_s=st.floats(0, 60))
    def lost(self, retry_after_s: float) -> None:
        attempt = self.open.pop()
        self.carry_out(self.session.lost(attempt, self.now_s, retry_after_s))

    @rule()
    def server_back(self) -> None:
        self.carry_out(self.session.retry_soon(self.now_s))

    @invariant()
    def at_most_one_attempt_is_open(self) -> None:
        assert len(self.open) <= 1

    @invariant()
    def a_wanted_lesson_is_never_forgotten(self) -> None:
        if self.wanted is None:
            assert self.session.state is PublishState.IDLE
            assert not self.open
        else:
            assert self.open or self.session.retry_at_s is not None


TestSessions = Sessions.TestCase
