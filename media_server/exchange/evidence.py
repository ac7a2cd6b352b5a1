"""What goes with a nomination (一师一优课): the lesson, what was thought of it, what may be done with it, and proof."""

import asyncio
import json
from collections.abc import Mapping, Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Any, Final

from classroom.access.circulation import Happening, Nomination, access_history, access_nominations
from classroom.access.exporting import Exported, access_recording_to_export
from classroom.access.reviews import Review, access_reviews
from classroom.access.transcripts import access_cues
from classroom.catalog import word
from classroom.clock import SCHOOL_ZONE, Clock
from classroom.errors import NotFound
from classroom.model.principal import Principal
from classroom.model.rubric import Rubric
from classroom.store.store import Store
from media_server.exchange.bag import PAYLOAD, Bag, BagFile, Done
from media_server.exchange.columns import csv_of, row_of, table_of
from media_server.exchange.exporter import Exporter, Filling, Order, Result, Tell, json_of, plain

# Of ratings by teachers and pupils only the figures go out: a pupil's name belongs into no contest.
_UNNAMED: Final = frozenset({"recording.rated"})
_READ_ME: Final = {
    "zh-CN": (
        "《{title}》推荐材料：{activity}（{year} 年）",
        "",
        "recording/   课堂实录（MP4）、字幕、元数据",
        "statement.txt  推荐意见、版权与监护人同意情况",
        "reviews.csv、reviews.json  专家按评课表的打分与评语；师生评分（不含姓名）",
        "transcript.*.txt  课堂实录文字稿",
        "history.csv  审计记录摘录",
        "校验：在上一级文件夹运行 sha256sum -c manifest-sha256.txt",
    ),
    "en": (
        "Papers of the nomination of “{title}”: {activity} ({year})",
        "",
        "recording/   the lesson (MP4), captions, metadata",
        "statement.txt  why it is nominated, rights, consent of the guardians",
        "reviews.csv, reviews.json  what experts say, by the rubric; ratings of teachers and pupils, without names",
        "transcript.*.txt  what is said",
        "history.csv  excerpt from the audit",
        "Check it: run sha256sum -c manifest-sha256.txt in the folder above",
    ),
}


class Evidence:
    """Writes the package of one nomination as a bag."""

    def __init__(self, store: Store, clock: Clock, exporter: Exporter, rubric: Rubric) -> None:
        self._store = store
        self._clock = clock
        self._exporter = exporter
        self._rubric = rubric

    async def write(
        self, folder: Path, order: Mapping[str, Any], principal: Principal, tell: Tell
    ) -> tuple[Bag, Result]:
        """`order` names `recording`, `nomination`, `language` and `name`. The caller seals the bag.

        Raises `NotFound("nomination_unknown")`, and as `Exporter.export`.
        """
        recording_id, language = order["recording"], order["language"]
        now = self._clock.now()
        found = await access_recording_to_export(self._store, principal, recording_id, now)
        nominations = await access_nominations(self._store, principal, recording_id, now)
        nomination = next((each for each in nominations if each.id == order["nomination"]), None)
        if nomination is None:
            raise NotFound("nomination_unknown", nomination=order["nomination"])
        bag = Bag(folder, dict(order))
        await asyncio.to_thread(bag.open)
        filling = Filling(bag, Order((recording_id,), True, language, order["name"]), principal)
        sizes = [0]

        async def within(count: int) -> None:
            sizes[0] += count
            await tell(sizes[0], max(sizes[0], round(found.duration_s * 200_000)))

        lesson = f"{PAYLOAD}/recording"
        films, problem = await self._exporter.films(filling, lesson, recording_id, within)
        files = [*films, *await self._exporter.captions(filling, lesson, found)]
        files += await asyncio.to_thread(_about, bag, found, files, language)
        files += await self._papers(bag, found, nomination, principal, language)
        noted = None
        if problem is not None:
            noted = {"id": recording_id, "title": found.title, "code": problem.code, "data": problem.data}
        await asyncio.to_thread(bag.add, Done(recording_id, tuple(files), {}, noted))
        about = {
            "External-Identifier": order["name"],
            "External-Description": f"{nomination.activity} {nomination.year}",
        }
        day = self._clock.now().astimezone(SCHOOL_ZONE).date()
        whole = await asyncio.to_thread(bag.finish, (), day, about)
        return bag, Result(whole, 1, (noted,) if noted else ())

    async def _papers(
        self, bag: Bag, found: Exported, nomination: Nomination, principal: Principal, language: str
    ) -> list[BagFile]:
        store, recording_id, now = self._store, found.recording_id, self._clock.now()
        reviews = await access_reviews(store, principal, recording_id, now)
        history = await access_history(store, principal, recording_id, now)
        spoken = {}
        for each in found.languages:
            cues = await access_cues(store, principal, recording_id, each, now=now)
            spoken[f"transcript.{each}.txt"] = "\n".join(cue.text for cue in cues) + "\n"
        heading = {"title": found.title, "activity": nomination.activity, "year": nomination.year}
        papers: dict[str, bytes] = {
            "README.txt": "\n".join(_READ_ME[language]).format(**heading).encode() + b"\n",
            "statement.txt": _statement(found, nomination, language).encode(),
            "nomination.json": _json(asdict(nomination) | {"made_at": nomination.made_at.isoformat()}),
            "reviews.csv": self._reviews_csv([*reviews.experts, *reviews.teachers], language),
            "reviews.json": _json(
                {
                    "rubric": [asdict(each) for each in self._rubric.criteria],
                    "experts_mean": reviews.experts_mean,
                    "teachers_mean": reviews.teachers_mean,
                    "experts": [_review(each) | {"name": each.name} for each in reviews.experts],
                    "teachers": [_review(each) for each in reviews.teachers],
                }
            ),
            "history.csv": _history_csv(history, language),
        } | {name: text.encode() for name, text in spoken.items()}
        return [await asyncio.to_thread(bag.write, f"{PAYLOAD}/{name}", data) for name, data in papers.items()]

    def _reviews_csv(self, reviews: Sequence[Review], language: str) -> bytes:
        names = [each.names.get(language, each.names["zh-CN"]) for each in self._rubric.criteria]
        chinese = language == "zh-CN"
        first = ("评审人", "身份", "总分") if chinese else ("Reviewer", "Role", "Score")
        last = ("推荐", "评语", "时间") if chinese else ("Recommends", "Comment", "At")
        roles = ("专家", "师生") if chinese else ("expert", "teacher or pupil")
        yes = {True: "是", False: "否", None: ""} if chinese else {True: "yes", False: "no", None: ""}
        rows = [
            (
                each.name if each.expert else "",
                roles[0 if each.expert else 1],
                f"{each.score:.1f}",
                *(str(each.scores.get(criterion.key, "")) for criterion in self._rubric.criteria),
                yes[each.recommends],
                each.comment,
                each.at.astimezone(SCHOOL_ZONE).strftime("%Y-%m-%d %H:%M"),
            )
            for each in reviews
        ]
        return csv_of((*first, *names, *last), rows)


