"""A recording's way from submission to tombstone, on both databases: reviews, circulation, retention, history."""

import asyncio
from datetime import timedelta
from typing import Any

import pytest

from classroom.access.archive import access_recording_to_watch
from classroom.access.cataloguing import access_entry, access_entry_edit
from classroom.access.circulation import (
    access_download_count,
    access_history,
    access_new_share,
    access_nomination,
    access_share_revocation,
    access_shares,
    access_uses,
    access_view_count,
)
from classroom.access.lifecycle import (
    access_circulation,
    access_consent,
    access_hold,
    access_promotion,
    access_recording_step,
    access_restore,
    access_trash,
)
from classroom.access.retention import (
    RetentionRule,
    access_new_retention_rule,
    access_retention_preview,
    access_retention_run,
)
from classroom.access.reviews import (
    access_experts,
    access_judgement,
    access_new_remark,
    access_possible_experts,
    access_rating,
    access_remark_removal,
    access_remarks,
    access_reviews,
)
from classroom.errors import BadInput, ClassroomError, Conflict, Forbidden, Gone, NotFound, NotSignedIn, Unprocessable
from classroom.messages.archive import EntryEdit
from classroom.model.catalogue import Audience, CollectionLevel, Consent, Downloads
from classroom.model.keeping import RetentionAction, RetentionState
from classroom.model.recording import RecordingState, RecordingStep
from classroom.model.rubric import Rubric
from classroom.store.store import Store
from tests.fakes.county import NOW, County, build_county
from tests.fakes.library import a_recording, change

RUBRIC = Rubric.read('[goals]\nzh-CN = "目标"\nweight = 1\n[effect]\nzh-CN = "效果"\nweight = 3\n', "test")
SCORES = {"goals": 80.0, "effect": 100.0}


async def step(c: County, who: str, recording_id: str, wanted: RecordingStep, reason: str = "") -> RecordingState:
    return (await access_recording_step(c.store, c[who], recording_id, wanted, reason=reason, now=NOW)).state


async def test_from_submission_to_tombstone(store: Store) -> None:
    c = await build_county(store)
    recording_id = await a_recording(store, c.host, lesson=c.lesson)
    archivist, later = c["county_archivist"], NOW + timedelta(days=1)

    # returned with reasons, corrected, submitted again: the second submission is judged anew
    assert await step(c, "teacher", recording_id, RecordingStep.SUBMIT) is RecordingState.SUBMITTED
    with pytest.raises(Conflict, match="entry_closed"):
        await access_entry_edit(store, c["teacher"], recording_id, EntryEdit(title="古诗"), NOW)
    await access_rating(store, c["colleague"], recording_id, stars=2, comment="声音小", now=NOW)
    with pytest.raises(BadInput, match="reason_needed"):
        await step(c, "school_archivist", recording_id, RecordingStep.RETURN)
    await step(c, "school_archivist", recording_id, RecordingStep.RETURN, "片头缺课题")
    await access_entry_edit(store, c["teacher"], recording_id, EntryEdit(title="古诗两首（修订）"), NOW)
    assert await step(c, "teacher", recording_id, RecordingStep.SUBMIT) is RecordingState.SUBMITTED

    # two tracks of review
    await access_experts(store, archivist, recording_id, [c["other_teacher"].id, c["point_teacher"].id], NOW)
    await access_judgement(
        store, c["other_teacher"], recording_id, rubric=RUBRIC, scores=SCORES, recommends=True, comment="", now=NOW
    )
    await access_rating(store, c["colleague"], recording_id, stars=3, comment="", now=NOW)
    await access_rating(store, c["colleague"], recording_id, stars=4, comment="好多了", now=NOW)
    reviews = await access_reviews(store, c["teacher"], recording_id, NOW)
    assert (reviews.teachers_mean, reviews.experts_mean, reviews.waiting) == (80.0, 95.0, 1)
    assert [review.comment for review in reviews.teachers] == ["好多了"]
    for refused in (
        access_rating(store, c["teacher"], recording_id, stars=5, comment="", now=NOW),
        access_judgement(store, c["colleague"], recording_id, rubric=RUBRIC, scores=SCORES, recommends=True, comment="",
                         now=NOW),
    ):  # fmt: skip
        with pytest.raises(Forbidden):
            await refused

    # approved and published: within the school, until the guardians agree
    await step(c, "school_archivist", recording_id, RecordingStep.APPROVE)
    circulation: dict[str, Any] = {"downloads": Downloads.AUDIENCE, "embed": True, "now": NOW}
    with pytest.raises(Conflict, match="consent_needed"):
        await access_circulation(store, archivist, recording_id, audience=Audience.COUNTY, **circulation)
    await access_consent(store, c["teacher"], recording_id, Consent.GIVEN, note="档案柜 3 号", now=NOW)
    with pytest.raises(Forbidden, match="reach_forbidden"):
        await access_circulation(store, c["school_archivist"], recording_id, audience=Audience.COUNTY, **circulation)
    await access_circulation(store, archivist, recording_id, audience=Audience.COUNTY, **circulation)
    await step(c, "county_archivist", recording_id, RecordingStep.PUBLISH)
    assert (await access_recording_to_watch(store, c["other_pupil"], recording_id, NOW)).title == "古诗两首（修订）"
    await access_promotion(store, archivist, recording_id, CollectionLevel.COUNTY, NOW)
    with pytest.raises(Forbidden, match="reach_forbidden"):
        await access_promotion(store, archivist, recording_id, CollectionLevel.CITY, NOW)
    await access_promotion(store, c["province_archivist"], recording_id, CollectionLevel.CITY, NOW)

    # consent withdrawn: at once nobody beyond the school
    await access_consent(store, archivist, recording_id, Consent.WITHDRAWN, now=NOW)
    with pytest.raises(Forbidden):
        await access_recording_to_watch(store, c["other_pupil"], recording_id, NOW)
    assert (await access_entry(store, archivist, recording_id, NOW)).level is CollectionLevel.SCHOOL

    # retired: a tombstone with its reason
    await step(c, "county_archivist", recording_id, RecordingStep.RETIRE, "教材改版")
    with pytest.raises(Gone, match="教材改版"):
        await access_recording_to_watch(store, c["colleague"], recording_id, NOW)
    history = await access_history(store, c["teacher"], recording_id, later)
    assert [one.action.removeprefix("recording.") for one in reversed(history)] == [
        "submit", "rated", "return", "described", "submit", "experts_asked", "judged", "rated", "rated", "approve",
        "consent", "circulated", "publish", "promoted", "promoted", "consent", "retire",
    ]  # fmt: skip
    assert {one.reason for one in history} == {"", "片头缺课题", "教材改版"}
    assert history[0].name == "姓名 county_archivist"


