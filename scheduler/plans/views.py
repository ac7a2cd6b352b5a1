"""Proposals and publications as pages see them."""

from collections.abc import Iterable, Mapping

from classroom.access.rows import LessonDetails
from classroom.catalog import text
from classroom.messages.plans import (
    ComparisonView,
    CourseChange,
    LessonRoomsView,
    PlanRoomView,
    ProposalHead,
    ProposalRoomsView,
    ProposalView,
    ReasonView,
    TargetsView,
    TargetView,
    UncoveredView,
)
from classroom.messages.published import (
    ClashView,
    NoticeChange,
    NoticeView,
    PlannedLessonView,
    PublicationView,
    VersionView,
)
from classroom.model.plan import Notice, Proposal, Publication, Version
from scheduler.planning.names import Names
from scheduler.planning.proposal import Workbench
from scheduler.planning.solution import Datum, Uncovered
from scheduler.planning.targets import Targets
from scheduler.plans.desk import Desk


def reason_view(names: Names, code: str, data: Mapping[str, Datum], language: str) -> ReasonView:
    """A reason with names in place of ids. What to do is shown where it was tried out."""
    said = text(code, names.named(code, data), language)
    return ReasonView(code=code, message=said.message, remedy=said.remedy if code.startswith("fix_") else None)


def proposal_head(proposal: Proposal) -> ProposalHead:
    return ProposalHead(
        id=proposal.id,
        term_id=proposal.term_id,
        name=proposal.name,
        coverage=proposal.coverage,
        wanted=proposal.wanted,
        bound=proposal.bound,
        revision=proposal.revision,
        undo=proposal.undo,
        redo=proposal.redo,
        run_id=proposal.run_id,
        copied_from=proposal.copied_from,
        created_at=proposal.created_at,
        changed_at=proposal.changed_at,
    )


def proposal_view(desk: Desk, proposal: Proposal, language: str) -> ProposalView:
    bench = desk.workbench(proposal.courses)
    names = bench.names
    return ProposalView(
        head=proposal_head(proposal),
        courses=[desk.course_view(course) for course in bench.courses],
        broken=[reason_view(names, each.code, each.data, language) for each in bench.broken()],
        gone=bench.gone,
    )


def targets_view(bench: Workbench, targets: Targets, language: str) -> TargetsView:
    """Each reason once: a week has hundreds of starts and a dozen reasons."""
    names, reasons, found = bench.names, dict[tuple[str, str], int](), []
    views: list[ReasonView] = []
    for start, causes in targets.against.items():
        numbers = []
        for cause in causes:
            key = cause.code, repr(cause.data)
            if key not in reasons:
                reasons[key] = len(views)
                views.append(reason_view(names, cause.code, cause.data, language))
            numbers.append(reasons[key])
        found.append(TargetView(start=start, reasons=numbers))
    return TargetsView(reasons=views, targets=found)


def rooms_view(desk: Desk, rooms: Mapping[tuple[str, int], tuple[str, ...]]) -> ProposalRoomsView:
    used = {room for found in rooms.values() for room in found}
    return ProposalRoomsView(
        rooms=[
            PlanRoomView(id=room.id, name=room.name, school_name=desk.schools[room.school_id].name)
            for room in desk.registry.rooms
            if room.id in used
        ],
        lessons=[
            LessonRoomsView(course=course, lesson=lesson, rooms=list(found))
            for (course, lesson), found in rooms.items()
        ],
    )


def uncovered_view(desk: Desk, bench: Workbench, row: Uncovered, language: str) -> UncoveredView:
    need = desk.needs[str(row.need)]
    group = desk.classes[need.class_id]
    names = bench.names
    return UncoveredView(
        need_id=need.id,
        class_name=group.name,
        school_id=group.school,
        school_name=desk.schools[group.school].name,
        subject=need.subject,
        missing=row.missing,
        reasons=[reason_view(names, reason.code, reason.data, language) for reason in row.reasons],
    )


def comparison_view(desk: Desk, before: Proposal, after: Proposal) -> ComparisonView:
    """Courses are the same one under the same key, or, of two runs, when teacher and classes agree."""
    old, new = desk.workbench(before.courses).courses, desk.workbench(after.courses).courses
    left = {(course.teacher, course.subject, frozenset(course.needs)): course for course in old}
    keys = {course.key: course for course in old}
    same, changes = 0, []
    seen: set[str] = set()
    for course in new:
        earlier = keys.get(course.key) or left.get((course.teacher, course.subject, frozenset(course.needs)))
        if earlier is None or earlier.key in seen:
            changes.append(CourseChange(before=None, after=desk.course_view(course)))
            continue
        seen.add(earlier.key)
        one, other = desk.course_view(earlier), desk.course_view(course)
        if one.model_copy(update={"key": other.key, "pinned": other.pinned}) == other:
            same += 1
        else:
            changes.append(CourseChange(before=one, after=other))
    changes += [CourseChange(before=desk.course_view(course), after=None) for course in old if course.key not in seen]
    return ComparisonView(before=proposal_head(before), after=proposal_head(after), same=same, changes=changes)


def publication_view(desk: Desk, publication: Publication, version: Version | None) -> PublicationView:
    return PublicationView(
        version=None if version is None else version.number,
        created=len(publication.create),
        moved=len(publication.change),
        cancelled=len(publication.cancel),
        kept=publication.kept,
        clashes=[
            ClashView(
                title=clash.plan.title,
                starts_at=clash.plan.starts_at,
                teacher_name=desk.teachers[clash.plan.teacher_id].name,
                other=clash.other,
                teacher=clash.teacher,
            )
            for clash in publication.clashes
        ],
    )


def version_view(version: Version) -> VersionView:
    return VersionView(
        number=version.number,
        proposal_id=version.proposal_id,
        from_day=version.from_day,
        created=version.created,
        moved=version.moved,
        cancelled=version.cancelled,
        published_at=version.published_at,
    )


def planned_view(details: LessonDetails) -> PlannedLessonView:
    lesson = details.lesson
    return PlannedLessonView(
        id=lesson.id,
        code=lesson.code,
        title=lesson.title,
        subject=lesson.subject,
        grade=lesson.grade,
        state=lesson.state,
        teacher_name=details.teacher_name,
        school_name=details.school_name,
        room_name=details.room_name,
        points=list(lesson.points),
        starts_at=lesson.starts_at,
        ends_at=lesson.ends_at,
    )


def notice_views(notices: Iterable[Notice]) -> list[NoticeView]:
    return [
        NoticeView(
            id=notice.id,
            kind=notice.kind,
            term=notice.data["term"],
            version=notice.data["version"],
            created=notice.data["created"],
            moved=notice.data["moved"],
            cancelled=notice.data["cancelled"],
            changes=[NoticeChange.model_validate(change) for change in notice.data["changes"]],
            created_at=notice.created_at,
            read_at=notice.read_at,
        )
        for notice in notices
    ]
