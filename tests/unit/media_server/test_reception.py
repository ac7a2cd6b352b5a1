from hypothesis import given
from hypothesis import strategies as st

from classroom.rtp.rtcp import ReportBlock
from media_server.sfu.reception import FEWEST_PACKETS, WINDOW_S, Reception
from media_server.sfu.repairs import BURST_S, LEAST_BPS, SHARE, RepairBudget


def report(ssrc: int, highest: int, lost: int, fraction: int = 0) -> ReportBlock:
    return ReportBlock(ssrc, fraction, lost, highest, 0, 0, 0)


def test_loss_is_told_once_a_window_from_the_cumulative_counts() -> None:
    reception = Reception()
    assert reception.hear(report(1, 1_000, 50), 0.0) is None
    # Dozens of reports in a window, each with a fraction of its own that means nothing.
    for number in range(1, 25):
        at = number * WINDOW_S / 25
        assert reception.hear(report(1, 1_000 + number, 50, fraction=255 * (number % 2)), at) is None
    assert reception.hear(report(1, 1_100, 70), WINDOW_S) == 0.2
    assert reception.hear(report(1, 1_200, 70), 2 * WINDOW_S) == 0.0


def test_all_streams_count_together() -> None:
    reception = Reception()
    for ssrc in (1, 2):
        reception.hear(report(ssrc, 0, 0), 0.0)
    reception.hear(report(1, 100, 20), 0.1)
    assert reception.hear(report(2, 100, 0), WINDOW_S) == 0.1


def test_a_window_with_hardly_any_packets_says_nothing() -> None:
    reception = Reception()
    reception.hear(report(1, 0, 0), 0.0)
    assert reception.hear(report(1, FEWEST_PACKETS - 1, 5), WINDOW_S) is None


@given(st.lists(st.tuples(st.integers(0, 2**32 - 1), st.integers(-(2**23), 2**23 - 1), st.floats(0, 1)), max_size=40))
def test_whatever_a_viewer_reports_the_loss_is_a_share(reports: list[tuple[int, int, float]]) -> None:
    reception, now = Reception(), 0.0
    for highest, lost, step in reports:
        now += step
        loss = reception.hear(report(1, highest, lost), now)
        assert loss is None or 0 <= loss <= 1


@given(st.lists(st.tuples(st.integers(1, 1_500), st.floats(0, 0.2)), max_size=200), st.integers(0, 5_000_000))
def test_repairs_never_take_more_than_their_share(asked: list[tuple[int, float]], sent_bps: int) -> None:
    budget, now, taken = RepairBudget(), 0.0, 0
    for size, step in asked:
        now += step
        taken += size if budget.take(size, sent_bps, now) else 0
    rate = max(LEAST_BPS, SHARE * sent_bps) / 8
    assert taken <= rate * (BURST_S + now) + 1
