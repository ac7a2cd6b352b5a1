import gc
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


def test_giving_memory_back_never_stops_the_world() -> None:
    phases: list[str] = []

    def note(phase: str, _info: object) -> None:
        phases.append(phase)

    gc.callbacks.append(note)
    try:
        give_back()
    finally:
        gc.callbacks.remove(note)
    assert phases == []
