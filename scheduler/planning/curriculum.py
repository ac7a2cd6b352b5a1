"""What every class should be taught, and what is lacking of it."""

from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace

from classroom.model.place import SchoolKind
from classroom.model.registry import ANY_EDITION, GRADES, ComputedNeed, RegisteredNeed, Registry

# H2: at most one lesson of a course a day
MOST_LESSONS_A_WEEK = 7


@dataclass(frozen=True, slots=True)
class Subject:
    """`lessons` a week by grade, from the first; `edition_free`: taught alike whatever the textbook."""

    name: str
    aliases: tuple[str, ...]
    edition_free: bool
    lessons: tuple[int, ...]


@dataclass(frozen=True, slots=True)
class NationalPlan:
    """The national curriculum, as far as a timetable is concerned: see `scheduler.io.national_plan`."""

    subjects: tuple[Subject, ...]
    weekly_lessons: tuple[int, ...]

    def lessons(self, grade: int, subject: str) -> int:
        """Lessons a week; 0 for a subject it does not have."""
        found = self.find(subject)
        return found.lessons[grade - 1] if found is not None and 1 <= grade <= len(found.lessons) else 0

    def find(self, name: str) -> Subject | None:
        """A subject by its name or one of its other names."""
        for subject in self.subjects:
            if name == subject.name or name in subject.aliases:
                return subject
        return None


@dataclass(frozen=True, slots=True)
class Coverage:
    """Weekly lessons of a subject at a school: required, taught by itself, wanted from others, given by others."""

    school: str
    subject: str
    required: int
    own: int
    wanted: int
    given: int


class Curriculum:
    """The national plan with a region's changes, and its textbooks."""

    def __init__(self, plan: NationalPlan, registry: Registry) -> None:
        self._plan = plan
        self._changes = {(line.grade, line.subject): line.lessons for line in registry.curriculum}
        self._editions = {(choice.school, choice.subject): choice.edition for choice in registry.editions}

    @property
    def subjects(self) -> list[str]:
        """All there are, those of the national plan first."""
        national = [subject.name for subject in self._plan.subjects]
        return national + sorted({subject for _, subject in self._changes} - set(national))

    def lessons(self, grade: int, subject: str) -> int:
        """Lessons a week in a grade."""
        changed = self._changes.get((grade, subject))
        return self._plan.lessons(grade, subject) if changed is None else changed

    def lines(self) -> Iterable[tuple[int, str, int]]:
        """(grade, subject, lessons) of everything that is taught or that a region has said something about."""
        for grade in GRADES:
            for subject in self.subjects:
                lessons = self.lessons(grade, subject)
                if lessons or (grade, subject) in self._changes:
                    yield grade, subject, lessons

    def edition(self, school: str, subject: str) -> str:
        """The textbook a school uses; `*` where it does not matter or nobody has said."""
        if self.edition_free(subject):
            return ANY_EDITION
        return self._editions.get((school, subject)) or self._editions.get((None, subject)) or ANY_EDITION

    def edition_free(self, subject: str) -> bool:
        """Whether any teacher of the subject can teach it."""
        found = self._plan.find(subject)
        return found is not None and found.edition_free


def computed_needs(registry: Registry, curriculum: Curriculum) -> list[ComputedNeed]:
    """What the curriculum asks for and schools that are not strong cannot teach themselves.

    What somebody has said a class needs is in it too, with 0 lessons where nothing is lacking.
    """
    schools = {school.id: school for school in registry.schools}
    groups = {group.id: group for group in registry.classes}
    lacking = {(need.class_id, need.subject): 0 for need in registry.needs if need.edited is not None}
    for own in registry.own_teaching:
        group = groups[own.class_id]
        if schools[group.school].kind is SchoolKind.STRONG:
            continue
        missing = min(curriculum.lessons(group.grade, own.subject) - own.lessons, MOST_LESSONS_A_WEEK)
        if missing > 0:
            lacking[group.id, own.subject] = missing
    return [
        ComputedNeed(class_id, subject, curriculum.edition(groups[class_id].school, subject), lessons)
        for (class_id, subject), lessons in lacking.items()
    ]


def with_needs(registry: Registry, curriculum: Curriculum) -> Registry:
    """The registry with the needs that are computed, and what was said of them before."""
    said = {(need.class_id, need.subject): need for need in registry.needs}
    needs = []
    for computed in computed_needs(registry, curriculum):
        key = computed.class_id, computed.subject
        blank = RegisteredNeed(
            f"{computed.class_id}/{computed.subject}", *key, computed.edition, 0, None, 1, None, (), None
        )
        needs.append(replace(said.get(key, blank), edition=computed.edition, computed=computed.lessons))
    return replace(registry, needs=tuple(needs))


def coverage(registry: Registry, curriculum: Curriculum, given: Mapping[tuple[str, str], int]) -> list[Coverage]:
    """Subject by subject for every school with classes that is not strong; `given` by (class, subject).

    A cell is there where anything is required or wanted.
    """
    own = {(row.class_id, row.subject): row.lessons for row in registry.own_teaching}
    wanted = {(need.class_id, need.subject): need.lessons for need in registry.needs}
    kinds = {school.id: school.kind for school in registry.schools}
    sums: dict[tuple[str, str], list[int]] = defaultdict(lambda: [0, 0, 0, 0])
    for group in registry.classes:
        if kinds[group.school] is SchoolKind.STRONG:
            continue
        for subject in curriculum.subjects:
            required = curriculum.lessons(group.grade, subject)
            key = (group.id, subject)
            numbers = (required, min(own.get(key, required), required), wanted.get(key, 0), given.get(key, 0))
            if any(numbers):
                cell = sums[group.school, subject]
                sums[group.school, subject] = [a + b for a, b in zip(cell, numbers, strict=True)]
    return [Coverage(school, subject, *numbers) for (school, subject), numbers in sums.items()]
