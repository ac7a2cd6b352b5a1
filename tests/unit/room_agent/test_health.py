from hypothesis import given
from hypothesis import strategies as st

from classroom.messages.views import AlarmCode
from room_agent.studio.health import PATIENCE, STALLED_S, PictureStatistics, SourceHealth

LIGHT = PictureStatistics(120, 50)
BLACK = PictureStatistics(16.5, 1)
DARK_SLIDE = PictureStatistics(22, 20)


class Room:
    """A source that gives pictures and sound ten times a second."""

    def __init__(self) -> None:
        self.now_s = 100.0
        self.health = SourceHealth(self.now_s)
        self.health.opened(has_picture=True, has_sound=True, now_s=self.now_s)

    def run(
        self, seconds: float, picture: PictureStatistics | None = LIGHT, rms_dbfs: float | None = -20.0
    ) -> set[AlarmCode]:
        codes: set[AlarmCode] = set()
        for _ in range(round(seconds * 10)):
            self.now_s += 0.1
            if picture is not None:
                self.health.picture(picture, self.now_s)
            if rms_dbfs is not None:
                self.health.sound(rms_dbfs, self.now_s)
            codes = {code for code, _ in self.health.alarms(self.now_s)}
        return codes


def test_a_healthy_source_raises_nothing() -> None:
    assert Room().run(60) == set()


def test_a_pause_in_speaking_is_no_silence_but_an_unplugged_microphone_is() -> None:
    room = Room()
    assert room.run(PATIENCE["silence"].raise_s - 1, rms_dbfs=-80) == set()
    assert room.run(1) == set()
    assert room.run(PATIENCE["silence"].raise_s + 0.5, rms_dbfs=-80) == {"silence"}
    assert room.run(0.2, rms_dbfs=-20) == {"silence"}
    assert room.run(PATIENCE["silence"].clear_s + 0.2, rms_dbfs=-20) == set()


def test_noise_between_the_thresholds_changes_nothing() -> None:
    room = Room()
    assert room.run(60, rms_dbfs=-57) == set()
    assert room.run(25, rms_dbfs=-80) == {"silence"}
    assert room.run(60, rms_dbfs=-57) == {"silence"}


def test_a_black_picture_is_told_from_a_dark_slide() -> None:
    room = Room()
    assert room.run(30, picture=DARK_SLIDE) == set()
    assert room.run(PATIENCE["black_picture"].raise_s + 0.5, picture=BLACK) == {"black_picture"}
    assert room.run(PATIENCE["black_picture"].clear_s + 0.5) == set()


def test_a_camera_that_stops_is_no_signal_and_nothing_else() -> None:
    room = Room()
    room.run(10, picture=BLACK)
    assert room.run(STALLED_S + PATIENCE["no_signal"].raise_s + 0.5, picture=None) == {"no_signal"}
    assert room.run(2) == set()


def test_a_failed_device_is_one_alarm_at_once_and_stays_a_while() -> None:
    room = Room()
    room.health.failed()
    assert room.run(30, picture=None, rms_dbfs=None) == {"source_failed"}
    room.health.opened(has_picture=True, has_sound=True, now_s=room.now_s)
    assert room.run(PATIENCE["source_failed"].clear_s - 0.5) == {"source_failed"}
    assert room.run(1) == set()


def test_a_short_reconnection_is_not_worth_a_word() -> None:
    room = Room()
    room.health.publishing(lost=True)
    assert room.run(PATIENCE["publishing_lost"].raise_s - 0.5) == set()
    room.health.publishing(lost=False)
    assert room.run(1) == set()
    room.health.publishing(lost=True)
    assert room.run(PATIENCE["publishing_lost"].raise_s + 0.5) == {"publishing_lost"}


def test_an_alarm_keeps_the_moment_it_was_raised() -> None:
    room = Room()
    room.run(10, picture=BLACK)
    ((_, since_s),) = room.health.alarms(room.now_s)
    room.run(10, picture=BLACK)
    assert list(room.health.alarms(room.now_s)) == [("black_picture", since_s)]


steps = st.lists(st.tuples(st.floats(0.05, 5), st.sampled_from([LIGHT, BLACK, None]), st.floats(-96, 0)), max_size=80)


@given(steps)
def test_no_alarm_comes_or_goes_faster_than_its_patience(
    history: list[tuple[float, PictureStatistics | None, float]],
) -> None:
    now_s = 0.0
    health = SourceHealth(now_s)
    health.opened(has_picture=True, has_sound=True, now_s=now_s)
    raised_at: dict[AlarmCode, float] = {}
    for seconds, picture, level in history:
        now_s += seconds
        if picture is not None:
            health.picture(picture, now_s)
        health.sound(level, now_s)
        current = dict(health.alarms(now_s))
        for code, since_s in current.items():
            assert since_s <= now_s
            if code in raised_at:
                assert raised_at[code] == since_s
            assert now_s >= PATIENCE[code].raise_s
        raised_at = current
