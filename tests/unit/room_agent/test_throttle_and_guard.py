"""The upload gives way to the lesson, and the disk guard takes only what is safe elsewhere."""

from hypothesis import given
from hypothesis import strategies as st

from room_agent.studio.diskguard import KeptLesson, judge
from room_agent.studio.throttle import Throttle

GB = 1_000_000_000


def sent_within(throttle: Throttle, begin_s: float, seconds: float, piece: int = 16_000) -> int:
    now_s, sent = begin_s, 0
    while True:
        now_s += throttle.wait_s(piece, now_s)
        if now_s >= begin_s + seconds:
            return sent
        sent += piece


def test_without_a_lesson_the_line_is_the_uploads() -> None:
    throttle = Throttle(0, 0.0)
    assert sent_within(throttle, 0.0, 0.1) > 10_000_000
    limited = Throttle(800_000, 0.0)
    assert 95_000 <= sent_within(limited, 0.0, 1.0) <= 116_000


def test_the_upload_yields_when_the_lesson_loses_packets_and_comes_back_slowly() -> None:
    throttle = Throttle(0, 0.0)
    throttle.live(True)
    throttle.look(150, 0, 1.0)
    before = throttle.rate_bps
    throttle.look(150, 20, 2.0)
    assert throttle.rate_bps <= before / 2
    assert throttle.wait_s(1_000, 2.0) >= 2.5, "silence first"
    for second in range(3, 40):
        throttle.look(150, 20, float(second))
    assert throttle.rate_bps == 64_000, "never quite nothing"
    for second in range(43, 60):
        throttle.look(150, 0, float(second))
    assert 64_000 * 4 < throttle.rate_bps < 64_000 * 8
    throttle.live(False)
    assert throttle.rate_bps > 100_000_000


def lesson(
    name: str, size_gb: float, *, safe: bool = False, expired: bool = False, running: bool = False
) -> KeptLesson:
    return KeptLesson(name, int(size_gb * GB), safe, expired, running)


def test_what_is_long_safe_goes_and_nothing_else_while_there_is_room() -> None:
    kept = [lesson("a", 1, safe=True, expired=True), lesson("b", 1, safe=True), lesson("c", 1)]
    verdict = judge(50 * GB, 10 * GB, kept)
    assert (verdict.warning, verdict.remove, verdict.unsafe) == (None, ("a",), ())
    assert judge(5 * GB, 10 * GB, kept[1:]).warning == "disk_low"
    assert judge(5 * GB, 10 * GB, kept[1:]).remove == ()


def test_when_room_is_needed_the_oldest_safe_lessons_go() -> None:
    kept = [lesson("a", 1), lesson("b", 1, safe=True), lesson("c", 1, safe=True), lesson("d", 1, running=True)]
    verdict = judge(int(1.5 * GB), 10 * GB, kept)
    assert (verdict.warning, verdict.remove, verdict.unsafe) == ("disk_low", ("b",), ())


def test_the_unsent_goes_only_for_a_running_lesson_on_a_full_disk_and_is_named() -> None:
    kept = [lesson("a", 1), lesson("b", 1)]
    assert judge(0, 10 * GB, kept).remove == ()
    assert judge(0, 10 * GB, kept).warning == "disk_full"
    verdict = judge(0, 10 * GB, [*kept, lesson("c", 1, running=True)])
    assert (verdict.warning, verdict.remove, verdict.unsafe) == ("disk_full", ("a",), ("a",))


lessons = st.lists(
    st.builds(
        KeptLesson,
        st.uuids().map(str),
        st.integers(0, 3 * GB),
        st.booleans(),
        st.booleans(),
        st.booleans(),
    ),
    max_size=8,
)


@given(lessons, st.integers(0, 20 * GB), st.integers(0, 12 * GB))
def test_whatever_is_kept(kept: list[KeptLesson], free: int, low: int) -> None:
    verdict = judge(free, low, kept)
    removed = {each.lesson_id: each for each in kept if each.lesson_id in verdict.remove}
    assert not any(each.running for each in removed.values())
    assert {name for name, each in removed.items() if not each.safe} == set(verdict.unsafe)
    if verdict.unsafe:
        assert all(each.lesson_id in removed for each in kept if each.safe and not each.running)
        assert verdict.warning == "disk_full"
    assert not removed or free < low or all(each.expired for each in removed.values())
