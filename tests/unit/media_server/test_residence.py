"""How long packets stay inside: a histogram for ever, percentiles of what was lately."""

from hypothesis import given
from hypothesis import strategies as st

from media_server.residence import BUCKETS_S, WINDOW_S, Percentiles, Residence

notes = st.lists(st.tuples(st.floats(0, 2), st.integers(1, 500)), min_size=1, max_size=40)


@given(noted=notes)
def test_percentiles_are_upper_bounds_within_a_bucket_of_the_truth(noted: list[tuple[float, int]]) -> None:
    residence = Residence()
    for seconds, packets in noted:
        residence.note(seconds, packets, 1.0)
    each = sorted(seconds for seconds, packets in noted for _ in range(packets))
    recent = residence.recent(1.0)
    assert recent.packets == sum(residence.counts) == len(each)
    for share, found in ((0.5, recent.p50_s), (0.99, recent.p99_s)):
        true = each[max(0, -int(-share * len(each) // 1) - 1)]
        assert found >= true
        assert not any(true <= end < found for end in BUCKETS_S)


def test_what_was_long_ago_does_not_count_but_stays_in_the_histogram() -> None:
    residence = Residence()
    residence.note(0.2, 10, 0.0)
    residence.note(0.001, 10, WINDOW_S)
    assert residence.recent(WINDOW_S).p99_s == 0.2
    residence.note(0.001, 10, 2 * WINDOW_S)
    assert residence.recent(2 * WINDOW_S) == Percentiles(20, 0.001, 0.001)
    assert residence.recent(9 * WINDOW_S) == Percentiles(0, 0.0, 0.0)
    assert sum(residence.counts) == 30
