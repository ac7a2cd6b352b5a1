"""A bag on disk, interrupted anywhere."""

import hashlib
from datetime import date
from pathlib import Path

import pytest

from classroom.errors import Unavailable
from media_server.exchange.bag import Bag, Done

WHOLE = bytes(range(256)) * 40


def test_a_file_goes_on_at_the_byte_where_it_was_interrupted(tmp_path: Path) -> None:
    bag = Bag(tmp_path, {})
    bag.open()
    with bag.writer("data/film.mp4", "one", sync_bytes=300) as writer:
        assert writer.resume() == 0
        writer.write(WHOLE[:1000])
    assert not (tmp_path / "data/film.mp4").exists()
    [part] = tmp_path.glob("data/.*.part")
    # after a power cut a file may have its length, but not its last bytes
    with part.open("r+b") as torn:
        torn.seek(900)
        torn.write(bytes(100))
    with bag.writer("data/film.mp4", "one", sync_bytes=300) as writer:
        assert writer.resume() == 900
        writer.write(WHOLE[900:])
        file = writer.finish()
    assert (tmp_path / "data/film.mp4").read_bytes() == WHOLE
    assert (file.size, file.sha256) == (len(WHOLE), hashlib.sha256(WHOLE).hexdigest())


def test_what_was_begun_of_another_film_is_no_beginning_of_this_one(tmp_path: Path) -> None:
    bag = Bag(tmp_path, {})
    bag.open()
    with bag.writer("data/film.mp4", "one") as writer:
        writer.resume()
        writer.write(WHOLE)
    with bag.writer("data/film.mp4", "other") as writer:
        assert writer.resume() == 0
        writer.write(b"other")
        file = writer.finish()
    bag.add(Done("r", (file,), {}, None))
    bag.finish([], date(2026, 9, 1), {})
    bag.seal()
    assert sorted(path.name for path in tmp_path.rglob("*") if path.is_file()) == [
        "bag-info.txt", "bagit.txt", "film.mp4", "manifest-sha256.txt", "tagmanifest-sha256.txt"
    ]  # fmt: skip


def test_what_is_gone_from_the_disk_is_not_done(tmp_path: Path) -> None:
    bag = Bag(tmp_path, {"a": [1]})
    bag.open()
    bag.add(Done("kept", (bag.write("data/1.txt", b"1"),), {}, None))
    bag.add(Done("lost", (bag.write("data/2.txt", b"2"),), {}, None))
    (tmp_path / "data/2.txt").unlink()
    again = Bag(tmp_path, {"a": [1]})
    again.open()
    assert set(again.done) == {"kept"}


def test_a_folder_that_cannot_be_written_is_named(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(Unavailable, match="export_failed"):
        Bag(tmp_path / "file" / "bag", {}).open()