def _about(bag: Bag, found: Exported, files: Sequence[BagFile], language: str) -> list[BagFile]:
    folder = f"{PAYLOAD}/recording"
    table = table_of([row_of(found, [each.path for each in files], language)], language)
    return [bag.write(f"{folder}/metadata.json", json_of(found)), bag.write(f"{folder}/metadata.csv", table)]


def _statement(found: Exported, nomination: Nomination, language: str) -> str:
    entry, chinese = found.entry, language == "zh-CN"
    lines = {
        ("课题", "Title"): found.title,
        ("活动", "Activity"): f"{nomination.activity} {nomination.year}",
        ("推荐级别", "Level"): word("collection", nomination.level.value, language),
        ("学校", "School"): f"{found.school_name} ({found.school_code})",
        ("授课教师", "Teacher"): entry.teacher_name,
        ("作者", "Authors"): "、".join(entry.authors) if chinese else ", ".join(entry.authors),
        ("权利人", "Rights holder"): entry.rights_holder,
        ("许可", "Licence"): word("licence", entry.licence.value, language),
        ("监护人同意", "Consent of the guardians"): word("consent", entry.consent.value, language),
        ("同意书", "Consent papers"): entry.consent_note,
        ("推荐意见", "Statement"): nomination.statement,
    }
    sign = "：" if chinese else ": "
    return "".join(f"{names[0 if chinese else 1]}{sign}{value}\n" for names, value in lines.items())


def _history_csv(history: Sequence[Happening], language: str) -> bytes:
    headings = (
        ("时间", "操作", "操作人", "详情", "理由") if language == "zh-CN" else ("At", "Deed", "By", "Details", "Reason")
    )
    rows = (
        (
            each.at.astimezone(SCHOOL_ZONE).strftime("%Y-%m-%d %H:%M:%S"),
            each.action,
            "" if each.action in _UNNAMED else each.name,
            json.dumps(each.details, ensure_ascii=False),
            each.reason,
        )
        for each in history
    )
    return csv_of(headings, rows)


def _review(review: Review) -> dict[str, Any]:
    return {
        "score": review.score, "scores": dict(review.scores), "recommends": review.recommends,
        "comment": review.comment, "at": review.at.isoformat(),
    }  # fmt: skip


def _json(found: Mapping[str, Any]) -> bytes:
    return json.dumps(found, ensure_ascii=False, indent=2, default=plain).encode()
