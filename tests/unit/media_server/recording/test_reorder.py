"""The recorder's packets in order, whatever the line did to them."""

from itertools import pairwise

from hypothesis import given, settings
from hypothesis import strategies as st

from classroom.rtp.packet import RtpPacket
from media_server.recording.core.reorder import LARGEST_HOLE, MAX_HELD, WAIT_S, InOrder, Reorder
from media_server.sfu.history import MediaPacket


def packet(index: int, payload: bytes = b"x") -> MediaPacket:
    return MediaPacket(RtpPacket(96, index & 0xFFFF, 0, 1, payload), index, 0, False)


def indices(found: InOrder) -> list[int | None]:
    return [None if each is None else each.index for each in found]


def test_packets_in_order_pass_at_once() -> None:
    reorder = Reorder()
    assert [indices(reorder.receive(packet(n), 0.0)) for n in (7, 8, 9)] == [[7], [8], [9]]


def test_a_late_packet_is_waited_for_and_then_given_up() -> None:
    reorder = Reorder()
    reorder.receive(packet(1), 0.0)
    assert not reorder.receive(packet(3), 1.0)
    assert not reorder.due(1.0 + WAIT_S - 0.01)
    assert indices(reorder.receive(packet(2), 1.0 + WAIT_S - 0.01)) == [2, 3]
    assert not reorder.receive(packet(5), 3.0)
    assert indices(reorder.due(3.0 + WAIT_S)) == [None, 5]
    assert not reorder.receive(packet(4), 5.0)
    assert (reorder.lost, reorder.late) == (1, 1)


def test_each_hole_is_waited_for_from_when_it_was_noticed() -> None:
    reorder = Reorder()
    for index, at in ((1, 0.0), (3, 1.0), (5, 2.0)):
        reorder.receive(packet(index), at)
    assert indices(reorder.due(1.0 + WAIT_S)) == [None, 3]
    assert not reorder.due(2.0 + WAIT_S - 0.01)
    assert indices(reorder.due(2.0 + WAIT_S)) == [None, 5]


def test_an_outage_is_not_waited_for() -> None:
    reorder = Reorder()
    reorder.receive(packet(1), 0.0)
    beyond = 2 + LARGEST_HOLE + 1
    assert indices(reorder.receive(packet(beyond), 0.0)) == [None, beyond]
    assert reorder.lost == LARGEST_HOLE + 1


def test_padding_leaves_no_hole() -> None:
    reorder = Reorder()
    reorder.receive(packet(1), 0.0)
    assert not reorder.receive(packet(3), 0.0)
    assert indices(reorder.receive(packet(2, b""), 0.0)) == [3]
    assert indices(reorder.receive(packet(4, b""), 0.0)) == []
    assert indices(reorder.receive(packet(5), 0.0)) == [5]


def test_what_waits_is_bounded() -> None:
    reorder = Reorder()
    reorder.receive(packet(1), 0.0)
    for index in range(3, 3 + MAX_HELD):
        assert not reorder.receive(packet(index), 0.0)
    last = 3 + MAX_HELD
    assert indices(reorder.receive(packet(last), 0.0)) == [None, *range(3, last + 1)]


PAUSES = st.lists(st.sampled_from((0.0, 0.3, 2.0)), min_size=20, max_size=20)


@settings(max_examples=50)
@given(st.permutations(range(1, 20)), st.sets(st.integers(1, 19)), PAUSES)
def test_nothing_comes_twice_or_out_of_order(order: list[int], lost: set[int], pauses: list[float]) -> None:
    reorder = Reorder()
    found = list(reorder.receive(packet(0), 0.0))
    now = 0.0
    for index in order:
        now += pauses[index]
        found += reorder.due(now)
        if index not in lost:
            found += reorder.receive(packet(index), now)
            assert not reorder.receive(packet(index), now)
    found += reorder.end()
    came = [each.index for each in found if each is not None]
    assert came == sorted(set(came))
    # between neighbours with a hole between them stands exactly one sign of loss
    assert sum(each is None for each in found) == sum(second - first > 1 for first, second in pairwise(came))
    assert reorder.lost == came[-1] - came[0] + 1 - len(came)
