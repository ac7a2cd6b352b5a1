"""The table of deeds itself; who stands in which relation is tested against real stores."""

import pytest

from classroom.access.matrix import ALLOWED, Deed, Relation, allowed


@pytest.mark.parametrize("deed", Deed)
def test_every_deed_has_a_row_that_somebody_satisfies(deed: Deed) -> None:
    assert ALLOWED[deed]
    assert not allowed(deed, frozenset())


@pytest.mark.parametrize("relation", [Relation.GUEST, Relation.PASSER_BY, Relation.PUPIL])
def test_whoever_only_watches_changes_nothing(relation: Relation) -> None:
    may = {deed for deed in Deed if allowed(deed, frozenset({relation}))}
    assert may == {Deed.SEE_LESSON, Deed.WATCH_LESSON}


def test_a_publishers_token_opens_nothing_but_publishing() -> None:
    may = {deed for deed in Deed if allowed(deed, frozenset({Relation.PUBLISHER}))}
    assert may == {Deed.SEE_LESSON, Deed.PUBLISH}


def test_whoever_may_watch_control_or_publish_may_see() -> None:
    for deed in (Deed.WATCH_LESSON, Deed.CONTROL_LESSON, Deed.PUBLISH, Deed.SEE_VIEWERS):
        assert ALLOWED[deed] <= ALLOWED[Deed.SEE_LESSON]
