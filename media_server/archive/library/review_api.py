"""`…/ratings`, `…/judgements`, `…/experts`, `…/remarks`: what people think of a recording."""

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
from classroom.http.call import Call
from classroom.http.routes import QueryParameter, Routes
from classroom.messages.archive import ExpertsOrder, JudgementOrder, RatingOrder, RemarkOrder
from classroom.messages.archive_views import (
    CriterionView,
    PeopleView,
    PersonView,
    RemarksView,
    RemarkView,
    ReviewsView,
    ReviewView,
    RubricView,
)
from classroom.model.rubric import Rubric
from classroom.service import Context
from media_server.archive.library.catalogue_api import ONE
from media_server.archive.library.views import view


class ReviewApi:
    """Handlers. `rubric` is the operator's."""

    def __init__(self, context: Context, rubric: Rubric) -> None:
        self._store = context.store
        self._clock = context.clock
        self._rubric = rubric

    def add_routes(self, routes: Routes) -> None:
        routes.json(
            "GET", "/api/v1/archive/rubric", self._show_rubric, summary="What experts judge by", returns=RubricView
        )
        routes.json(
            "GET", "/api/v1/archive/experts", self._possible, summary="Who could be asked to judge",
            returns=PeopleView, query=(QueryParameter("text", "Part of the name"),),
        )  # fmt: skip
        routes.json("GET", ONE + "/reviews", self._reviews, summary="What was thought of it", returns=ReviewsView)
        routes.json("POST", ONE + "/ratings", self._rate, summary="Give it one to five stars", body=RatingOrder)
        routes.json("POST", ONE + "/judgements", self._judge, summary="Judge it by the rubric", body=JudgementOrder)
        routes.json(
            "POST", ONE + "/experts", self._ask, summary="Ask these people to judge it",
            body=ExpertsOrder, returns=ReviewsView,
        )  # fmt: skip
        routes.json("GET", ONE + "/remarks", self._remarks, summary="Comments on moments", returns=RemarksView)
        routes.json(
            "POST", ONE + "/remarks", self._remark, summary="Comment on a moment",
            body=RemarkOrder, returns=RemarksView, status=201,
        )  # fmt: skip
        routes.json("DELETE", ONE + "/remarks/{remark}", self._take_back, summary="Take a comment back")

    async def _show_rubric(self, call: Call) -> RubricView:
        return RubricView(
            criteria=[
                CriterionView(
                    key=criterion.key,
                    name=criterion.names.get(call.language, criterion.names["zh-CN"]),
                    weight=criterion.weight,
                )
                for criterion in self._rubric.criteria
            ]
        )

    async def _possible(self, call: Call) -> PeopleView:
        found = await access_possible_experts(self._store, call.principal, call.query.get("text", "")[:80])
        return PeopleView(people=[PersonView(id=key, name=name, school_name=school) for key, name, school in found])

    async def _reviews(self, call: Call) -> ReviewsView:
        found = await access_reviews(self._store, call.principal, call.path["id"], self._clock.now())
        return ReviewsView(
            teachers=[view(ReviewView, review) for review in found.teachers],
            experts=[view(ReviewView, review) for review in found.experts],
            teachers_mean=found.teachers_mean,
            experts_mean=found.experts_mean,
            asked=[PersonView(id=account_id, name=name) for account_id, name in found.asked],
            waiting=found.waiting,
        )

    async def _rate(self, call: Call) -> None:
        order = call.parsed(RatingOrder)
        await access_rating(
            self._store, call.principal, call.path["id"], stars=order.stars, comment=order.comment,
            now=self._clock.now(),
        )  # fmt: skip

    async def _judge(self, call: Call) -> None:
        order = call.parsed(JudgementOrder)
        await access_judgement(
            self._store, call.principal, call.path["id"], rubric=self._rubric, scores=order.scores,
            recommends=order.recommends, comment=order.comment, now=self._clock.now(),
        )  # fmt: skip

    async def _ask(self, call: Call) -> ReviewsView:
        wanted = call.parsed(ExpertsOrder).account_ids
        await access_experts(self._store, call.principal, call.path["id"], wanted, self._clock.now())
        return await self._reviews(call)

    async def _remarks(self, call: Call) -> RemarksView:
        found = await access_remarks(self._store, call.principal, call.path["id"], self._clock.now())
        return RemarksView(remarks=[view(RemarkView, remark) for remark in found])

    async def _remark(self, call: Call) -> RemarksView:
        order = call.parsed(RemarkOrder)
        await access_new_remark(
            self._store, call.principal, call.path["id"], at_s=order.at_s, text=order.text, now=self._clock.now()
        )
        return await self._remarks(call)

    async def _take_back(self, call: Call) -> None:
        await access_remark_removal(
            self._store, call.principal, call.path["id"], call.path["remark"], self._clock.now()
        )
