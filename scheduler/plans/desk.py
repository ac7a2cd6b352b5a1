"""A term, what is known for it now, and how its timetables look."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from functools import cached_property

from classroom.access.needs import access_term_registry
from classroom.access.publish import Decision, Standing
from classroom.clock import SCHOOL_ZONE
from classroom.messages.plans import AttendingView, CourseView
from classroom.model.place import RoomKind
from classroom.model.plan import ClassAttending, Guest, PlanCourse
from classroom.model.principal import Principal
from classroom.model.registry import RegisteredClass, RegisteredNeed, RegisteredSchool, RegisteredTeacher, Registry
from classroom.model.term import Term
from classroom.store.store import Store
from scheduler.io.national_plan import national_plan
from scheduler.io.workbook.answers import TimetableRow
from scheduler.planning.curriculum import Curriculum
from scheduler.planning.instance import Instance
from scheduler.planning.of_registry import instance_of
from scheduler.planning.proposal import Workbench, workbench
from scheduler.planning.publish import CourseFacts, carry_keys, publication
from scheduler.planning.rooms import weekly_rooms

_GRADES = "一二三四五六七八九"


@dataclass(frozen=True)
class Desk:
    """Made by `desk_of`. Everything in it is pure, and may be used in a thread."""

    term: Term
    registry: Registry

    @cached_property
    def instance(self) -> Instance:
        return instance_of(self.registry, self.term.rules)

    @cached_property
    def schools(self) -> dict[str, RegisteredSchool]:
        return {school.id: school for school in self.registry.schools}

    @cached_property
    def classes(self) -> dict[str, RegisteredClass]:
        return {group.id: group for group in self.registry.classes}

    @cached_property
    def needs(self) -> dict[str, RegisteredNeed]:
        return {need.id: need for need in self.registry.needs}

    @cached_property
    def teachers(self) -> dict[str, RegisteredTeacher]:
        return {teacher.id: teacher for teacher in self.registry.teachers}

    def joined_by(self, guests: Iterable[Guest]) -> "Desk":
        """With classes whose requests were granted as needs of their own, so that every rule counts them."""
        known = (guest for guest in guests if guest.class_id in self.classes)
        return Desk(self.term, replace(self.registry, needs=(*self.registry.needs, *map(self._need, known))))

    def _need(self, guest: Guest) -> RegisteredNeed:
        school = self.classes[guest.class_id].school
        return RegisteredNeed(
            id=guest.id,
            class_id=guest.class_id,
            subject=guest.subject,
            edition=Curriculum(national_plan(), self.registry).edition(school, guest.subject),
            computed=1,
            edited=None,
            priority=1,
            allowed=None,
            preferred=(),
            previous_teacher=None,
        )

    def workbench(self, courses: Sequence[PlanCourse]) -> Workbench:
        return workbench(self.instance, courses)

    def course_view(self, course: PlanCourse) -> CourseView:
        """A course whose teacher and needs are known, as those of a workbench are."""
        teacher = self.teachers[course.teacher]
        return CourseView(
            key=course.key,
            teacher_id=course.teacher,
            teacher_name=teacher.name,
            school_id=teacher.school,
            subject=course.subject,
            grade=course.grade,
            edition=course.edition,
            attending=[self._attending(need) for need in course.needs],
            lessons=list(course.lessons),
            pinned=course.pinned,
            weeks=course.weeks,
        )

    def _attending(self, need_id: str) -> AttendingView:
        group = self.classes[self.needs[need_id].class_id]
        return AttendingView(
            need_id=need_id,
            class_id=group.id,
            class_name=group.name,
            school_id=group.school,
            school_name=self.schools[group.school].name,
        )

    def rooms(self, courses: Sequence[PlanCourse], standing: Standing) -> dict[tuple[str, int], tuple[str, ...]]:
        """By course key and number of the lesson, its rooms as `weekly_rooms` says them: what would be published."""
        there = self.workbench(courses).courses
        decision = self.decide(courses, self.term, standing)
        found = weekly_rooms(
            self.term, standing.published, decision.publication, since=standing.not_before, zone=SCHOOL_ZONE
        )
        return {
            (course.key, number): found.get((published.key, start), ())
            for course, published in zip(there, decision.courses, strict=True)
            for number, start in enumerate(course.lessons)
        }

    def table(self, courses: Sequence[PlanCourse], standing: Standing) -> list[TimetableRow]:
        """A row for each class that attends each lesson of the week."""
        rooms = self.rooms(courses, standing)
        names = {room.id: room.name for room in self.registry.rooms}
        return [
            TimetableRow(
                day=day,
                start_min=minute,
                end_min=minute + self.term.rules.lesson_min,
                weeks=course.weeks,
                subject=course.subject,
                grade=course.grade,
                teacher=self.teachers[course.teacher].name,
                host=self.schools[self.teachers[course.teacher].school].name,
                room="、".join(names[room] for room in rooms[course.key, number] if room in names),
                school=self.schools[group.school].name,
                group=group.name,
            )
            for course in self.workbench(courses).courses
            for number, (day, minute) in enumerate(course.lessons)
            for group in (self.classes[self.needs[need].class_id] for need in course.needs)
        ]

    def decide(self, courses: Sequence[PlanCourse], term: Term, standing: Standing) -> Decision:
        """What a publication of these courses has to do: for `access_publish`."""
        carried = carry_keys(standing.courses, self.workbench(courses).courses)
        facts = {course.key: self._facts(course) for course in carried}
        found = publication(
            term,
            carried,
            facts,
            standing.published,
            standing.occupied,
            not_before=standing.not_before,
            zone=SCHOOL_ZONE,
        )
        return Decision(carried, found)

    def _facts(self, course: PlanCourse) -> CourseFacts:
        return self.facts(course.teacher, course.needs)

    def facts(self, teacher: str, needs: tuple[str, ...]) -> CourseFacts:
        """How a lesson of this teacher for these needs looks."""
        groups = [self.classes[self.needs[need].class_id] for need in needs]
        subject = self.needs[needs[0]].subject
        host = self.teachers[teacher].school
        rooms = (room for room in self.registry.rooms if room.school_id == host and room.kind is RoomKind.RECORDING)
        return CourseFacts(
            title=f"{subject} {_GRADES[groups[0].grade - 1]}年级",
            rooms=tuple(room.id for room in rooms),
            points=tuple(self._points(groups)),
        )

    def _points(self, groups: Sequence[RegisteredClass]) -> Iterable[ClassAttending]:
        """Under its school's name, or with the class's where several of one school attend."""
        homes = [group.school for group in groups]
        for group in groups:
            school = self.schools[group.school]
            name = school.name if homes.count(group.school) == 1 else f"{school.name} {group.name}"
            yield ClassAttending(name[:80], school.id)


def given(courses: Iterable[PlanCourse], registry: Registry) -> dict[tuple[str, str], int]:
    """Weekly lessons that are given, by (class, subject); one that is given every other week counts as none."""
    groups = {need.id: (need.class_id, need.subject) for need in registry.needs}
    found: dict[tuple[str, str], int] = {}
    for course in courses:
        halves = len(course.lessons) * (2 if course.weeks.value == "all" else 1)
        for need in course.needs:
            if need in groups:
                found[groups[need]] = found.get(groups[need], 0) + halves
    return {key: halves // 2 for key, halves in found.items()}


async def desk_of(store: Store, principal: Principal, term_id: str) -> Desk:
    """Raises `NotFound("term_unknown")`, `Forbidden`."""
    return Desk(*await access_term_registry(store, principal, term_id))
