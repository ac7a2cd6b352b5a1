"""When the server itself moves a lesson."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from classroom.model.lesson import (
    TRANSITIONS,
    Lesson,
    LessonMode,
    LessonState,
    LessonStep,
    Topology,
)
from scheduler.lessons.lifecycle import FORGOTTEN_AFTER, GRACE, READY_BEFORE, DueStep, Lifecycle

START = datetime(2026, 9, 1, 1, 0, tzinfo=UTC)
SECOND = timedelta(seconds=1)


def lesson(state: LessonState, lesson_id: str = "l") -> Lesson:
    return Lesson(
        id=lesson_id,
        code="abc234",
        title="古诗两首",
        subject="语文",
        grade=3,
        mode=LessonMode.DELIVERY,
        topology=Topology.ONE_TO_N,
        state=state,
        room_id="r",
        teacher_id="t",
        starts_at=START,
        ends_at=START + timedelta(minutes=40),
        open_join=True,
    )


def steps(lifecycle: Lifecycle, now: datetime) -> list[LessonStep]:
    return [due.step for due in lifecycle.due(now)]


def live(now: datetime = START) -> Lifecycle:
    lifecycle = Lifecycle()
    lifecycle.lesson_seen(lesson(LessonState.LIVE), now)
    return lifecycle


def test_a_lesson_is_ready_when_its_room_is_within_a_quarter_of_an_hour_of_its_start() -> None:
    lifecycle = Lifecycle()
    lifecycle.lesson_seen(lesson(LessonState.PLANNED), START - timedelta(hours=2))
    lifecycle.room_seen("r", True, START - timedelta(hours=2))
    assert steps(lifecycle, START - READY_BEFORE - SECOND) == []
    assert lifecycle.due(START - READY_BEFORE) == [DueStep("l", LessonStep.ROOM_READY)]
    assert steps(lifecycle, START + timedelta(minutes=39)) == [LessonStep.ROOM_READY]
    assert steps(lifecycle, START + timedelta(minutes=40)) == []


def test_a_room_that_is_away_makes_nothing_ready() -> None:
    lifecycle = Lifecycle()
    lifecycle.lesson_seen(lesson(LessonState.PLANNED), START)
    assert steps(lifecycle, START) == []
    lifecycle.room_seen("r", False, START)
    lifecycle.room_seen("other", True, START)
    assert steps(lifecycle, START) == []


def test_a_ready_lesson_is_planned_again_once_its_room_has_been_away_for_the_grace() -> None:
    lifecycle = Lifecycle()
    lifecycle.lesson_seen(lesson(LessonState.READY), START)
    lifecycle.room_seen("r", True, START)
    lifecycle.room_seen("r", False, START + SECOND)
    # Seen again and again: the time counts from the first.
    lifecycle.room_seen("r", False, START + 5 * SECOND)
    assert steps(lifecycle, START + SECOND + GRACE - SECOND / 10) == []
    assert steps(lifecycle, START + SECOND + GRACE) == [LessonStep.ROOM_GONE]
    lifecycle.room_seen("r", True, START + SECOND + GRACE)
    assert steps(lifecycle, START + SECOND + GRACE) == []


def test_a_live_lesson_without_sources_is_interrupted_after_the_grace_not_before() -> None:
    lifecycle = live()
    lifecycle.sources_seen("l", True, START + SECOND)
    assert steps(lifecycle, START + timedelta(minutes=20)) == []
    gone = START + timedelta(minutes=20)
    lifecycle.sources_seen("l", False, gone)
    lifecycle.sources_seen("l", False, gone + 9 * SECOND)
    assert steps(lifecycle, gone + GRACE - SECOND / 10) == []
    assert steps(lifecycle, gone + GRACE) == [LessonStep.INTERRUPT]


def test_a_blink_within_the_grace_interrupts_nothing() -> None:
    lifecycle = live()
    for second in range(0, 60, 9):
        lifecycle.sources_seen("l", False, START + second * SECOND)
        assert steps(lifecycle, START + (second + 8) * SECOND) == []
        lifecycle.sources_seen("l", True, START + (second + 8) * SECOND)
    assert steps(lifecycle, START + timedelta(minutes=5)) == []


def test_a_lesson_started_without_its_room_is_interrupted_after_the_grace() -> None:
    assert steps(live(), START + GRACE - SECOND / 10) == []
    assert steps(live(), START + GRACE) == [LessonStep.INTERRUPT]


def test_after_a_restart_of_the_server_publishers_get_the_whole_grace() -> None:
    restarted = START + timedelta(minutes=20)
    lifecycle = live(restarted)
    assert steps(lifecycle, restarted + GRACE - SECOND) == []
    lifecycle.sources_seen("l", True, restarted + GRACE - SECOND)
    assert steps(lifecycle, restarted + timedelta(hours=1)) == []


def test_sources_seen_before_the_lesson_count() -> None:
    lifecycle = Lifecycle()
    lifecycle.sources_seen("l", True, START)
    lifecycle.lesson_seen(lesson(LessonState.LIVE), START)
    assert steps(lifecycle, START + timedelta(minutes=1)) == []


def test_an_interrupted_lesson_resumes_as_soon_as_something_is_published() -> None:
    lifecycle = Lifecycle()
    lifecycle.lesson_seen(lesson(LessonState.INTERRUPTED), START)
    assert steps(lifecycle, START) == []
    lifecycle.sources_seen("l", True, START)
    assert steps(lifecycle, START) == [LessonStep.RESUME]


def test_a_lesson_nobody_stopped_ends_half_an_hour_after_its_time_if_its_room_stays_away() -> None:
    lifecycle = Lifecycle()
    lifecycle.lesson_seen(lesson(LessonState.INTERRUPTED), START)
    end = START + timedelta(minutes=40)
    assert steps(lifecycle, end + FORGOTTEN_AFTER - SECOND) == []
    assert steps(lifecycle, end + FORGOTTEN_AFTER) == [LessonStep.STOP]


def test_a_lesson_that_runs_over_is_left_alone_while_it_is_published() -> None:
    lifecycle = live()
    lifecycle.sources_seen("l", True, START)
    assert steps(lifecycle, START + timedelta(hours=5)) == []


@pytest.mark.parametrize("state", [LessonState.ENDED, LessonState.ARCHIVED, LessonState.CANCELLED])
def test_a_lesson_that_is_over_is_forgotten(state: LessonState) -> None:
    lifecycle = live()
    lifecycle.lesson_seen(lesson(state), START)
    assert lifecycle.lessons == []
    assert steps(lifecycle, START + timedelta(hours=1)) == []


def test_reading_all_lessons_forgets_those_that_are_gone() -> None:
    lifecycle = live()
    lifecycle.lessons_seen([lesson(LessonState.LIVE, "other")], START)
    assert [known.id for known in lifecycle.lessons] == ["other"]


observations = st.lists(
    st.tuples(
        st.sampled_from(["sources", "room", "wait", "start", "stop"]),
        st.booleans(),
        st.integers(min_value=0, max_value=20),
    ),
    max_size=60,
)


@given(observations)
def test_every_step_it_asks_for_is_in_the_table_and_taking_it_settles_it(
    seen: list[tuple[str, bool, int]],
) -> None:
    lifecycle, now = Lifecycle(), START - timedelta(minutes=20)
    current = lesson(LessonState.PLANNED)
    lifecycle.lesson_seen(current, now)
    for what, value, seconds in seen:
        now += seconds * SECOND
        if what == "sources":
            lifecycle.sources_seen("l", value, now)
        elif what == "room":
            lifecycle.room_seen("r", value, now)
        step = {"start": LessonStep.START, "stop": LessonStep.STOP}.get(what)
        if step is not None and step in TRANSITIONS[current.state]:
            current = replace(current.after(step, now))
            lifecycle.lesson_seen(current, now)
        for _ in range(2):
            for due in lifecycle.due(now):
                assert due.step in TRANSITIONS[current.state]
                current = current.after(due.step, now)
                lifecycle.lesson_seen(current, now)
        assert lifecycle.due(now) == []
