"""Sessions of people in browsers: a random id in a cookie, its hash in the store."""

import hashlib
import secrets
from datetime import timedelta

from sqlalchemy import delete, select

from classroom.audit import append
from classroom.auth.accounts import principal_of
from classroom.auth.passwords import hash_password, needs_rehash, password_matches
from classroom.clock import Clock
from classroom.errors import BadInput, NotSignedIn
from classroom.model.principal import NOBODY, Principal
from classroom.model.username import fold_username
from classroom.store.store import Store
from classroom.store.tables import AccountRow, SessionRow

# A panel stays signed in through a school day and its evening; nobody stays signed in over a holiday.
IDLE = timedelta(hours=16)
LONGEST = timedelta(days=7)
# Seeing somebody is written at most this often: every request would be a write otherwise.
SEEN_EVERY = timedelta(minutes=5)


def _hash(session_id: str) -> str:
    return hashlib.sha256(session_id.encode()).hexdigest()


async def sign_in(store: Store, clock: Clock, username: str, password: str) -> tuple[str, Principal]:
    """A new session's id (256 random bits, for the cookie) and whose it is.

    Raises `NotSignedIn("sign_in_wrong")` alike, and after equal time, for an unknown name, a wrong password and a
    disabled account: the answer must not tell which names exist.
    """
    try:
        folded = fold_username(username)
    except BadInput:
        folded = ""
    async with store.reading() as db:
        account = await db.scalar(select(AccountRow).where(AccountRow.username == folded))
    matches = await password_matches(account.password_hash if account else None, password)
    now = clock.now()
    if account is None or not matches or account.disabled_at is not None:
        async with store.session() as db:
            append(db, NOBODY, "session.refused", f"account:{account.id}" if account else "account:", now=now)
        raise NotSignedIn("sign_in_wrong")
    rehashed = await hash_password(password) if needs_rehash(account.password_hash) else None
    principal = principal_of(account)
    session_id = secrets.token_urlsafe(32)
    async with store.session() as db:
        # signing in is the moment to forget sessions nobody will use again
        await db.execute(delete(SessionRow).where(SessionRow.expires_at <= now))
        db.add(
            SessionRow(
                id_hash=_hash(session_id), account_id=account.id, created_at=now, seen_at=now, expires_at=now + IDLE
            )
        )
        if rehashed and (row := await db.get(AccountRow, account.id)):
            row.password_hash = rehashed
        append(db, principal, "session.began", f"account:{account.id}", now=now)
    return session_id, principal


async def principal_of_session(store: Store, clock: Clock, session_id: str) -> Principal:
    """Whose session this is, with the roles the account has now.

    Raises `NotSignedIn("session_ended")` when it is unknown, expired, signed out, or its account was disabled.
    """
    now = clock.now()
    async with store.reading() as db:
        row = await db.get(SessionRow, _hash(session_id))
        account = await db.get(AccountRow, row.account_id) if row else None
    if row is None or account is None or row.expires_at <= now or account.disabled_at is not None:
        raise NotSignedIn("session_ended")
    if now - row.seen_at >= SEEN_EVERY:
        async with store.session() as db:
            if seen := await db.get(SessionRow, row.id_hash):
                seen.seen_at = now
                seen.expires_at = min(now + IDLE, seen.created_at + LONGEST)
    return principal_of(account)


async def sign_out(store: Store, clock: Clock, session_id: str) -> None:
    """End a session; nothing happens when there is none."""
    async with store.session() as db:
        row = await db.get(SessionRow, _hash(session_id))
        if row is None:
            return
        account = await db.get(AccountRow, row.account_id)
        if account is not None:
            append(db, principal_of(account), "session.ended", f"account:{account.id}", now=clock.now())
        await db.delete(row)
