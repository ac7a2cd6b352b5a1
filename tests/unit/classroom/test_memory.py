import gc
import weakref
from collections.abc import Iterator

import pytest

from classroom.memory import GC_ALLOCATIONS, give_back, spare_the_collector


@pytest.fixture(autouse=True)
def _collector_as_it_was() -> Iterator[None]:
    threshold = gc.get_threshold()
    yield
    gc.unfreeze()
    gc.set_threshold(*threshold)


def test_what_is_built_is_left_out_of_collections() -> None:
    spare_the_collector()
    assert gc.get_freeze_count() > 0
    assert gc.get_threshold()[0] == GC_ALLOCATIONS


class Circle:
    def __init__(self) -> None:
        self.own = self


def test_circles_are_collected_before_memory_is_given_back() -> None:
    circle = weakref.ref(Circle())
    give_back()
    assert circle() is None
