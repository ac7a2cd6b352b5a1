"""The national plan as data, and what is lacking of it."""

import pytest

from classroom.model.place import SchoolKind
from classroom.model.registry import (
    CurriculumChange,
    EditionChoice,
    OwnTeaching,
    RegisteredClass,
    RegisteredNeed,
    RegisteredSchool,
    Registry,
)
from scheduler.io.national_plan import national_plan
from scheduler.planning.curriculum import Coverage, Curriculum, computed_needs, coverage

PLAN = national_plan()
# Lessons of nine years: 35 weeks, in the last year 33 (义务教育课程方案, 2022).
WEEKS = (35,) * 8 + (33,)
ALL_LESSONS = 9522


def share(*subjects: str) -> float:
    """Percent of all lessons of nine years."""
    lessons = sum(
        weekly * weeks
        for subject in PLAN.subjects
        if subject.name in subjects
        for weekly, weeks in zip(subject.lessons, WEEKS, strict=True)
    )
    return 100 * lessons / ALL_LESSONS


@pytest.mark.parametrize(
    ("subjects", "least", "most"),
    [
        (("道德与法治",), 6, 8),
        (("语文",), 20, 22),
        (("数学",), 13, 15),
        (("英语",), 6, 8),
        (("历史", "地理"), 3, 4),
        (("科学", "物理", "化学", "生物学"), 8, 10),
        (("信息科技",), 1, 3),
        (("体育与健康",), 10, 11),
        (("音乐", "美术"), 9, 11),
        (("劳动", "综合实践活动", "地方与校本课程"), 14, 18),
    ],
)
def test_every_subject_has_its_share_of_the_national_plan(subjects: tuple[str, ...], least: int, most: int) -> None:
    assert least <= share(*subjects) <= most


def test_weeks_have_as_many_lessons_as_the_national_plan_says() -> None:
    sums = tuple(sum(subject.lessons[grade] for subject in PLAN.subjects) for grade in range(9))
    assert sums == PLAN.weekly_lessons == (26, 26, 30, 30, 30, 30, 34, 34, 34)
    assert sum(lessons * weeks for lessons, weeks in zip(sums, WEEKS, strict=True)) == ALL_LESSONS


def test_subjects_are_found_by_every_name_and_by_one_only() -> None:
    names = [name for subject in PLAN.subjects for name in (subject.name, *subject.aliases)]
    assert len(set(names)) == len(names)
    for subject in PLAN.subjects:
        assert all(PLAN.find(name) is subject for name in (subject.name, *subject.aliases))
    assert PLAN.find("书法") is None


def school(id: str, kind: SchoolKind) -> RegisteredSchool:
    return RegisteredSchool(id, id, id, kind, "county", "county", "city")


def group(id: str, where: str, grade: int) -> RegisteredClass:
    return RegisteredClass(id, where, id, grade, 20, None, None)


REGISTRY = Registry(
    schools=(school("strong", SchoolKind.STRONG), school("weak", SchoolKind.WEAK), school("point", SchoolKind.POINT)),
    classes=(group("s3", "strong", 3), group("w3", "weak", 3), group("p1", "point", 1), group("p4", "point", 4)),
    editions=(EditionChoice(None, "英语", "人教版"), EditionChoice("point", "英语", "外研版")),
    curriculum=(CurriculumChange(3, "书法", 1), CurriculumChange(4, "音乐", 1)),
    own_teaching=(
        OwnTeaching("s3", "英语", 0),
        OwnTeaching("w3", "英语", 1),
        OwnTeaching("w3", "书法", 0),
        OwnTeaching("p4", "英语", 0),
        OwnTeaching("p4", "音乐", 0),
        OwnTeaching("p1", "音乐", 5),
        OwnTeaching("p4", "语文", 0),
    ),
)


def test_needs_are_the_curriculum_minus_own_teaching() -> None:
    needs = computed_needs(REGISTRY, Curriculum(PLAN, REGISTRY))
    assert {(need.class_id, need.subject): (need.lessons, need.edition) for need in needs} == {
        ("w3", "英语"): (2, "人教版"),
        ("w3", "书法"): (1, "*"),  # the county's own subject
        ("p4", "英语"): (3, "外研版"),
        ("p4", "音乐"): (1, "*"),  # one less than in the national plan, and free of editions
        ("p4", "语文"): (7, "*"),  # one a day at most
    }


def test_coverage_counts_each_lesson_once() -> None:
    needs = tuple(
        RegisteredNeed(f"n{index}", need.class_id, need.subject, need.edition, need.lessons, None, 1, None, (), None)
        for index, need in enumerate(computed_needs(REGISTRY, Curriculum(PLAN, REGISTRY)))
    )
    registry = Registry(
        schools=REGISTRY.schools,
        classes=REGISTRY.classes,
        curriculum=REGISTRY.curriculum,
        own_teaching=REGISTRY.own_teaching,
        needs=needs,
    )
    cells = coverage(registry, Curriculum(PLAN, registry), {("p4", "英语"): 2})
    found = {(cell.school, cell.subject): cell for cell in cells}
    assert found["point", "英语"] == Coverage("point", "英语", required=3, own=0, wanted=3, given=2)
    # grade 1 can have all of its two lessons at its own school, grade 4 none of its one
    assert found["point", "音乐"] == Coverage("point", "音乐", required=3, own=2, wanted=1, given=0)
    assert found["weak", "书法"] == Coverage("weak", "书法", required=1, own=0, wanted=1, given=0)
    assert {cell.school for cell in cells} == {"weak", "point"}
    assert all(cell.own + cell.wanted == cell.required for cell in cells)
