"""Publishing a week over a term, again and again, while lessons are given and people change their minds."""

from dataclasses import replace
from datetime import UTC, date, datetime, timedelta, timezone
from itertools import combinations, count

from hypothesis import given, settings
from hypothesis import strategies as st

from classroom.model.lesson import LessonState
from classroom.model.plan import ClassAttending, Occupied, PlanCourse, Publication, PublishedLesson
from classroom.model.term import DayKind, Term, TermDay, Weeks
from scheduler.planning.publish import CourseFacts, carry_keys, publication

ZONE = timezone(timedelta(hours=8))
HOLIDAY = TermDay(date(2026, 10, 1), DayKind.HOLIDAY)
TERM = Term("t", "r", "秋", date(2026, 8, 31), date(2026, 10, 16), days={HOLIDAY.day: HOLIDAY})
ROOMS = ("room-1", "room-2")
LONG_AGO = datetime(2020, 1, 1, tzinfo=UTC)


def course(key: str, *lessons: tuple[int, int], teacher: str = "wang", **more: object) -> PlanCourse:
    return replace(PlanCourse(key, teacher, "音乐", 3, "*", (f"need-{key}",), lessons), **more)  # type: ignore[arg-type]


def facts_of(courses: list[PlanCourse], rooms: tuple[str, ...] = ROOMS) -> dict[str, CourseFacts]:
    return {each.key: CourseFacts("音乐 三年级", rooms, (ClassAttending("河西", "s"),)) for each in courses}


class Store:
    """Lessons as the store would keep them."""

    def __init__(self) -> None:
        self.lessons: dict[str, PublishedLesson] = {}
        self._ids = count()

    def publish(
        self,
        courses: list[PlanCourse],
        *,
        term: Term = TERM,
        now: datetime = LONG_AGO,
        occupied: list[Occupied] | None = None,
    ) -> Publication:
        found = publication(
            term, courses, facts_of(courses), list(self.lessons.values()), occupied or [], not_before=now, zone=ZONE
        )
        for plan in found.create:
            lesson_id = f"l{next(self._ids)}"
            self.lessons[lesson_id] = PublishedLesson(lesson_id, LessonState.PLANNED, False, plan)
        for lesson_id, plan in found.change:
            self.lessons[lesson_id] = replace(self.lessons[lesson_id], plan=plan)
        for lesson_id in found.cancel:
            gone = replace(self.lessons[lesson_id], state=LessonState.CANCELLED, dropped=True)
            self.lessons[lesson_id] = gone
        return found

    def held(self, state: LessonState, until: datetime) -> None:
        """Everything before a time happens to be given (or cancelled by somebody)."""
        for lesson in list(self.lessons.values()):
            if lesson.plan.starts_at < until and lesson.state is LessonState.PLANNED:
                self.lessons[lesson.lesson_id] = replace(lesson, state=state)

    def open(self) -> list[PublishedLesson]:
        return [lesson for lesson in self.lessons.values() if lesson.state is LessonState.PLANNED]


def test_a_week_becomes_a_term() -> None:
    store = Store()
    made = store.publish([course("a", (1, 600), (3, 600))])
    # seven weeks, without the national holiday's Thursday
    assert len(made.create) == 14 - 1
    first = min(made.create, key=lambda plan: plan.starts_at)
    assert first.starts_at == datetime(2026, 9, 1, 10, tzinfo=ZONE)
    assert first.ends_at - first.starts_at == timedelta(minutes=40)
    assert {plan.room_id for plan in made.create} == {"room-1"}


def test_a_lesson_that_moves_is_the_same_lesson() -> None:
    store = Store()
    store.publish([course("a", (1, 600))])
    before = {lesson.lesson_id: lesson.plan.week for lesson in store.open()}
    moved = store.publish([course("a", (2, 700))])
    assert (moved.create, moved.cancel, len(moved.change)) == ((), (), 7)
    assert {lesson.lesson_id: lesson.plan.week for lesson in store.open()} == before


def test_what_was_given_stays_and_is_not_given_twice() -> None:
    store = Store()
    store.publish([course("a", (1, 600))])
    now = datetime(2026, 9, 15, 12, tzinfo=ZONE)
    store.held(LessonState.ENDED, now)
    again = store.publish([course("a", (1, 600))], now=now)
    assert (again.create, again.change, again.cancel) == ((), (), ())
    # moved to a later day of the week in which this week's was given already
    moved = store.publish([course("a", (4, 600))], now=now)
    this_week = [lesson for lesson in store.lessons.values() if lesson.plan.week == 3]
    assert [lesson.state for lesson in this_week] == [LessonState.ENDED, LessonState.PLANNED]
    assert len(moved.change) == 4


def test_what_somebody_cancelled_stays_cancelled_and_what_a_plan_dropped_comes_back() -> None:
    store = Store()
    store.publish([course("a", (1, 600)), course("b", (2, 600), teacher="li")])
    by_hand = min(store.open(), key=lambda lesson: lesson.plan.starts_at)
    store.lessons[by_hand.lesson_id] = replace(by_hand, state=LessonState.CANCELLED)
    assert store.publish([course("a", (1, 600)), course("b", (2, 600), teacher="li")]).create == ()
    store.publish([course("a", (1, 600))])
    assert {lesson.plan.course for lesson in store.open()} == {"a"}
    assert len(store.publish([course("a", (1, 600)), course("b", (2, 600), teacher="li")]).create) == 7


