"""Does a solution keep the hard rules? Independent of the search: it shares no code with what made the solution.

The rules are worded in the package's glossary. A peak of anything that adds up (rooms, lines, participants) begins
where a lesson or an outage begins, so those minutes are all that need be looked at.
"""

from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import chain, pairwise

from scheduler.planning.instance import Id, Instance, Need, Outage, Pin, School, Start, Teacher
from scheduler.planning.lookup import Lookup, edition_fits
from scheduler.planning.objectives import attended, coverage, missing, score
from scheduler.planning.said import clock, when
from scheduler.planning.solution import Course, Datum, Solution

# Sums of decimal fractions of a megabit are off by less than this.
_EPSILON_MBPS = 1e-6


@dataclass(frozen=True, slots=True)
class Violation:
    """`rule` is H1 … H9, or `record` when the solution says something about itself that is not so.

    `course` in the data is an index into the solution's courses; the text of `code` is in the catalog.
    """

    rule: str
    code: str
    data: Mapping[str, Datum] = field(default_factory=dict)


def check(instance: Instance, solution: Solution) -> list[Violation]:
    """Every broken rule; an empty list is a timetable that can be held. Ids must resolve (`consistency`)."""
    lookup = Lookup.of(instance)
    courses = solution.courses
    outages = (*instance.outages, *solution.outages)
    return list(
        chain(
            _matches(lookup, courses),
            _sizes(lookup, courses),
            _teacher_times(lookup, courses),
            _class_times(lookup, courses),
            _no_overlap(lookup, courses),
            _rooms(lookup, courses, outages),
            _teacher_limits(lookup, courses),
            _lines(lookup, courses),
            _nodes(lookup, courses),
            _screens(lookup, courses),
            _pins(lookup, courses, solution.outages),
            _outages(lookup, courses, outages),
            _record(lookup, solution),
        )
    )


# -- H1: who may teach what ------------------------------------------------------------------------------------------


def _matches(lookup: Lookup, courses: Sequence[Course]) -> Iterator[Violation]:
    for index, course in enumerate(courses):
        teacher = lookup.teachers[course.teacher]
        who: dict[str, Datum] = {"course": index, "teacher": course.teacher}
        if teacher.subject != course.subject:
            yield Violation("H1", "h1_subject", {**who, "subject": course.subject})
        if course.grade not in teacher.grades:
            yield Violation("H1", "h1_grade", {**who, "grade": course.grade})
        if not edition_fits(teacher, course.edition):
            yield Violation("H1", "h1_edition", {**who, "edition": course.edition})
        for need in map(lookup.needs.__getitem__, course.needs):
            if (need.subject, need.grade, need.edition) != (course.subject, course.grade, course.edition):
                yield Violation("H1", "h1_need_differs", {**who, "need": need.id})
            if not lookup.in_scope(teacher, need):
                yield Violation("H1", "h1_scope", {**who, "need": need.id, "point": need.point})


# -- H2: how many needs and lessons ----------------------------------------------------------------------------------


def _sizes(lookup: Lookup, courses: Sequence[Course]) -> Iterator[Violation]:
    most = lookup.instance.meta.max_points
    own: defaultdict[Id, list[int]] = defaultdict(list)
    days: defaultdict[Id, Counter[int]] = defaultdict(Counter)
    for index, course in enumerate(courses):
        if not 1 <= len(course.needs) <= most:
            yield Violation("H2", "h2_points", {"course": index, "points": len(course.needs), "limit": most})
        for day in _repeated(day for day, _ in course.lessons):
            yield Violation("H2", "h2_course_day", {"course": index, "day": day})
        for need in course.needs:
            if not course.cover:
                own[need].append(index)
            days[need].update(day for day, _ in course.lessons)
    for need, indices in own.items():
        if len(indices) > 1:
            yield Violation("H2", "h2_need_twice", {"need": need, "courses": [str(index) for index in indices]})
    for need, by_day in days.items():
        for day in (day for day, lessons in by_day.items() if lessons > 1):
            yield Violation("H2", "h2_need_day", {"need": need, "day": day})
    for need, lessons in attended(courses).items():
        limit = lookup.needs[need].lessons_per_week
        if lessons > limit:
            yield Violation("H2", "h2_need_lessons", {"need": need, "lessons": lessons, "limit": limit})


def _repeated(values: Iterable[int]) -> list[int]:
    return [value for value, count in Counter(values).items() if count > 1]


# -- H3, H4: when teachers and classes are free ----------------------------------------------------------------------


def _teacher_times(lookup: Lookup, courses: Sequence[Course]) -> Iterator[Violation]:
    for index, course in enumerate(courses):
        teacher = lookup.teachers[course.teacher]
        for start in course.lessons:
            if (code := _teacher_time(lookup, teacher, start)) is not None:
                data: dict[str, Datum] = {"course": index, "teacher": course.teacher, **when(start)}
                yield Violation("H3", code, data)


