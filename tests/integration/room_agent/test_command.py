"""`qianshou room` and `qianshou room-demo-video` as somebody at a terminal meets them."""

import asyncio
import subprocess
import sys
from fractions import Fraction
from itertools import islice
from pathlib import Path

import av
import numpy as np
import pytest

from room_agent.capture.framecode import read_code
from tests.fakes.whip_server import WhipServer


def qianshou(*arguments: str, told: str = "") -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-c", "from classroom.cli.main import main; main()", *arguments],
        input=told,
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
        env={"QIANSHOU_LANGUAGE": "en", "PATH": "/usr/bin:/bin"},
    )


@pytest.mark.parametrize(
    ("arguments", "named"),
    [
        (["--source", "teacher"], "teacher"),
        (["--source", "teacher=tape:7"], "tape:7"),
        (["--source", "Te acher=mic:"], "Te acher"),
        ([], "--source"),
        (["--config", "nowhere.toml"], "nowhere.toml"),
        (["--source", "teacher=mic:", "--server", "ftp://x"], "ftp://x"),
    ],
)
def test_a_wrong_argument_is_one_line_that_names_it(arguments: list[str], named: str) -> None:
    done = qianshou("room", "--server", "http://127.0.0.1:9", "--room", "r", "--token", "t", *arguments)
    assert done.returncode == 2
    assert len(done.stderr.strip().splitlines()) == 1
    assert named in done.stderr
    assert "Traceback" not in done.stderr


def test_a_wrong_key_in_the_config_is_named(tmp_path: Path) -> None:
    path = tmp_path / "room.toml"
    path.write_text('[sources.teacher]\nspec = "mic:"\nvolume = 11\n')
    done = qianshou("room", "--server", "http://h", "--room", "r", "--token", "t", "--config", str(path))
    assert done.returncode == 2
    assert "sources.teacher.volume" in done.stderr
    assert str(path) in done.stderr
    assert len(done.stderr.strip().splitlines()) == 1


async def test_a_refused_token_ends_it_with_one_line() -> None:
    async with WhipServer() as server:
        arguments = ("room", "--server", server.url, "--room", "r", "--token", "bad", "--source", "s=synthetic:slides")
        done = await asyncio.to_thread(qianshou, *arguments)
    assert done.returncode == 1
    assert "token" in done.stderr.strip().splitlines()[-1].lower()
    assert "Traceback" not in done.stderr


@pytest.mark.parametrize(
    ("line", "code", "named"),
    [("", 0, ""), ("nonsense\n", 2, "standard input"), ('{"server": "ftp://x", "token": "t"}\n', 2, "ftp://x")],
)
def test_where_the_server_is_may_be_told_on_standard_input(line: str, code: int, named: str) -> None:
    done = qianshou("room", "--room", "r", "--source", "s=synthetic:slides", "--told", told=line)
    assert done.returncode == code
    assert named in done.stderr
    assert "Traceback" not in done.stderr


def test_the_demo_film_has_numbered_pictures_and_sound_and_loops(tmp_path: Path) -> None:
    path = tmp_path / "new" / "film.mp4"
    done = qianshou("room-demo-video", str(path))
    assert (done.returncode, done.stdout.strip()) == (0, str(path))
    with av.open(str(path)) as film:
        video, audio = film.streams.video[0], film.streams.audio[0]
        assert (video.width, video.height, video.average_rate) == (1280, 720, Fraction(25))
        assert 20 <= video.frames / 25 <= 30
        assert audio.duration is not None
        assert audio.time_base is not None
        assert float(audio.duration * audio.time_base) == pytest.approx(video.frames / 25, abs=0.1)
        counters = [read_code(frame.to_ndarray(format="gray")) for frame in islice(film.decode(video=0), 50)]
    assert counters == list(range(50))
    with av.open(str(path)) as film:
        samples = np.concatenate([frame.to_ndarray()[0] for frame in islice(film.decode(audio=0), 200)])
    assert np.abs(samples).max() > 0.2
    assert path.stat().st_size < 8_000_000
    assert list(path.parent.iterdir()) == [path]


def test_a_film_that_cannot_be_written_is_one_line(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    done = qianshou("room-demo-video", str(tmp_path / "file" / "film.mp4"))
    assert done.returncode == 1
    assert "film.mp4" in done.stderr
    assert len(done.stderr.strip().splitlines()) == 1
