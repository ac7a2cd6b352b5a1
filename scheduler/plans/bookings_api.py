"""`/api/v1/planning/…/bookings`: a school asks for a single lesson, the coordinator fits it into the timetable."""

import asyncio

from classroom.access.bookings import (
    access_booking,
    access_booking_approve,
    access_booking_desk,
    access_booking_refuse,
    access_booking_withdraw,
    access_bookings,
    access_new_booking,
)
from classroom.access.publish import Standing, access_standing
from classroom.errors import BadInput
from classroom.http.call import Call
from classroom.http.routes import Routes
from classroom.messages.bookings import (
    BookingClassView,
    BookingDeskView,
    BookingOption,
    BookingOptionsView,
    BookingsView,
    BookingTermView,
    BookingView,
    DecideBooking,
    NewBooking,
)
from classroom.model.plan import Booking, Publication
from classroom.model.term import Term
from classroom.service import Context
from scheduler.io.national_plan import national_plan
from scheduler.plans.announce import announce
from scheduler.plans.desk import desk_of
from scheduler.plans.fitting import chosen, options
from scheduler.registry.api import PLANNING
from scheduler.registry.terms_api import TERM

BOOKING = PLANNING + "/bookings/{id}"


class BookingsApi:
    """Handlers; who may do what is decided by `classroom.access`."""

    def __init__(self, context: Context) -> None:
        self._context = context
        self._store = context.store
        self._clock = context.clock

    def add_routes(self, routes: Routes) -> None:
        add, listed = routes.json, f"{TERM}/bookings"
        add("GET", f"{PLANNING}/bookings", self._desk, summary="One's school's requests", returns=BookingDeskView)
        add("GET", listed, self._list, summary="Requests for single lessons", returns=BookingsView)
        add("POST", listed, self._new, summary="Ask for a lesson", body=NewBooking, returns=BookingView, status=201)
        add("POST", f"{BOOKING}/withdraw", self._withdraw, summary="Take a request back", returns=BookingView)
        add("GET", f"{BOOKING}/options", self._options, summary="What fits the timetable", returns=BookingOptionsView)
        add("POST", f"{BOOKING}/decide", self._decide, summary="Yes or no", body=DecideBooking, returns=BookingView)

    async def _desk(self, call: Call) -> BookingDeskView:
        found = await access_booking_desk(self._store, call.principal, self._clock.now())
        return BookingDeskView(
            school_name=found.school_name,
            terms=[
                BookingTermView(id=term_id, name=name, first_day=first, last_day=last)
                for term_id, name, first, last in found.terms
            ],
            classes=[BookingClassView(id=class_id, name=name, grade=grade) for class_id, name, grade in found.classes],
            subjects=[subject.name for subject in national_plan().subjects],
            bookings=[_view(booking) for booking in found.bookings],
        )

    async def _list(self, call: Call) -> BookingsView:
        found = await access_bookings(self._store, call.principal, call.path["id"])
        return BookingsView(bookings=[_view(booking) for booking in found])

    async def _new(self, call: Call) -> BookingView:
        new, now = call.parsed(NewBooking), self._clock.now()
        return _view(await access_new_booking(self._store, call.principal, call.path["id"], new, now))

    async def _withdraw(self, call: Call) -> BookingView:
        now = self._clock.now()
        withdrawn, done = await access_booking_withdraw(self._store, call.principal, call.path["id"], now)
        if done is not None:
            await announce(self._context, done)
        return _view(withdrawn)

    async def _options(self, call: Call) -> BookingOptionsView:
        booking = await access_booking(self._store, call.principal, call.path["id"])
        desk = await desk_of(self._store, call.principal, booking.term_id)
        now = self._clock.now()
        standing = await access_standing(self._store, call.principal, booking.term_id, now)
        found = await asyncio.to_thread(options, desk, standing, booking, now)
        return BookingOptionsView(
            options=[
                BookingOption(
                    lesson_id=None if one.joins is None else one.joins.lesson_id,
                    others=[] if one.joins is None else [point.name for point in one.joins.plan.points],
                    teacher_id=one.plan.teacher_id,
                    teacher_name=desk.teachers[one.plan.teacher_id].name,
                    school_name=desk.schools[desk.teachers[one.plan.teacher_id].school].name,
                    starts_at=one.plan.starts_at,
                )
                for one in found
            ]
        )

    async def _decide(self, call: Call) -> BookingView:
        body, now = call.parsed(DecideBooking), self._clock.now()
        teacher_id, starts_at = body.teacher_id, body.starts_at
        if teacher_id is None or starts_at is None:
            return _view(await access_booking_refuse(self._store, call.principal, call.path["id"], body.answer, now))
        if starts_at.tzinfo is None:
            raise BadInput("field_invalid", field="starts_at", reason=starts_at.isoformat())
        booking = await access_booking(self._store, call.principal, call.path["id"])
        desk = await desk_of(self._store, call.principal, booking.term_id)

        def decide(_: Term, standing: Standing) -> Publication:
            return chosen(
                desk, standing, booking, joins=body.lesson_id, teacher_id=teacher_id, starts_at=starts_at, now=now
            )

        approved, done = await access_booking_approve(
            self._store, call.principal, booking.id, decide, answer=body.answer, now=now
        )
        await announce(self._context, done)
        return _view(approved)


def _view(booking: Booking) -> BookingView:
    return BookingView(
        id=booking.id,
        class_id=booking.class_id,
        class_name=booking.class_name,
        school_name=booking.school_name,
        grade=booking.grade,
        subject=booking.subject,
        wish=booking.wish,
        first_day=booking.first_day,
        last_day=booking.last_day,
        state=booking.state,
        asked_at=booking.asked_at,
        answer=booking.answer,
        lesson_id=booking.lesson_id,
        starts_at=booking.starts_at,
        teacher_name=booking.teacher_name,
        joined=booking.joined,
    )