def _teacher_time(lookup: Lookup, teacher: Teacher, start: Start) -> str | None:
    meta, bell = lookup.instance.meta, lookup.host(teacher).bell
    day, minute = start
    free = {period for on, period in teacher.free if on == day}
    if not any(abs(minute - bell[period][0]) <= teacher.flex_min for period in free):
        return "h3_not_free"
    for period, (begins, ends) in enumerate(bell):
        if period not in free and minute < ends + meta.changeover_min and begins < minute + meta.busy_min:
            return "h3_busy"
    return None


def _class_times(lookup: Lookup, courses: Sequence[Course]) -> Iterator[Violation]:
    for index, course in enumerate(courses):
        for need in map(lookup.needs.__getitem__, course.needs):
            for start in course.lessons:
                if not _class_meets(need, lookup.schools[need.point], start):
                    yield Violation("H4", "h4_not_allowed", {"course": index, "need": need.id, **when(start)})


def _class_meets(need: Need, point: School, start: Start) -> bool:
    day, minute = start
    return any(on == day and abs(minute - point.bell[period][0]) <= point.tolerance_min for on, period in need.allowed)


# -- H5: nobody twice at once ----------------------------------------------------------------------------------------


def _no_overlap(lookup: Lookup, courses: Sequence[Course]) -> Iterator[Violation]:
    teachers: defaultdict[tuple[Id, int], list[int]] = defaultdict(list)
    classes: defaultdict[tuple[Id, int], list[int]] = defaultdict(list)
    for course in courses:
        for day, minute in course.lessons:
            teachers[course.teacher, day].append(minute)
            for need in course.needs:
                classes[lookup.needs[need].class_id, day].append(minute)
    for code, key, starts in (("h5_teacher", "teacher", teachers), ("h5_class", "class", classes)):
        for (who, day), minutes in starts.items():
            for before, after in pairwise(sorted(minutes)):
                if after < before + lookup.instance.meta.busy_min:
                    yield Violation("H5", code, {key: who, **when((day, before)), "other": clock(after)})


def _teacher_limits(lookup: Lookup, courses: Sequence[Course]) -> Iterator[Violation]:
    week: Counter[Id] = Counter()
    daily: Counter[tuple[Id, int]] = Counter()
    for course in courses:
        week[course.teacher] += len(course.lessons)
        daily.update((course.teacher, day) for day, _ in course.lessons)
    for (teacher, day), lessons in daily.items():
        if lessons > (limit := lookup.teachers[teacher].max_day):
            yield Violation("H5", "h5_max_day", {"teacher": teacher, "day": day, "lessons": lessons, "limit": limit})
    for teacher, lessons in week.items():
        if lessons > (limit := lookup.teachers[teacher].max_week):
            yield Violation("H5", "h5_max_week", {"teacher": teacher, "lessons": lessons, "limit": limit})


def _rooms(lookup: Lookup, courses: Sequence[Course], outages: Sequence[Outage]) -> Iterator[Violation]:
    loads: _Loads = defaultdict(list)
    busy = lookup.instance.meta.busy_min
    for course in courses:
        host = lookup.teachers[course.teacher].school
        for day, minute in course.lessons:
            loads[host, day].append((minute, minute + busy, 1))
            for need in course.needs:
                loads[lookup.needs[need].point, day].append((minute, minute + busy, 1))
    lost: _Loads = defaultdict(list)
    for outage in outages:
        if outage.kind == "room":
            lost[outage.id, outage.day].append((outage.start, outage.end, outage.rooms))
    for (school, day), intervals in loads.items():
        limit = lookup.schools[school].rooms
        out = lost.get((school, day), ())
        # A school with more rooms out than it has breaks no rule while nobody meets there.
        minute, used = max(
            ((at, held + _at(out, at)) for at in _starts(intervals, out) if (held := _at(intervals, at))),
            key=lambda peak: peak[1],
        )
        if used > limit:
            yield Violation("H5", "h5_rooms", {"school": school, **when((day, minute)), "limit": limit})


# -- H6, H7: lines and nodes -----------------------------------------------------------------------------------------

_Interval = tuple[int, int, float]
_Loads = defaultdict[tuple[Id, int], list[_Interval]]


def _starts(*intervals: Sequence[_Interval]) -> list[int]:
    return sorted({start for each in intervals for start, _, _ in each})


def _at(intervals: Sequence[_Interval], minute: int) -> float:
    return sum(load for start, end, load in intervals if start <= minute < end)


def _peak(intervals: Sequence[_Interval]) -> tuple[int, float]:
    """The first minute at which they add up to the most, and how much that is."""
    return max(((minute, _at(intervals, minute)) for minute in _starts(intervals)), key=lambda peak: peak[1])


def _lines(lookup: Lookup, courses: Sequence[Course]) -> Iterator[Violation]:
    meta, up, down = lookup.instance.meta, _Loads(list), _Loads(list)
    for course in courses:
        host = lookup.teachers[course.teacher].school
        for day, minute in course.lessons:
            end = minute + meta.lesson_min
            up[host, day].append((minute, end, meta.mbps.host_up))
            down[host, day].append((minute, end, meta.mbps.host_down_per_point * len(course.needs)))
            for need in course.needs:
                point = lookup.needs[need].point
                up[point, day].append((minute, end, meta.mbps.point_up))
                down[point, day].append((minute, end, meta.mbps.point_down))
    for code, loads in (("h6_up", up), ("h6_down", down)):
        for (school, day), intervals in loads.items():
            row = lookup.schools[school]
            limit = row.up_mbps if code == "h6_up" else row.down_mbps
            minute, used = _peak(intervals)
            if used > limit + _EPSILON_MBPS:
                data: dict[str, Datum] = {"school": school, **when((day, minute)), "used": used, "limit": limit}
                yield Violation("H6", code, data)


