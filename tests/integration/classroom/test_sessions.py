"""Signing in and out, and how long it lasts."""

import asyncio
import time
from datetime import timedelta

import pytest
from argon2 import PasswordHasher
from sqlalchemy import func, select, update

from classroom.auth.passwords import password_matches
from classroom.auth.sessions import IDLE, LONGEST, SEEN_EVERY, principal_of_session, sign_in, sign_out
from classroom.clock import VirtualClock
from classroom.errors import NotSignedIn
from classroom.model.principal import Role
from classroom.store.store import Store
from classroom.store.tables import AccountRoleRow, AccountRow, AuditRow, SessionRow
from tests.fakes.county import NOW, PASSWORD, build_county


async def ended(store: Store, clock: VirtualClock, session_id: str) -> bool:
    try:
        await principal_of_session(store, clock, session_id)
    except NotSignedIn as error:
        return error.code == "session_ended"
    return False


async def test_a_session_is_its_account(store: Store) -> None:
    c = await build_county(store)
    clock = VirtualClock(NOW)
    session_id, principal = await sign_in(store, clock, " TEACHER", PASSWORD)
    assert principal == c["teacher"]
    assert await principal_of_session(store, clock, session_id) == c["teacher"]


@pytest.mark.parametrize(
    ("username", "password"),
    [("teacher", "wrong horse"), ("no.one", PASSWORD), ("", PASSWORD), ("teacher", ""), ("a b", PASSWORD), ("\0", "x")],
)
async def test_all_refusals_are_alike(store: Store, username: str, password: str) -> None:
    await build_county(store)
    with pytest.raises(NotSignedIn) as error:
        await sign_in(store, VirtualClock(NOW), username, password)
    assert (error.value.code, error.value.data) == ("sign_in_wrong", {})


async def test_an_unknown_name_takes_as_long_as_a_wrong_password(store: Store) -> None:
    """Both cost one argon2 check, which is nearly all of the time: medians of processor time within a half."""
    await build_county(store)
    clock = VirtualClock(NOW)

    async def median_s(username: str) -> float:
        spent = []
        for _ in range(3):
            begin = time.process_time()
            with pytest.raises(NotSignedIn):
                await sign_in(store, clock, username, "wrong horse")
            spent.append(time.process_time() - begin)
        return sorted(spent)[1]

    await median_s("no.one")
    known, unknown = await median_s("teacher"), await median_s("no.one")
    assert 0.5 < unknown / known < 2


async def test_the_store_holds_no_session_id(store: Store) -> None:
    await build_county(store)
    session_id, _ = await sign_in(store, VirtualClock(NOW), "teacher", PASSWORD)
    async with store.reading() as db:
        stored = (await db.scalars(select(SessionRow.id_hash))).one()
    assert session_id not in stored
    assert len(session_id) >= 43  # 256 bits in base64


async def test_signing_out_ends_one_session_only(store: Store) -> None:
    await build_county(store)
    clock = VirtualClock(NOW)
    first, _ = await sign_in(store, clock, "teacher", PASSWORD)
    second, _ = await sign_in(store, clock, "teacher", PASSWORD)
    await sign_out(store, clock, first)
    await sign_out(store, clock, first)
    await sign_out(store, clock, "unknown")
    assert await ended(store, clock, first)
    assert not await ended(store, clock, second)


async def test_an_idle_session_ends(store: Store) -> None:
    await build_county(store)
    clock = VirtualClock(NOW)
    session_id, _ = await sign_in(store, clock, "teacher", PASSWORD)
    clock.advance(IDLE.total_seconds() - 1)
    assert not await ended(store, clock, session_id)
    clock.advance(IDLE.total_seconds() - 1)
    assert not await ended(store, clock, session_id)
    clock.advance(IDLE.total_seconds())
    assert await ended(store, clock, session_id)


async def test_even_a_busy_session_ends_at_last(store: Store) -> None:
    await build_county(store)
    clock = VirtualClock(NOW)
    session_id, _ = await sign_in(store, clock, "teacher", PASSWORD)
    step = IDLE / 2
    while clock.now() + step < NOW + LONGEST:
        clock.advance(step.total_seconds())
        assert not await ended(store, clock, session_id)
    clock.advance(step.total_seconds())
    assert await ended(store, clock, session_id)


async def test_being_seen_is_written_seldom(store: Store) -> None:
    await build_county(store)
    clock = VirtualClock(NOW)
    session_id, _ = await sign_in(store, clock, "teacher", PASSWORD)

    async def seen_after(seconds: float) -> timedelta:
        clock.advance(seconds)
        await principal_of_session(store, clock, session_id)
        async with store.reading() as db:
            return (await db.scalars(select(SessionRow.seen_at))).one() - NOW

    assert await seen_after(SEEN_EVERY.total_seconds() - 1) == timedelta()
    assert await seen_after(1) == SEEN_EVERY


async def test_signing_in_forgets_expired_sessions(store: Store) -> None:
    await build_county(store)
    clock = VirtualClock(NOW)
    await sign_in(store, clock, "teacher", PASSWORD)
    clock.advance(IDLE.total_seconds())
    await sign_in(store, clock, "colleague", PASSWORD)
    async with store.reading() as db:
        assert await db.scalar(select(func.count()).select_from(SessionRow)) == 1


async def test_a_changed_role_holds_at_once(store: Store) -> None:
    c = await build_county(store)
    clock = VirtualClock(NOW)
    session_id, _ = await sign_in(store, clock, "teacher", PASSWORD)
    async with store.session() as db:
        await db.execute(
            update(AccountRoleRow).where(AccountRoleRow.account_id == c["teacher"].id).values(role=Role.STUDENT)
        )
    assert (await principal_of_session(store, clock, session_id)).roles == {Role.STUDENT}


async def test_a_weak_hash_is_replaced_when_its_owner_signs_in(store: Store) -> None:
    c = await build_county(store)
    weak = PasswordHasher(time_cost=1, memory_cost=8, parallelism=1).hash(PASSWORD)
    async with store.session() as db:
        await db.execute(update(AccountRow).where(AccountRow.id == c["teacher"].id).values(password_hash=weak))
    await sign_in(store, VirtualClock(NOW), "teacher", PASSWORD)
    async with store.reading() as db:
        stored = (await db.scalars(select(AccountRow.password_hash).where(AccountRow.id == c["teacher"].id))).one()
    assert stored != weak
    assert await password_matches(stored, PASSWORD)


async def test_signing_in_and_out_is_audited_without_names(store: Store) -> None:
    c = await build_county(store)
    clock = VirtualClock(NOW)
    session_id, _ = await sign_in(store, clock, "teacher", PASSWORD)
    await sign_out(store, clock, session_id)
    for username in ("teacher", "no.one"):
        with pytest.raises(NotSignedIn):
            await sign_in(store, clock, username, "wrong horse")
    async with store.reading() as db:
        rows = list(await db.scalars(select(AuditRow).where(AuditRow.action.like("session.%")).order_by(AuditRow.id)))
    who = f"account:{c['teacher'].id}"
    assert [(row.action, row.object) for row in rows] == [
        ("session.began", who),
        ("session.ended", who),
        ("session.refused", who),
        ("session.refused", "account:"),
    ]


async def test_a_whole_class_may_sign_in_at_once(store: Store) -> None:
    await build_county(store)
    clock = VirtualClock(NOW)
    sessions = await asyncio.gather(*(sign_in(store, clock, "pupil", PASSWORD) for _ in range(5)))
    assert len({session_id for session_id, _ in sessions}) == 5
