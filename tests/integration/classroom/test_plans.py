"""Proposals, runs and publications, on both databases."""

from collections.abc import Awaitable, Callable
from dataclasses import replace
from datetime import date, datetime, timedelta

import pytest
from sqlalchemy import select

from classroom.access.lessons import access_lesson_details, access_lessons_of_day, access_step
from classroom.access.notices import access_notices, access_notices_read
from classroom.access.planning import access_new_lesson
from classroom.access.proposals import (
    access_new_proposal,
    access_new_run,
    access_proposal,
    access_proposal_change,
    access_proposal_remove,
    access_proposal_step,
    access_proposal_stepped,
    access_proposals,
    access_run,
    access_run_progress,
    access_runs,
)
from classroom.access.publish import Decision, Published, Standing, access_publish, access_version, access_versions
from classroom.access.terms import access_new_term
from classroom.clock import SCHOOL_ZONE
from classroom.errors import ClassroomError, Conflict, Forbidden, NotFound, NotSignedIn
from classroom.messages.api import NewLesson
from classroom.model.lesson import LessonMode, LessonState, LessonStep
from classroom.model.plan import ClassAttending, PlanCourse, Proposal, RunPoint, RunState
from classroom.model.principal import SYSTEM
from classroom.model.term import Term
from classroom.store.store import Store
from classroom.store.tables import AuditRow
from scheduler.planning.publish import CourseFacts, carry_keys, publication
from tests.fakes.county import NOW, County, build_county
from tests.integration.classroom.test_registry import MANAGERS, SEERS, TERM

FIRST = date(2026, 8, 31)


def music(c: County, *lessons: tuple[int, int], key: str = "a", teacher: str = "teacher") -> PlanCourse:
    return PlanCourse(key, c[teacher].id, "音乐", 3, "*", ("need",), lessons)


def deciding(
    c: County, *courses: PlanCourse, rooms: tuple[str, ...] | None = None
) -> Callable[[Term, Standing], Decision]:
    points = (ClassAttending("河西教学点", c.point.id),)
    facts = CourseFacts("音乐 三年级", (c.room.id, c.second_room.id) if rooms is None else rooms, points)

    def decide(term: Term, standing: Standing) -> Decision:
        carried = carry_keys(standing.courses, courses)
        known = {course.key: facts for course in carried}
        found = publication(
            term,
            carried,
            known,
            standing.published,
            standing.occupied,
            not_before=standing.not_before,
            zone=SCHOOL_ZONE,
        )
        return Decision(carried, found)

    return decide


async def publish(
    c: County, term: Term, *courses: PlanCourse, now: datetime = NOW, who: str = "county_coordinator", **options: object
) -> Published:
    return await access_publish(
        c.store,
        c[who],
        term.id,
        deciding(c, *courses),
        proposal_id=None,
        from_day=FIRST,
        now=now,
        **options,  # type: ignore[arg-type]
    )


async def new_term(c: County) -> Term:
    return await access_new_term(c.store, SYSTEM, c.county.id, TERM, days=[], now=NOW)


async def keep(c: County, term: Term, *courses: PlanCourse, who: str = "county_coordinator") -> Proposal:
    return await access_new_proposal(c.store, c[who], term.id, "方案一", courses, coverage=1, wanted=2, now=NOW)


async def refused(work: Awaitable[object], kind: type[ClassroomError]) -> str:
    with pytest.raises(kind) as error:
        await work
    return error.value.code


async def test_the_matrix(store: Store) -> None:
    c = await build_county(store)
    term = await new_term(c)
    kept = await keep(c, term, music(c, (1, 600)))
    run = await access_new_run(store, SYSTEM, term.id, seconds=1, seed=0, start_id=None, now=NOW)

    async def see(who: str) -> object:
        await access_proposals(store, c[who], term.id)
        await access_runs(store, c[who], term.id)
        await access_run(store, c[who], run.id)
        await access_versions(store, c[who], term.id)
        return await access_proposal(store, c[who], kept.id)

    async def work(who: str) -> object:
        mine = await keep(c, term, who=who)
        changed = await access_proposal_change(
            store, c[who], mine.id, [music(c, (2, 600))], revision=1, coverage=0, wanted=0, now=NOW
        )
        await access_proposal_stepped(
            store, c[who], mine.id, back=True, revision=changed.revision, coverage=0, wanted=0, now=NOW
        )
        await access_proposal_remove(store, c[who], mine.id, NOW)
        return True

    async def run_solver(who: str) -> object:
        return await access_run_progress(store, c[who], run.id, state=RunState.RUNNING, points=[], now=NOW)

    async def go_public(who: str) -> object:
        return await publish(c, term, who=who, dry_run=True)

    wrong = []
    for use, may in ((see, SEERS), (work, MANAGERS), (run_solver, MANAGERS), (go_public, MANAGERS)):
        for who in c.people:
            try:
                await use(who)
            except (Forbidden, NotSignedIn):
                if who in may:
                    wrong.append(f"{who} may not {use.__name__}")
            else:
                if who not in may:
                    wrong.append(f"{who} may {use.__name__}")
    assert wrong == []


