"""`/api/v1/planning/terms/{id}/replan`: a teacher is ill, a line is down, a school is closed."""

import asyncio
from datetime import date, datetime, timedelta

from classroom.access.publish import Standing, access_replan, access_standing
from classroom.clock import SCHOOL_ZONE
from classroom.errors import BadInput, Conflict, NotFound
from classroom.http.call import Call
from classroom.http.routes import Routes
from classroom.messages.plans import OutageEdit, Replan, ReplanChange, ReplanView
from classroom.model.plan import Publication
from classroom.model.term import Term
from classroom.service import Context
from scheduler.io.aside import Aside
from scheduler.planning.instance import Instance, Outage, Start
from scheduler.planning.lookup import Lookup
from scheduler.planning.names import Names
from scheduler.planning.replan.dated import (
    WeekFacts,
    WeekLesson,
    WeekReplan,
    accepted,
    replan_week,
    week_instance,
    week_lessons,
)
from scheduler.plans.announce import announce
from scheduler.plans.desk import Desk, desk_of
from scheduler.plans.views import reason_view
from scheduler.registry.terms_api import TERM


class ReplanApi:
    """Proposes, and applies what was seen: the week is computed again then, and must come out the same."""

    def __init__(self, context: Context, aside: Aside) -> None:
        self._context = context
        self._store = context.store
        self._clock = context.clock
        self._aside = aside

    def add_routes(self, routes: Routes) -> None:
        routes.json(
            "POST",
            f"{TERM}/replan",
            self._replan,
            summary="What to do about an absence in one week; with `accept`, do it",
            body=Replan,
            returns=ReplanView,
        )

    async def _replan(self, call: Call) -> ReplanView:
        body, now = call.parsed(Replan), self._clock.now()
        desk = await desk_of(self._store, call.principal, call.path["id"])
        standing = await access_standing(self._store, call.principal, desk.term.id, now)
        desk = desk.joined_by(standing.guests)
        monday = body.week_of - timedelta(days=body.week_of.weekday())
        instance, week = await asyncio.to_thread(_week, desk, standing, monday, now)
        outages = [_outage(desk, outage) for outage in body.outages]
        local = now.astimezone(SCHOOL_ZONE)
        day = (local.date() - monday).days
        if day >= instance.meta.days:
            raise BadInput("week_is_past")
        at: Start | None = None if day < 0 else (day, local.hour * 60 + local.minute)
        found = await self._aside.run(replan_week, instance, week, outages, now=at, moves=body.moves)
        if body.accept is not None:
            if body.accept.digest != found.digest:
                raise Conflict("replan_changed")
            facts = _facts(desk, standing, found, WeekFacts(desk.term, monday, SCHOOL_ZONE, {}))
            groups = body.accept.groups

            def decide(_: Term, then: Standing) -> Publication:
                if then.published != standing.published:
                    raise Conflict("replan_changed")
                return accepted(facts, found, groups, then.published, then.occupied)

            done = await access_replan(self._store, call.principal, desk.term.id, decide, now=now)
            await announce(self._context, done)
        return await asyncio.to_thread(_view, desk, week, found, call.language, applied=body.accept is not None)


def _week(desk: Desk, standing: Standing, monday: date, now: datetime) -> tuple[Instance, tuple[WeekLesson, ...]]:
    """What holds in the week, and its lessons."""
    pinned = {course.key for course in standing.courses if course.pinned}
    instance = week_instance(desk.instance, desk.term, monday)
    week = week_lessons(standing.published, instance, monday, now=now, zone=SCHOOL_ZONE, pinned=pinned)
    return instance, week


def _outage(desk: Desk, outage: OutageEdit) -> Outage:
    known = desk.teachers if outage.kind == "teacher" else desk.schools
    if outage.id not in known:
        raise NotFound("teacher_unknown" if outage.kind == "teacher" else "school_unknown")
    if outage.end_min <= outage.start_min:
        raise BadInput("outage_times_wrong")
    return Outage(outage.kind, outage.id, outage.day, outage.start_min, outage.end_min, outage.rooms)


def _facts(desk: Desk, standing: Standing, found: WeekReplan, empty: WeekFacts) -> WeekFacts:
    """Of every lesson that is in a step, or stays in part."""
    teachers = {lesson.lesson_id: lesson.plan.teacher_id for lesson in standing.published}
    keys = {(step.teacher, step.needs) for step in found.steps}
    keys |= {(teachers[lesson_id], needs) for lesson_id, needs in found.staying.items() if needs}
    return WeekFacts(empty.term, empty.monday, empty.zone, {key: desk.facts(*key) for key in keys})


def _view(desk: Desk, week: tuple[WeekLesson, ...], found: WeekReplan, language: str, *, applied: bool) -> ReplanView:
    names = Names(Lookup.of(desk.instance), [lesson.course for lesson in week])
    return ReplanView(
        digest=found.digest,
        lost=found.lost,
        gone=found.gone,
        proved=found.proved,
        changes=[
            ReplanChange(
                group=change.group,
                code=change.code,
                message=reason_view(names, change.code, change.data, language).message,
            )
            for change in found.changes
        ],
        applied=applied,
    )
