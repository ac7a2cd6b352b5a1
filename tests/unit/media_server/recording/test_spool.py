"""What was recorded is on this server's disk at once, and found again after a crash."""

import shutil
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from classroom.errors import Unavailable
from classroom.fmp4.formats import opus_format
from classroom.fmp4.fragment import Sample, write_fragment
from classroom.fmp4.header import read_header
from classroom.fmp4.reader import read_segment
from media_server.recording.core.segment import FragmentWritten, SegmentClosed, SegmentOpened, Step
from media_server.recording.spool import Spool, Spooled, TrackKey

FORM = opus_format(1)
KEY = TrackKey("lesson", "teacher", "audio")
OTHER = TrackKey("lesson", "slides", "video")


def fragment(number: int, *, duration: int = 24_000, again: bool = False) -> FragmentWritten:
    data = write_fragment(number, number * 24_000, [Sample(b"sound %03d" % number, duration)])
    return FragmentWritten(data, again)


def begun(*numbers: int) -> list[tuple[TrackKey, Step]]:
    return [(KEY, SegmentOpened(FORM, numbers[0] * 24_000)), *((KEY, fragment(number)) for number in numbers)]


def times(segment: Spooled) -> list[int]:
    """Where its fragments begin, in half seconds."""
    assert read_header(segment.header.read_bytes()).format == FORM
    return [each.decode_time // 24_000 for each in read_segment(segment.path.read_bytes())]


@pytest.fixture
def spools() -> Iterator[Callable[[Path], Spool]]:
    """Makes spools, and closes them in the end."""
    made: list[Spool] = []

    def make(root: Path) -> Spool:
        made.append(Spool(root))
        return made[-1]

    yield make
    for each in made:
        each.close()


def after_a_crash(root: Path) -> Path:
    """The same files, with nobody who holds a lock on them."""
    return Path(shutil.copytree(root, root.with_name("after")))


def test_a_finished_segment_is_told_and_forgotten_when_asked(tmp_path: Path, spools: Callable[[Path], Spool]) -> None:
    spool = spools(tmp_path / "spool")
    assert spool.write(begun(0, 1)) == []
    [segment] = spool.write([(KEY, fragment(2)), (KEY, SegmentClosed(72_000))])
    assert segment.key == KEY
    assert times(segment) == [0, 1, 2]
    segment.forget()
    spool.close()
    assert not list((tmp_path / "spool").rglob("*"))


def test_the_last_fragment_can_be_written_again(tmp_path: Path, spools: Callable[[Path], Spool]) -> None:
    spool = spools(tmp_path)
    spool.write(begun(0, 1))
    spool.write([(KEY, fragment(1, duration=30_000, again=True))])
    [segment] = spool.write([(KEY, fragment(1, duration=48_000, again=True)), (KEY, SegmentClosed(72_000))])
    assert [each.duration for each in read_segment(segment.path.read_bytes())] == [24_000, 48_000]


def test_what_a_crash_leaves_is_taken_over_in_order(tmp_path: Path, spools: Callable[[Path], Spool]) -> None:
    spool = spools(tmp_path / "spool")
    spool.write([*begun(0, 1), (KEY, SegmentClosed(48_000)), *begun(2, 3), (OTHER, SegmentOpened(FORM, 0))])
    root = after_a_crash(tmp_path / "spool")
    [torn] = root.rglob("*48000.open")
    torn.write_bytes(torn.read_bytes() + fragment(4).data[:-3])
    survivor = spools(root)
    found = survivor.abandoned()
    assert [times(each) for each in found] == [[0, 1], [2, 3]]
    assert [each.key for each in found] == [KEY, KEY]
    assert survivor.abandoned() == []
    for each in found:
        each.forget()
    survivor.close()
    assert not list(root.rglob("*"))


def test_nothing_is_taken_from_a_server_that_lives(tmp_path: Path, spools: Callable[[Path], Spool]) -> None:
    living = spools(tmp_path)
    living.write(begun(0, 1))
    other = spools(tmp_path)
    assert other.abandoned() == []
    [segment] = living.write([(KEY, SegmentClosed(48_000))])
    assert times(segment) == [0, 1]


def test_files_that_are_nothing_of_ours_do_no_harm(tmp_path: Path, spools: Callable[[Path], Spool]) -> None:
    spool = spools(tmp_path / "spool")
    spool.write([*begun(0, 1), (KEY, SegmentClosed(48_000))])
    root = after_a_crash(tmp_path / "spool")
    [header] = root.rglob("*.header")
    header.unlink()
    (root / "notes.txt").write_text("not a folder", "utf-8")
    folder = next(each for each in root.iterdir() if each.is_dir()) / "lesson" / "teacher.audio"
    (folder / "000000000000001.open").write_bytes(b"garbage")
    (folder / "000000000000001.header").write_bytes(b"garbage")
    assert spools(root).abandoned() == []


def test_a_full_disk_ends_the_segment_and_what_comes_later_is_kept_again(
    tmp_path: Path, spools: Callable[[Path], Spool]
) -> None:
    spool = spools(tmp_path)
    spool.write(begun(0, 1))
    spool._keep_free_bytes = shutil.disk_usage(tmp_path).total + 1  # as when somebody else has filled it
    [segment] = spool.write([(KEY, fragment(2))])
    assert times(segment) == [0, 1]
    assert spool.write([(KEY, fragment(3)), (KEY, SegmentClosed(96_000))]) == []
    assert spool.refused == 2
    spool._keep_free_bytes = 0
    assert spool.write([(KEY, fragment(4))]) == []
    [segment] = spool.write([*begun(5, 6), (KEY, SegmentClosed(48_000))])
    assert times(segment) == [5, 6]
    assert spool.refused == 3


def test_a_place_that_cannot_be_written_is_named(tmp_path: Path, spools: Callable[[Path], Spool]) -> None:
    (tmp_path / "file").write_text("", "utf-8")
    with pytest.raises(Unavailable) as caught:
        spools(tmp_path / "file")
    assert caught.value.code == "segment_store_down"