def _nodes(lookup: Lookup, courses: Sequence[Course]) -> Iterator[Violation]:
    loads: _Loads = defaultdict(list)
    for course in courses:
        county = lookup.host(lookup.teachers[course.teacher]).county
        for day, minute in course.lessons:
            participants = 1 + len(course.needs)
            loads[county, day].append((minute, minute + lookup.instance.meta.lesson_min, participants))
    for (county, day), intervals in loads.items():
        minute, used = _peak(intervals)
        if used > (limit := lookup.counties[county].sfu_participants):
            data: dict[str, Datum] = {"county": county, **when((day, minute)), "used": used, "limit": limit}
            yield Violation("H7", "h7_node", data)


# -- H8, H9 ----------------------------------------------------------------------------------------------------------


def _screens(lookup: Lookup, courses: Sequence[Course]) -> Iterator[Violation]:
    minutes: Counter[tuple[Id, int]] = Counter()
    for course in courses:
        for need in course.needs:
            for day, _ in course.lessons:
                minutes[lookup.needs[need].class_id, day] += lookup.instance.meta.lesson_min
    for (who, day), used in minutes.items():
        if used > (limit := lookup.classes[who].screen_min_day):
            yield Violation("H8", "h8_screen", {"class": who, "day": day, "used": used, "limit": limit})


def _pins(lookup: Lookup, courses: Sequence[Course], outages: Sequence[Outage]) -> Iterator[Violation]:
    """A lesson that an outage of the solution takes (not one the instance knew of) need not be there."""
    held = {_identity(course, course.lessons) for course in courses}
    for index, pin in enumerate(lookup.instance.pins):
        lessons = [start for start in pin.lessons if not any(_touches(lookup, pin, start, out) for out in outages)]
        if lessons and _identity(pin, lessons) not in held:
            yield Violation("H9", "h9_pin", {"pin": index, "teacher": pin.teacher})


def _identity(course: Course | Pin, lessons: Iterable[Start]) -> tuple[object, ...]:
    what = (course.teacher, course.subject, course.grade, course.edition)
    return (*what, frozenset(course.needs), frozenset(lessons))


def _touches(lookup: Lookup, pin: Pin, start: Start, outage: Outage) -> bool:
    meta, (day, minute) = lookup.instance.meta, start
    schools = {lookup.teachers[pin.teacher].school, *(lookup.needs[need].point for need in pin.needs)}
    concerned = {pin.teacher} if outage.kind == "teacher" else schools
    length = meta.busy_min if outage.kind == "room" else meta.lesson_min
    return outage.id in concerned and outage.day == day and minute < outage.end and outage.start < minute + length


def _outages(lookup: Lookup, courses: Sequence[Course], outages: Sequence[Outage]) -> Iterator[Violation]:
    """Rooms are counted with the other rooms."""
    touched: defaultdict[tuple[bool, Id, int], list[tuple[int, int]]] = defaultdict(list)
    for index, course in enumerate(courses):
        schools = {lookup.teachers[course.teacher].school, *(lookup.needs[need].point for need in course.needs)}
        for day, minute in course.lessons:
            touched[True, course.teacher, day].append((minute, index))
            for school in schools:
                touched[False, school, day].append((minute, index))
    for outage in outages:
        if outage.kind == "room":
            continue
        for minute, index in touched.get((outage.kind == "teacher", outage.id, outage.day), ()):
            if minute < outage.end and outage.start < minute + lookup.instance.meta.lesson_min:
                data: dict[str, Datum] = {"course": index, "kind": outage.kind, "id": outage.id}
                yield Violation("H9", "h9_outage", {**data, **when((outage.day, minute))})


# -- what a solution says of itself ----------------------------------------------------------------------------------


def _record(lookup: Lookup, solution: Solution) -> Iterator[Violation]:
    lacking = missing(lookup, solution.courses)
    said: Counter[Id] = Counter()
    for row in solution.uncovered:
        said[row.need] += row.missing
    for need in {**lacking, **said}:
        if lacking.get(need, 0) != said[need]:
            data: dict[str, Datum] = {"need": need, "said": said[need], "missing": lacking.get(need, 0)}
            yield Violation("record", "record_missing", data)
    covered = coverage(lookup, solution.courses)
    if solution.coverage != covered:
        yield Violation("record", "record_coverage", {"said": solution.coverage, "covered": covered})
    if solution.bound_coverage is not None and solution.bound_coverage < covered:
        yield Violation("record", "record_bound", {"said": solution.bound_coverage, "covered": covered})
    if solution.score != (found := score(lookup, solution.courses)):
        yield Violation("record", "record_score", {"said": solution.score.total, "cost": found.total})
