"""What a proposal changes, said one by one."""

from collections import defaultdict

from scheduler.planning.replan.proposal import Proposal, Step
from scheduler.planning.replan.week import Held, Lost
from scheduler.planning.said import clock, when
from scheduler.planning.solution import Change, Datum


def changes(proposal: Proposal) -> tuple[Change, ...]:
    """Every step, and every loss that nothing is proposed for; those belong to no group (0)."""
    found: list[Change] = []
    for step in proposal.steps:
        if step.gained:
            found += _made_good(step)
        elif step.before is not None:
            found.append(_other(step, step.before))
    found += [Change("change_lost", _from(lost)) for lost in _together(list(proposal.gone))]
    return tuple(found)


def _together(lost: list[Lost]) -> list[list[Lost]]:
    """Losses of the same lesson."""
    by_lesson: defaultdict[Held, list[Lost]] = defaultdict(list)
    for each in lost:
        by_lesson[each.held].append(each)
    return list(by_lesson.values())


def _from(lost: list[Lost]) -> dict[str, Datum]:
    day, minute = lost[0].held.start
    return {
        "needs": [str(each.need) for each in lost],
        "from_teacher": lost[0].held.teacher,
        "from_day": day,
        "from_minute": minute,
        "from_time": clock(minute),
        "kind": lost[0].outage.kind,
    }


def _made_good(step: Step) -> list[Change]:
    found: list[Change] = []
    for lost in _together(list(step.lost)):
        before, after = lost[0].held, step.after
        if step.before is not None:
            code = "change_joined"
        elif before.start == after.start:
            code = "change_substitute"
        elif before.teacher == after.teacher:
            code = "change_moved"
        else:
            code = "change_replaced"
        found.append(Change(code, {**_from(lost), "teacher": after.teacher, **when(after.start)}, step.group + 1))
    return found


def _other(step: Step, before: Held) -> Change:
    after = step.after
    if before.teacher == after.teacher:
        code = "change_other_moved"
    elif before.start == after.start:
        code = "change_other_handed"
    else:
        code = "change_other_replaced"
    day, minute = before.start
    was: dict[str, Datum] = {"from_day": day, "from_minute": minute, "from_time": clock(minute)}
    who: dict[str, Datum] = {"needs": [str(need) for need in before.needs], "from_teacher": before.teacher}
    return Change(code, {**who, **was, "teacher": after.teacher, **when(after.start)}, step.group + 1)