async def test_steps_that_are_not_possible(store: Store) -> None:
    c = await build_county(store)
    recording_id = await a_recording(store, c.host, title="无学科")
    with pytest.raises(Unprocessable, match="entry_incomplete"):
        await step(c, "school_archivist", recording_id, RecordingStep.SUBMIT)
    with pytest.raises(Conflict, match="recording_step_illegal"):
        await step(c, "school_archivist", recording_id, RecordingStep.PUBLISH)
    with pytest.raises(Conflict, match="promotion_too_early"):
        await access_promotion(store, c["admin"], recording_id, CollectionLevel.COUNTY, NOW)
    await change(store, recording_id, state=RecordingState.PUBLISHED, consent=Consent.GIVEN)
    with pytest.raises(Conflict, match="promotion_too_high"):
        await access_promotion(store, c["admin"], recording_id, CollectionLevel.CITY, NOW)
    with pytest.raises(Conflict, match="recording_not_disposable"):
        await access_trash(store, c["admin"], recording_id, NOW)
    await access_hold(store, c["admin"], recording_id, "诉讼", NOW)
    with pytest.raises(Conflict, match="recording_held"):
        await step(c, "county_archivist", recording_id, RecordingStep.RETIRE, "旧")
    # two archivists decide at once: one of them does
    await change(store, recording_id, state=RecordingState.SUBMITTED)
    decided = await asyncio.gather(
        step(c, "county_archivist", recording_id, RecordingStep.APPROVE),
        step(c, "school_archivist", recording_id, RecordingStep.RETURN, "重录"),
        return_exceptions=True,
    )
    assert sorted(isinstance(one, ClassroomError) for one in decided) == [False, True]


async def test_trash_has_an_undo(store: Store) -> None:
    c = await build_county(store)
    recording_id = await a_recording(store, c.host, lesson=c.lesson, state=RecordingState.APPROVED)
    await access_trash(store, c["school_archivist"], recording_id, NOW)
    with pytest.raises(Conflict, match="recording_in_trash"):
        await step(c, "county_archivist", recording_id, RecordingStep.PUBLISH)
    restored = await access_restore(store, c["school_archivist"], recording_id, NOW)
    assert restored.state is RecordingState.APPROVED
    with pytest.raises(Conflict, match="recording_not_in_trash"):
        await access_restore(store, c["school_archivist"], recording_id, NOW)


