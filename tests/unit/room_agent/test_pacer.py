from hypothesis import given
from hypothesis import strategies as st

from room_agent.uplink.pacer import Pacer

RATE_BPS = 4_000_000


def drain(pacer: Pacer[int], now_s: float) -> list[tuple[float, int]]:
    sent: list[tuple[float, int]] = []
    while True:
        sent.extend((now_s, item) for item in pacer.take(now_s))
        wait_s = pacer.wait_s()
        if wait_s is None:
            return sent
        now_s += max(wait_s, 0.001)


def test_a_keyframe_leaves_at_the_rate_and_not_at_once() -> None:
    pacer: Pacer[int] = Pacer(RATE_BPS, 1)
    for number in range(40):
        pacer.push(0, number, 1200)
    sent = drain(pacer, 100.0)
    assert [item for _, item in sent] == list(range(40))
    whole_s = 40 * 1200 * 8 / RATE_BPS
    assert 0.8 * whole_s < sent[-1][0] - 100.0 < 1.1 * whole_s
    # In no 20 ms leaves more than twice what the rate allows.
    for began_s, _ in sent:
        burst = sum(1200 for at_s, _ in sent if began_s <= at_s < began_s + 0.02)
        assert burst <= 2 * RATE_BPS / 8 * 0.02


def test_an_ordinary_picture_leaves_at_once() -> None:
    pacer: Pacer[int] = Pacer(RATE_BPS, 1)
    for number in range(4):
        pacer.push(0, number, 1200)
    assert pacer.take(5.0) == [0, 1, 2, 3]
    assert pacer.wait_s() is None


@given(st.lists(st.tuples(st.integers(0, 2), st.integers(50, 1200)), max_size=60))
def test_nothing_is_lost_and_each_lane_keeps_its_order(pushes: list[tuple[int, int]]) -> None:
    pacer: Pacer[int] = Pacer(RATE_BPS, 3)
    for number, (lane, size) in enumerate(pushes):
        pacer.push(lane, number, size)
    order = [item for _, item in drain(pacer, 0.0)]
    lanes = [[number for number, (lane, _) in enumerate(pushes) if lane == each] for each in range(3)]
    assert order == lanes[0] + lanes[1] + lanes[2]
    assert pacer.waiting_bytes == 0


def test_a_lane_with_more_than_a_second_of_data_is_overfull_and_can_be_dropped() -> None:
    pacer: Pacer[int] = Pacer(RATE_BPS, 2)
    count = RATE_BPS // 8 // 1000
    for number in range(count):
        pacer.push(1, number, 1000)
    assert not pacer.overfull(1)
    pacer.push(1, count, 1000)
    assert pacer.overfull(1)
    assert not pacer.overfull(0)
    assert pacer.drop(1) == count + 1
    assert pacer.take(0.0) == []