async def test_a_proposal_is_changed_undone_and_done_again(store: Store) -> None:
    c = await build_county(store)
    who = c["county_coordinator"]
    term = await new_term(c)
    first, second = music(c, (1, 600)), music(c, (2, 600), key="b", teacher="colleague")
    kept = await keep(c, term, first)

    async def change(revision: int, *courses: PlanCourse) -> Proposal:
        return await access_proposal_change(
            store, who, kept.id, courses, revision=revision, coverage=len(courses), wanted=2, now=NOW
        )

    async def step(revision: int, *, back: bool) -> Proposal:
        await access_proposal_step(store, who, kept.id, back=back)
        return await access_proposal_stepped(
            store, who, kept.id, back=back, revision=revision, coverage=0, wanted=2, now=NOW
        )

    two = await change(1, first, second)
    moved = await change(2, replace(first, lessons=((3, 600),)), second)
    assert (two.undo, two.redo, moved.undo, moved.redo) == (1, 0, 2, 0)
    back = await step(3, back=True)
    assert (set(back.courses), back.undo, back.redo) == ({first, second}, 1, 1)
    assert set((await step(4, back=False)).courses) == set(moved.courses)
    await step(5, back=True)
    assert set((await step(6, back=True)).courses) == {first}
    assert await refused(step(7, back=True), Conflict) == "nothing_to_undo"
    # what was undone is forgotten when something else is done
    other = await change(7, second)
    assert (other.courses, other.undo, other.redo) == ((second,), 1, 0)
    assert await refused(change(7, first), Conflict) == "proposal_changed"
    assert await access_proposal(store, who, kept.id) == other
    await access_proposal_remove(store, who, kept.id, NOW)
    assert await refused(access_proposal(store, who, kept.id), NotFound) == "proposal_unknown"


async def test_one_run_of_a_term_at_a_time_and_a_dead_one_is_given_up(store: Store) -> None:
    c = await build_county(store)
    who = c["county_coordinator"]
    term = await new_term(c)

    def begin(now: datetime = NOW) -> Awaitable[object]:
        return access_new_run(store, who, term.id, seconds=2, seed=1, start_id=None, now=now)

    run = await access_new_run(store, who, term.id, seconds=2, seed=1, start_id=None, now=NOW)
    assert await refused(begin(), Conflict) == "run_running"
    points = [RunPoint(0.5, 3, 5, 2010), RunPoint(1.0, 4, 5, 1010)]
    running = await access_run_progress(store, who, run.id, state=RunState.RUNNING, points=points, now=NOW)
    assert running.points == tuple(points)
    await access_run_progress(store, who, run.id, state=RunState.CANCELLED, points=points, now=NOW)
    # what the solver says afterwards changes nothing
    over = await access_run_progress(store, who, run.id, state=RunState.DONE, points=points, now=NOW)
    assert (over.state, over.ended_at) == (RunState.CANCELLED, NOW)
    await begin()
    assert await refused(begin(NOW + timedelta(seconds=59)), Conflict) == "run_running"
    await begin(NOW + timedelta(seconds=61))
    states = [found.state for found in await access_runs(store, who, term.id)]
    assert sorted(states) == [RunState.CANCELLED, RunState.FAILED, RunState.WAITING]