async def test_what_goes_out_is_counted_and_ends(store: Store) -> None:
    c = await build_county(store)
    archivist, nobody = c["county_archivist"], c["nobody"]
    recording_id = await a_recording(store, c.host, lesson=c.lesson, state=RecordingState.APPROVED)
    tomorrow = NOW + timedelta(days=1)
    wanted: dict[str, Any] = {"expires_at": tomorrow, "download": True, "note": "市教研室", "now": NOW}
    with pytest.raises(Conflict, match="consent_needed"):
        await access_new_share(store, archivist, recording_id, **wanted)
    await access_consent(store, archivist, recording_id, Consent.NOT_NEEDED, now=NOW)
    with pytest.raises(BadInput, match="share_expiry_wrong"):
        await access_new_share(store, archivist, recording_id, **wanted | {"expires_at": NOW})
    share, token = await access_new_share(store, archivist, recording_id, **wanted)
    for _ in range(2):
        await access_view_count(store, nobody, recording_id, NOW, token)
    await access_download_count(store, nobody, recording_id, NOW, token)
    await access_view_count(store, c["teacher"], recording_id, tomorrow)
    uses = await access_uses(store, c["teacher"], recording_id, NOW)
    assert [(use.day, use.views, use.downloads) for use in uses] == [("2026-09-01", 2, 1), ("2026-09-02", 1, 0)]
    entry = await access_entry(store, archivist, recording_id, NOW)
    assert (entry.views, entry.downloaded) == (3, 1)
    await access_share_revocation(store, archivist, recording_id, share.id, NOW)
    assert [(one.uses, one.revoked_at) for one in await access_shares(store, archivist, recording_id, NOW)] == [
        (3, NOW)
    ]
    with pytest.raises(NotSignedIn):
        await access_recording_to_watch(store, nobody, recording_id, NOW, token)

    contest: dict[str, Any] = {
        "activity": "一师一优课",
        "year": 2026,
        "level": CollectionLevel.COUNTY,
        "statement": "",
        "now": NOW,
    }
    assert (await access_nomination(store, c["teacher"], recording_id, **contest)).activity == "一师一优课"
    with pytest.raises(Conflict, match="already_nominated"):
        await access_nomination(store, c["teacher"], recording_id, **contest)


async def test_comments_on_moments(store: Store) -> None:
    c = await build_county(store)
    recording_id = await a_recording(store, c.host, lesson=c.lesson)
    await access_new_remark(store, c["colleague"], recording_id, at_s=754.2, text="追问很好", now=NOW)
    first = await access_new_remark(store, c["point_teacher"], recording_id, at_s=60, text="导入自然", now=NOW)
    remarks = await access_remarks(store, c["teacher"], recording_id, NOW)
    assert [(one.at_s, one.text) for one in remarks] == [(60, "导入自然"), (754.2, "追问很好")]
    with pytest.raises(BadInput, match="moment_wrong"):
        await access_new_remark(store, c["colleague"], recording_id, at_s=2400.5, text="?", now=NOW)
    with pytest.raises(Forbidden):
        await access_remark_removal(store, c["colleague"], recording_id, first, NOW)
    await access_remark_removal(store, c["point_teacher"], recording_id, first, NOW)
    with pytest.raises(NotFound):
        await access_remark_removal(store, c["admin"], recording_id, first, NOW)
    people = await access_possible_experts(store, c["school_archivist"], "teacher")
    assert {name for _, name, _ in people} == {"姓名 teacher"}


def rule(states: list[RetentionState], *, days: int = 30, region: str | None = None) -> RetentionRule:
    return RetentionRule(f"rule-{states[0].value}", f"规则 {states[0].value}", region, tuple(states), (), days, True)


async def test_retention_shows_what_it_would_take_and_takes_no_more(store: Store) -> None:
    c = await build_county(store)
    old = NOW - timedelta(days=40)
    never = await a_recording(store, c.host, lesson=c.lesson, began_at=old, title="未发布")
    held = await a_recording(store, c.host, began_at=old, title="保全", hold_reason="诉讼")
    await a_recording(store, c.host, began_at=NOW, title="新的")
    shown = await a_recording(
        store, c.uninvolved, began_at=old, title="已发布", state=RecordingState.PUBLISHED, published_at=old,
        teacher_name="单老师",
    )  # fmt: skip
    with pytest.raises(Forbidden, match="archive_forbidden"):
        await access_new_retention_rule(store, c["county_archivist"], rule([RetentionState.COMPLETE]), NOW)
    for states in (
        [RetentionState.COMPLETE],
        [RetentionState.PUBLISHED],
        [RetentionState.TRASHED, RetentionState.RETIRED],
    ):
        made = rule(states, region=c.county.id)
        await access_new_retention_rule(store, c["county_archivist"], made, NOW)
    due = await access_retention_preview(store, c["county_archivist"], NOW)
    assert {(one.title, one.action, one.held) for one in due} == {
        ("未发布", RetentionAction.TRASH, None),
        ("保全", RetentionAction.TRASH, "诉讼"),
        ("已发布", RetentionAction.RETIRE, None),
    }
    assert [one.title for one in await access_retention_preview(store, c["other_school_archivist"], NOW)] == ["已发布"]

    assert len(await access_retention_run(store, NOW)) == 2
    assert await access_retention_run(store, NOW) == []  # one step at a time, each with its own days
    restored = await access_restore(store, c["county_archivist"], never, NOW)
    assert restored.state is RecordingState.COMPLETE
    await access_trash(store, c["county_archivist"], never, NOW)

    after = NOW + timedelta(days=31)
    await access_retention_run(store, after)
    with pytest.raises(NotFound):
        await access_entry(store, c["admin"], never, after)
    tombstone = await access_entry(store, c["admin"], shown, after)
    assert (tombstone.retired_reason, tombstone.teacher_name) == ("规则 published", "")
    with pytest.raises(Gone, match="recording_purged"):
        await access_recording_to_watch(store, c["admin"], shown, after)
    assert (await access_entry(store, c["admin"], held, after)).hold_reason == "诉讼"
