"""Everything the fuzzers ever found worth keeping, again: nothing escapes, and nothing stays behind."""

import gc
import tracemalloc

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.fuzz.corpus import load_corpus
from tests.fuzz.target import join, load_target, split, target_names

ROUNDS = 3
INPUTS = 60  # of the corpus, spread over it: enough to show a leak, quick under tracemalloc
GROWTH_BYTES = 20_000  # of all rounds together: interned strings, caches of the standard library


def inputs_of(name: str) -> list[bytes]:
    return [*load_target(name).seeds(), *load_corpus(name)]


@pytest.mark.parametrize("name", target_names())
def test_every_kept_input_is_withstood(name: str) -> None:
    target = load_target(name)
    for data in inputs_of(name):
        target.run(data)


@pytest.mark.parametrize("name", target_names())
def test_garbage_leaves_nothing_in_memory(name: str) -> None:
    target, inputs = load_target(name), inputs_of(name)
    inputs = inputs[:: -(-len(inputs) // INPUTS)]

    def attack() -> None:
        for data in inputs:
            target.run(data)

    attack()
    tracemalloc.start()
    try:
        attack()
        gc.collect()
        before, _ = tracemalloc.get_traced_memory()
        for _ in range(ROUNDS):
            attack()
        gc.collect()
        after, _ = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert after - before < GROWTH_BYTES


@pytest.mark.parametrize("name", target_names())
def test_there_is_a_corpus_to_start_from(name: str) -> None:
    target = load_target(name)
    assert all(len(data) <= target.MAX_BYTES for data in inputs_of(name))
    assert load_corpus(name)


@settings(max_examples=50)
@given(st.lists(st.binary(max_size=300), max_size=10))
def test_what_is_joined_is_split(chunks: list[bytes]) -> None:
    assert split(join(chunks)) == chunks


@given(st.binary(max_size=300))
def test_any_bytes_split_into_pieces_of_themselves(data: bytes) -> None:
    assert all(chunk in data for chunk in split(data))
