import asyncio

import pytest

from classroom.auth.passwords import NOBODYS_HASH, hash_password, needs_rehash, password_matches
from classroom.errors import BadInput
from classroom.model.username import fold_username


async def test_only_the_password_matches_its_hash() -> None:
    stored = await hash_password("正确的马 battery")
    assert stored.startswith("$argon2id$")
    assert await password_matches(stored, "正确的马 battery")
    assert not await password_matches(stored, "正确的马 batter")
    assert not needs_rehash(stored)


async def test_the_same_keys_on_another_keyboard_are_the_same_password() -> None:
    stored = await hash_password("ＡＢＣ１２３ café")
    assert await password_matches(stored, "ABC123 cafe\u0301")


async def test_two_hashes_of_one_password_differ() -> None:
    assert len(set(await asyncio.gather(hash_password("the same"), hash_password("the same")))) == 2


async def test_nobody_matches_nothing_at_todays_cost() -> None:
    assert not needs_rehash(NOBODYS_HASH)
    assert not await password_matches(None, "anything")


@pytest.mark.parametrize("stored", ["", "plain", "$argon2id$v=19$broken"])
async def test_a_damaged_hash_matches_nothing(stored: str) -> None:
    assert not await password_matches(stored, "plain")


@pytest.mark.parametrize(
    ("typed", "folded"), [("Wang", "wang"), (" wang ", "wang"), ("ＷＡＮＧ", "wang"), ("王老师", "王老师")]
)
def test_user_names_are_folded(typed: str, folded: str) -> None:
    assert fold_username(typed) == folded


@pytest.mark.parametrize("typed", ["", " ", "a b", "a\tb", "a\0", "x" * 65, "a\u200bb"])
def test_unusable_user_names_are_refused(typed: str) -> None:
    with pytest.raises(BadInput) as error:
        fold_username(typed)
    assert error.value.code == "username_wrong"
