from hypothesis import given
from hypothesis import strategies as st

from media_server.sfu.encoding import Encoding
from media_server.sfu.governor import FIRST_WAIT_S, NARROW_FOR_S, UNUSABLE_LOSS, Governor, Picture
from media_server.sfu.point import OperatingPoint
from tests.fakes.camera import H264


def encoding(rid: str, bitrate_bps: int) -> OperatingPoint:
    made = Encoding(rid, hash(rid) & 0xFFFF, H264, video=True)
    made.bitrate_bps = bitrate_bps
    return OperatingPoint(made)


HIGH, MEDIUM, LOW = encoding("h", 1_200_000), encoding("m", 400_000), encoding("l", 120_000)
LADDER = (HIGH, MEDIUM, LOW)
CONGESTED_AT_S = NARROW_FOR_S + 0.01


def chosen(governor: Governor, *pictures: Picture, now: float = 0.0) -> list[str | None]:
    choices = governor.decide(pictures, now)
    return [choices[p.key].point.rid if choices[p.key].point else choices[p.key].reason for p in pictures]  # type: ignore[union-attr]


def congest(governor: Governor, estimate_bps: float, now: float) -> None:
    governor.hear_estimate(estimate_bps, 10 * estimate_bps, now)
    assert governor.hear_estimate(estimate_bps, 10 * estimate_bps, now + CONGESTED_AT_S)


def test_everybody_starts_with_the_best() -> None:
    assert chosen(Governor(), Picture("a", "auto", LADDER), Picture("b", "auto", LADDER)) == ["h", "h"]


def test_a_pin_is_a_ceiling_and_off_is_off() -> None:
    pictures = Picture("a", "m", LADDER), Picture("b", "off", LADDER), Picture("c", "auto", ())
    assert chosen(Governor(), *pictures) == ["m", "off", "no_source"]


def test_every_picture_gets_its_lowest_before_any_climbs() -> None:
    governor = Governor()
    congest(governor, 600_000, 0.0)
    assert chosen(governor, Picture("big", "auto", LADDER), Picture("small", "auto", LADDER), now=1.0) == ["m", "l"]


def test_below_the_lowest_a_picture_pauses_for_bandwidth() -> None:
    governor = Governor()
    congest(governor, 50_000, 0.0)
    assert chosen(governor, Picture("a", "auto", LADDER), now=1.0) == ["bandwidth"]


def test_loss_alone_takes_no_picture_away_until_it_is_unusable() -> None:
    governor = Governor()
    pictures = Picture("a", "auto", (LOW,)), Picture("b", "auto", LADDER)
    lowered = 0
    for step in range(100):
        lowered += governor.hear_loss(UNUSABLE_LOSS, 200_000, 0.2 * step)
        assert chosen(governor, *pictures, now=0.2 * step)[0] == "l"
    assert lowered > 3
    assert chosen(governor, *pictures, now=20.0) == ["l", "l"]
    for step in range(100, 130):
        governor.hear_loss(UNUSABLE_LOSS + 0.01, 200_000, 0.2 * step)
    assert "bandwidth" in chosen(governor, *pictures, now=26.0)


def test_one_bad_report_is_chance() -> None:
    governor = Governor()
    assert not governor.hear_loss(0.5, 1_000_000, 0.0)
    assert not governor.hear_loss(0.0, 1_000_000, 0.3)
    assert not governor.hear_loss(0.5, 1_000_000, 1.0)
    assert governor.limit_bps is None


def test_loss_that_nack_repairs_costs_no_quality() -> None:
    governor = Governor()
    for second in range(60):
        governor.hear_loss(0.05, 1_200_000, float(second))
    assert chosen(governor, Picture("a", "auto", LADDER), now=60.0) == ["h"]


def test_an_estimate_that_climbs_is_no_sign_of_a_thin_line() -> None:
    """What Chromium says of a line without limits after it began with a small picture: 8 % more every second."""
    governor = Governor()
    for report in range(120):
        governor.hear_estimate(100_000 * 1.08 ** (report / 4), 1_200_000, report / 4)
    assert governor.limit_bps is None


def test_an_estimate_that_stays_low_is_one() -> None:
    governor = Governor()
    lowered = [governor.hear_estimate(300_000 + 9_000 * (report % 2), 1_200_000, report / 4) for report in range(12)]
    assert lowered.index(True) <= 4 * (NARROW_FOR_S + 0.25)
    assert governor.limit_bps is not None
    assert governor.limit_bps <= 309_000


def test_the_next_step_is_tried_after_a_quiet_while_and_longer_after_a_failure() -> None:
    governor, picture = Governor(), Picture("a", "auto", LADDER)
    congest(governor, 200_000, 0.0)
    calm = CONGESTED_AT_S + FIRST_WAIT_S
    assert chosen(governor, picture, now=calm - 0.1) == ["l"]
    assert chosen(governor, picture, now=calm + 0.01) == ["m"]
    congest(governor, 200_000, calm + 1)
    failed = calm + 1 + CONGESTED_AT_S
    assert chosen(governor, picture, now=failed) == ["l"]
    assert chosen(governor, picture, now=failed + 2 * FIRST_WAIT_S - 0.1) == ["l"]
    assert chosen(governor, picture, now=failed + 2 * FIRST_WAIT_S + 0.01) == ["m"]


def test_climbing_back_to_the_best_forgets_the_limit() -> None:
    governor, picture = Governor(), Picture("a", "auto", LADDER)
    congest(governor, 200_000, 0.0)
    for second in range(60):
        governor.decide([picture], float(second))
    assert governor.limit_bps is None


@given(
    st.lists(st.tuples(st.sampled_from(["auto", "h", "m", "l", "off"]), st.integers(0, 3)), min_size=1, max_size=6),
    st.integers(10_000, 5_000_000),
)
def test_what_is_chosen_fits_the_limit_and_the_preferences(wishes: list[tuple[str, int]], limit: int) -> None:
    governor = Governor()
    congest(governor, limit, 0.0)
    pictures = [Picture(str(n), preference, LADDER[3 - count :]) for n, (preference, count) in enumerate(wishes)]
    choices = governor.decide(pictures, CONGESTED_AT_S)
    assert choices.keys() == {picture.key for picture in pictures}
    chosen_encodings = [choice.point for choice in choices.values() if choice.point]
    assert sum(each.bitrate_bps for each in chosen_encodings) <= limit
    for picture in pictures:
        choice = choices[picture.key]
        assert (choice.point is None) == (choice.reason is not None)
        if choice.point:
            assert choice.point in picture.points
            if picture.preference in {"h", "m", "l"}:
                pinned = [each for each in picture.points if each.rid == picture.preference]
                assert not pinned or choice.point.bitrate_bps <= pinned[0].bitrate_bps
        # Nobody climbs while somebody who could have a picture has none for want of bandwidth.
        elif choice.reason == "bandwidth":
            spare = limit - sum(each.bitrate_bps for each in chosen_encodings)
            assert spare < LOW.bitrate_bps
