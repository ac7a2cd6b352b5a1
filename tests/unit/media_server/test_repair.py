"""What mends holes towards the publisher: history, NACKs, keyframe requests."""

import itertools

import pytest
from hypothesis import given
from hypothesis import strategies as st

from classroom.rtp.packet import RtpPacket
from media_server.sfu.history import HEADERS_BYTES, GopCache, MediaPacket, PacketHistory
from media_server.sfu.keyframes import MIN_INTERVAL_S, RETRY_S, KeyframeRequests
from media_server.sfu.nack import GIVE_UP_S, MAX_MISSING, NackGenerator
from media_server.sfu.nack import RETRY_S as NACK_RETRY_S


def media(index: int, *, keyframe: bool = False, size: int = 10) -> MediaPacket:
    return MediaPacket(RtpPacket(96, index & 0xFFFF, 0, 1, bytes(size)), index, 0, keyframe)


def test_history_keeps_the_last_packets_and_only_those() -> None:
    history = PacketHistory(8)
    for index in range(20):
        assert history.add(media(index))
    assert [index for index in range(-5, 25) if history.get(index)] == list(range(12, 20))
    assert not history.add(media(15)), "a duplicate"
    assert not history.add(media(3)), "older than what its slot holds"
    with pytest.raises(ValueError, match="power of two"):
        PacketHistory(6)


def test_the_cache_holds_everything_from_the_last_keyframe_in_order() -> None:
    cache = GopCache(1_000)
    cache.add(media(4), 0.0)
    assert cache.in_order() == []
    for index in (5, 7, 6, 9):
        cache.add(media(index, keyframe=index == 5), 1.0)
    assert [packet.index for packet in cache.in_order()] == [5, 6, 7, 9]
    cache.add(media(10, keyframe=True), 2.0)
    assert [packet.index for packet in cache.in_order()] == [10]
    assert cache.size_bytes == HEADERS_BYTES + 10
    cache.add(media(8), 2.1)
    assert [packet.index for packet in cache.in_order()] == [10], "from before the keyframe"


def test_a_group_of_pictures_that_outgrows_the_cache_is_let_go() -> None:
    cache = GopCache(10 * (HEADERS_BYTES + 10))
    cache.add(media(1, keyframe=True), 0.0)
    for index in range(2, 12):
        cache.add(media(index), 0.0)
    assert cache.packets == []
    assert cache.size_bytes == 0
    cache.add(media(20, keyframe=True), 1.0)
    assert len(cache.packets) == 1


def test_a_hole_is_asked_for_at_once_then_ever_less_often_then_never() -> None:
    nacks = NackGenerator()
    nacks.receive(10, 0.0)
    nacks.receive(13, 0.0)
    asked, now = [], 0.0
    while now < 5:
        if due := nacks.due(now, rtt_s=0.0):
            asked.append((round(now, 3), due))
        now += 0.005
    assert asked[0] == (0.0, [11, 12])
    assert len(asked) == 7
    assert asked[-1][0] < GIVE_UP_S
    gaps = [later[0] - earlier[0] for earlier, later in itertools.pairwise(asked)]
    assert gaps[0] == pytest.approx(NACK_RETRY_S, abs=0.011)
    assert gaps == sorted(gaps)
    assert (nacks.given_up, nacks.abandoned) == (2, 12)


def test_a_late_packet_is_no_longer_asked_for() -> None:
    nacks = NackGenerator()
    for index in (1, 3, 2):
        nacks.receive(index, 0.0)
    assert nacks.due(0.0, 0.0) == []


def test_the_round_trip_bounds_how_often_is_asked() -> None:
    nacks = NackGenerator()
    nacks.receive(1, 0.0)
    nacks.receive(3, 0.0)
    assert nacks.due(0.0, rtt_s=0.3) == [2]
    assert nacks.due(0.29, rtt_s=0.3) == []
    assert nacks.due(0.31, rtt_s=0.3) == [2]


def test_an_outage_is_not_asked_for_packet_by_packet() -> None:
    nacks = NackGenerator()
    nacks.receive(1, 0.0)
    nacks.receive(MAX_MISSING + 3, 0.0)
    assert nacks.due(0.0, 0.0) == []
    assert nacks.given_up == MAX_MISSING + 1
    assert nacks.abandoned == MAX_MISSING + 2


def test_of_too_many_holes_the_oldest_are_given_up() -> None:
    nacks = NackGenerator()
    for index in range(0, 2 * MAX_MISSING + 10, 2):
        nacks.receive(index, 0.0)
    assert len(nacks.due(0.0, 0.0)) == MAX_MISSING
    assert nacks.abandoned == 2 * nacks.given_up - 1


@given(st.lists(st.integers(0, 300), max_size=300))
def test_never_more_than_the_bound_is_asked_for(indices: list[int]) -> None:
    nacks = NackGenerator()
    for index in indices:
        nacks.receive(index, 0.0)
    due = nacks.due(0.0, 0.0)
    assert len(due) <= MAX_MISSING
    assert not set(due) & set(indices)


def test_many_viewers_ask_once() -> None:
    requests = KeyframeRequests()
    assert not requests.due(0.0)
    for _ in range(50):
        requests.want()
    assert requests.due(0.0)
    requests.arrived()
    requests.want()
    assert not requests.due(MIN_INTERVAL_S - 0.01)
    assert requests.due(MIN_INTERVAL_S)
    assert requests.sent == 2


def test_an_unanswered_request_is_repeated() -> None:
    requests = KeyframeRequests()
    requests.want()
    assert requests.due(0.0)
    assert not requests.due(RETRY_S - 0.01)
    assert requests.due(RETRY_S)
    requests.arrived()
    assert not requests.due(100.0)