async def test_a_publication_makes_moves_and_cancels_lessons_and_again_does_nothing(store: Store) -> None:
    c = await build_county(store)
    who = c["county_coordinator"]
    term = await new_term(c)
    tried = await publish(c, term, music(c, (1, 840)), dry_run=True)
    assert (len(tried.publication.create), tried.version) == (20, None)
    first = await publish(c, term, music(c, (1, 840)))
    assert first.version is not None
    assert (first.version.number, first.version.created) == (1, 20)
    # on the panel and on the join page like any other lesson
    (found,) = [
        details.lesson
        for details in await access_lessons_of_day(store, c["teacher"], date(2026, 9, 8))
        if details.lesson.subject == "音乐"
    ]
    assert (found.starts_at, found.state) == (datetime(2026, 9, 8, 14, tzinfo=SCHOOL_ZONE), LessonState.PLANNED)
    assert (found.room_id, found.points, found.mode) == (c.room.id, ("河西教学点",), LessonMode.DELIVERY)
    assert await access_lessons_of_day(store, c["point_pupil"], date(2026, 9, 8))
    again = await publish(c, term, music(c, (1, 840)))
    assert (again.publication.kept, again.version) == (20, None)
    assert again.changes == {}
    # a lesson has been given when the plan changes
    await access_step(store, SYSTEM, found.id, LessonStep.START, found.starts_at)
    await access_step(store, SYSTEM, found.id, LessonStep.STOP, found.ends_at)
    moved = await publish(c, term, music(c, (3, 650), key="another run's"), now=found.ends_at)
    assert moved.version is not None
    assert (moved.version.created, moved.version.moved, moved.version.cancelled) == (1, 18, 0)
    assert moved.version.courses[0].key == "a"
    after = await access_lesson_details(store, who, found.id)
    assert (after.lesson.state, after.lesson.starts_at) == (LessonState.ENDED, found.starts_at)
    gone = await publish(c, term, now=found.ends_at)
    assert gone.version is not None
    assert (gone.version.number, gone.version.cancelled) == (3, 19)
    assert [version.number for version in await access_versions(store, who, term.id)] == [3, 2, 1]
    assert (await access_version(store, who, term.id, 2)).courses == moved.version.courses
    assert await refused(access_version(store, who, term.id, 9), NotFound) == "version_unknown"
    async with store.reading() as db:
        details = list(await db.scalars(select(AuditRow.details).where(AuditRow.action == "term.published")))
    assert details[1] == {"version": 2, "created": 1, "moved": 18, "cancelled": 0}


async def test_what_is_in_the_way_is_named_and_nothing_is_published(store: Store) -> None:
    c = await build_county(store)
    term = await new_term(c)
    at = datetime(2026, 9, 8, 14, 20, tzinfo=SCHOOL_ZONE)
    other = NewLesson(
        title="公开课", subject="语文", grade=3, mode=LessonMode.OPEN, room_id=c.room.id, teacher_id=c["colleague"].id,
        starts_at=at, ends_at=at + timedelta(hours=1),
    )  # fmt: skip
    await access_new_lesson(store, SYSTEM, other, NOW)
    only = deciding(c, music(c, (1, 840)), rooms=(c.room.id,))

    def bring(**options: bool) -> Awaitable[Published]:
        return access_publish(store, SYSTEM, term.id, only, proposal_id=None, from_day=FIRST, now=NOW, **options)

    tried = await bring(dry_run=True)
    assert [(clash.other, clash.plan.week) for clash in tried.publication.clashes] == [("公开课", 2)]
    assert await refused(bring(), Conflict) == "publication_clashes"
    assert await access_versions(store, SYSTEM, term.id) == []
    left_out = await bring(with_clashes=True)
    assert left_out.version is not None
    assert left_out.version.created == 19


async def test_teachers_and_points_are_told_and_others_are_not(store: Store) -> None:
    c = await build_county(store)
    term = await new_term(c)
    await publish(c, term, music(c, (1, 840)))
    await publish(c, term, music(c, (2, 840)), now=NOW + timedelta(seconds=1))
    for who in ("teacher", "point_teacher"):
        later, first = await access_notices(store, c[who])
        assert (first.data["created"], first.data["moved"], later.data["moved"]) == (20, 0, 20)
        assert first.data["changes"][0]["title"] == "音乐 三年级"
        assert later.data["changes"][0]["before"] < later.data["changes"][0]["after"]
        assert (later.read_at, first.read_at) == (None, None)
    await access_notices_read(store, c["teacher"], NOW)
    assert {notice.read_at for notice in await access_notices(store, c["teacher"])} == {NOW}
    assert {notice.read_at for notice in await access_notices(store, c["point_teacher"])} == {None}
    for who in ("colleague", "point_pupil", "other_teacher"):
        assert await access_notices(store, c[who]) == []
    for who in ("nobody", "guest"):
        assert await refused(access_notices(store, c[who]), NotSignedIn) == "sign_in_needed"
