"""Several records of one lesson become one timeline."""

from fractions import Fraction
from itertools import pairwise

from hypothesis import given
from hypothesis import strategies as st

from classroom.model.merging import LEAST_FILLING_S, Piece, TrackSegments, merged, segment_range
from classroom.model.recording import Segment, Track, TrackKind, TrackOrigin

TIMESCALES = {TrackOrigin.AGENT: 48_000, TrackOrigin.SERVER: 90_000, TrackOrigin.IMPORT: 12_800}


def track(origin: TrackOrigin, name: str = "teacher", kind: TrackKind = TrackKind.VIDEO) -> Track:
    return Track(f"{name}-{origin}", "recording", name, kind, origin, "avc1.42e01f", TIMESCALES[origin])


def recorded(origin: TrackOrigin, *ranges_s: tuple[float, float], name: str = "teacher") -> TrackSegments:
    of = track(origin, name)
    scale = of.timescale
    segments = [
        Segment(number, f"{origin}{number}", "", 0, round(begin * scale), round(end * scale) - round(begin * scale))
        for number, (begin, end) in enumerate(ranges_s)
    ]
    return of, segments


def shown(pieces: list[Piece]) -> list[tuple[str, int, float, float]]:
    return [(p.track.origin.value, p.segment.sequence, float(p.begin_s), float(p.end_s)) for p in pieces]


def only(*tracks: TrackSegments) -> list[Piece]:
    [pieces] = merged(tracks).values()
    return pieces


def test_the_master_wins_and_the_server_fills_its_gaps() -> None:
    agent = recorded(TrackOrigin.AGENT, (2, 6), (6, 10), (20, 24))
    server = recorded(TrackOrigin.SERVER, (0, 5), (5, 11), (11, 17), (17, 23), (23, 29))
    assert shown(only(server, agent)) == [
        ("server", 0, 0, 2),
        ("agent", 0, 2, 6),
        ("agent", 1, 6, 10),
        ("server", 1, 10, 11),
        ("server", 2, 11, 17),
        ("server", 3, 17, 20),
        ("agent", 2, 20, 24),
        ("server", 4, 24, 29),
    ]


def test_a_segment_may_fill_several_gaps() -> None:
    agent = recorded(TrackOrigin.AGENT, (2, 4), (5, 7))
    assert shown(only(agent, recorded(TrackOrigin.SERVER, (1, 9)))) == [
        ("server", 0, 1, 2),
        ("agent", 0, 2, 4),
        ("server", 0, 4, 5),
        ("agent", 1, 5, 7),
        ("server", 0, 7, 9),
    ]


def test_a_short_hole_stays() -> None:
    agent = recorded(TrackOrigin.AGENT, (0, 4), (4.4, 8))
    assert shown(only(agent, recorded(TrackOrigin.SERVER, (0, 8)))) == [("agent", 0, 0, 4), ("agent", 1, 4.4, 8)]


def test_other_sources_and_kinds_are_kept_apart() -> None:
    sound = (track(TrackOrigin.SERVER, kind=TrackKind.AUDIO), [Segment(0, "a", "", 0, 0, 90_000)])
    found = merged([recorded(TrackOrigin.AGENT, (0, 4)), recorded(TrackOrigin.SERVER, (0, 4), name="slides"), sound])
    assert {key: shown(pieces) for key, pieces in found.items()} == {
        ("teacher", TrackKind.VIDEO): [("agent", 0, 0, 4)],
        ("slides", TrackKind.VIDEO): [("server", 0, 0, 4)],
        ("teacher", TrackKind.AUDIO): [("server", 0, 0, 1)],
    }
    assert merged([(track(TrackOrigin.AGENT), [])]) == {("teacher", TrackKind.VIDEO): []}


@st.composite
def tracks(draw: st.DrawFn) -> list[TrackSegments]:
    """Up to three records of one source; segments of a record in any order, with gaps, never over each other."""
    found: list[TrackSegments] = []
    for origin in draw(st.lists(st.sampled_from(TrackOrigin), min_size=1, max_size=3, unique=True)):
        of, position, segments = track(origin), 0, []
        for number, (gap, length) in enumerate(
            draw(st.lists(st.tuples(st.integers(0, 400), st.integers(1, 800)), max_size=12))
        ):
            start = position + gap * of.timescale // 100
            duration = length * of.timescale // 100
            segments.append(Segment(number, "", "", 0, start, duration))
            position = start + duration
        found.append((of, draw(st.permutations(segments))))
    return found


def holds(recorded: TrackSegments, at_s: Fraction) -> bool:
    of, segments = recorded
    return any(begin <= at_s < end for begin, end in (segment_range(of, each) for each in segments))


@given(tracks())
def test_pieces_lie_in_their_segments_and_never_over_each_other(records: list[TrackSegments]) -> None:
    pieces = only(*records)
    for piece in pieces:
        begin_s, end_s = segment_range(piece.track, piece.segment)
        assert begin_s <= piece.begin_s < piece.end_s <= end_s
        assert piece.whole == ((piece.begin_s, piece.end_s) == (begin_s, end_s))
    assert all(first.end_s <= second.begin_s for first, second in pairwise(pieces))


@given(tracks())
def test_whoever_comes_first_is_shown_wherever_it_has_something(records: list[TrackSegments]) -> None:
    pieces = only(*records)
    order = [TrackOrigin.AGENT, TrackOrigin.IMPORT, TrackOrigin.SERVER]
    by_precedence = sorted(records, key=lambda record: order.index(record[0].origin))
    edges = sorted({edge for of, each in records for segment in each for edge in segment_range(of, segment)})
    for begin_s, end_s in pairwise(edges):
        shown_here = [piece for piece in pieces if piece.begin_s <= begin_s and end_s <= piece.end_s]
        holding = [of for of, segments in by_precedence if holds((of, segments), begin_s)]
        if shown_here:
            assert shown_here[0].track is holding[0]
        elif holding:
            # a hole that is not worth filling, before or between pieces
            before = max((piece.end_s for piece in pieces if piece.end_s <= begin_s), default=Fraction(0))
            after = min(piece.begin_s for piece in pieces if piece.begin_s >= end_s)
            assert after - before < LEAST_FILLING_S


@given(tracks())
def test_the_order_of_tracks_does_not_matter(records: list[TrackSegments]) -> None:
    assert only(*records) == only(*reversed(records))