def test_what_a_replan_moved_stays_where_it_is_and_is_not_given_twice() -> None:
    store = Store()
    store.publish([course("a", (1, 600))])
    moved = store.open()[2]
    later = moved.plan.starts_at + timedelta(days=2)
    plan = replace(moved.plan, starts_at=later, ends_at=later + timedelta(minutes=40))
    store.lessons[moved.lesson_id] = replace(moved, plan=plan, fixed=True, stands_for=moved.plan.starts_at)
    again = store.publish([course("a", (1, 600))])
    assert (again.create, again.change, again.cancel, again.kept) == ((), (), (), 6)
    # the plan has its lesson at another time now, for which the moved one does not stand
    assert [plan.week for plan in store.publish([course("a", (4, 600))]).create] == [3]
    assert store.lessons[moved.lesson_id].plan == plan


def test_a_lesson_without_a_free_room_or_teacher_is_named() -> None:
    at = datetime(2026, 9, 1, 10, 20, tzinfo=ZONE)
    full = [Occupied("公开课", room, f"t{room}", at, at + timedelta(hours=1)) for room in ROOMS]
    found = Store().publish([course("a", (1, 600))], occupied=full)
    assert [(clash.other, clash.teacher, clash.plan.week) for clash in found.clashes] == [("公开课", False, 1)]
    busy = [Occupied("教研", "elsewhere", "wang", at, at + timedelta(hours=1))]
    found = Store().publish([course("a", (1, 600))], occupied=busy)
    assert [(clash.other, clash.teacher, clash.plan.week) for clash in found.clashes] == [("教研", True, 1)]
    assert len(found.create) == 6


def test_a_new_run_carries_on_the_courses_it_continues() -> None:
    old = [course("a", (1, 600), needs=("n1", "n2")), course("b", (2, 600), needs=("n3",))]
    new = [
        course("x", (3, 600), needs=("n3", "n9")),
        course("y", (4, 600), needs=("n2", "n1")),
        course("z", (4, 700), needs=("n1",), teacher="li"),
    ]
    assert [each.key for each in carry_keys(old, new)] == ["b", "a", "z"]
    assert carry_keys(old, old) == tuple(old)


starts = st.tuples(st.integers(0, 4), st.sampled_from([480, 500, 520, 600, 620]))
plans = st.lists(
    st.builds(
        lambda key, teacher, lessons, weeks: course(key, *lessons, teacher=teacher, weeks=weeks),
        st.sampled_from("abcdef"),
        st.sampled_from(["wang", "li", "zhao"]),
        st.lists(starts, max_size=3, unique_by=lambda start: start[0]),
        st.sampled_from(list(Weeks)),
    ),
    max_size=5,
    unique_by=lambda each: each.key,
)
days = st.integers(0, 46).map(lambda number: datetime(2026, 8, 31, 9, tzinfo=ZONE) + timedelta(days=number))


@settings(max_examples=60)
@given(
    st.lists(
        st.tuples(plans, days, st.sampled_from([LessonState.ENDED, LessonState.CANCELLED])), min_size=1, max_size=4
    )
)
def test_whatever_is_published_in_whatever_order(history: list[tuple[list[PlanCourse], datetime, LessonState]]) -> None:
    store, now = Store(), LONG_AGO
    for courses, later, fate in history:
        before = dict(store.lessons)
        found = store.publish(courses, now=now)
        # again changes nothing
        again = store.publish(courses, now=now)
        assert (again.create, again.change, again.cancel) == ((), (), ())
        assert {clash.plan for clash in again.clashes} == {clash.plan for clash in found.clashes}
        # what began or begins too soon is as it was
        for lesson in before.values():
            if lesson.state is not LessonState.PLANNED or lesson.plan.starts_at < now:
                assert store.lessons[lesson.lesson_id] == lesson
        # nobody and no room is in two lessons at once
        alive = [lesson.plan for lesson in store.lessons.values() if lesson.state is not LessonState.CANCELLED]
        for one, other in combinations(alive, 2):
            if (
                one.starts_at < other.ends_at
                and other.starts_at < one.ends_at
                and max(one.starts_at, other.starts_at) >= now
            ):
                assert one.teacher_id != other.teacher_id
                assert one.room_id != other.room_id
        # every coming lesson is one of the plan's, at its time
        wanted = {(each.key, day, minute) for each in courses for day, minute in each.lessons}
        for lesson in store.open():
            if lesson.plan.starts_at >= now:
                local = lesson.plan.starts_at.astimezone(ZONE)
                assert (lesson.plan.course, local.weekday(), local.hour * 60 + local.minute) in wanted
        now = max(now, later)
        store.held(fate, now)


def test_a_lesson_that_others_joined_is_still_its_courses_when_the_plan_moves_on() -> None:
    store = Store()
    store.publish([course("a", (1, 600))])
    joined = store.open()[2]
    store.lessons[joined.lesson_id] = replace(joined, fixed=True)
    moved = store.publish([course("a", (2, 700))])
    assert (moved.create, moved.cancel, len(moved.change)) == ((), (), 6)
