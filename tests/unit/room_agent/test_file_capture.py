from itertools import pairwise
from pathlib import Path
from typing import cast

import av
import av.error
import numpy as np
import pytest

from room_agent.capture.file import FileCapture
from room_agent.capture.framecode import draw_code, read_code
from room_agent.capture.frames import SAMPLE_RATE_HZ, SOUND_SAMPLES, CaptureFault
from tests.fakes.capture import KeepingSink, VirtualBeat
from tests.fakes.clips import clip

FRAMES, FPS = 30, 25


@pytest.fixture(scope="module")
def film(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """1.2 s of numbered pictures with 1.1 s of sound, a click at the beginning of both."""
    path = tmp_path_factory.mktemp("film") / "film.mp4"
    with av.open(str(path), "w") as container:
        video = container.add_stream("libx264", rate=FPS, options={"crf": "30", "bf": "2"})
        video.width, video.height, video.pix_fmt = 320, 180, "yuv420p"
        audio = container.add_stream("aac", rate=SAMPLE_RATE_HZ, layout="mono")
        sound = np.full((1, round(1.1 * SAMPLE_RATE_HZ)), 0.25, np.float32)
        frame = av.AudioFrame.from_ndarray(sound, format="fltp", layout="mono")
        frame.sample_rate = SAMPLE_RATE_HZ
        container.mux(audio.encode(frame))
        for number in range(FRAMES):
            planes = np.full((270, 320), 128, np.uint8)
            draw_code(planes[:180], number)
            container.mux(video.encode(av.VideoFrame.from_ndarray(planes, "yuv420p")))
        container.mux(video.encode(None))
        container.mux(audio.encode(None))
    return path


def play(path: Path, pictures: int, beat: VirtualBeat | None = None) -> KeepingSink:
    sink = KeepingSink(lambda sink: len(sink.pictures) >= pictures)
    FileCapture(path, beat or VirtualBeat()).run(sink, sink.stop)
    return sink


def test_pictures_come_at_their_rate_over_every_loop(film: Path) -> None:
    sink = play(film, FRAMES * 4)
    assert [read_code(p.frame.to_ndarray(format="gray")) for p in sink.pictures] == list(range(FRAMES)) * 4
    steps = [later.captured_s - earlier.captured_s for earlier, later in pairwise(sink.pictures)]
    assert steps == pytest.approx([1 / FPS] * len(steps), abs=1e-6)


def test_sound_has_no_gap_over_loops_and_keeps_to_the_pictures(film: Path) -> None:
    sink = play(film, FRAMES * 4)
    positions = [sound.position for sound in sink.sounds]
    assert positions == list(range(0, positions[-1] + 1, SOUND_SAMPLES))
    start_s = sink.pictures[0].captured_s
    for sound in sink.sounds:
        assert sound.captured_s == pytest.approx(start_s + sound.position / SAMPLE_RATE_HZ, abs=1e-6)
    assert abs(sink.sounds[-1].captured_s - sink.pictures[-1].captured_s) < 0.1


def test_sound_shorter_than_the_picture_ends_in_silence(film: Path) -> None:
    sink = play(film, FRAMES * 2)
    whole = np.concatenate([sound.samples for sound in sink.sounds])[:, 0]
    loop = round(FRAMES / FPS * SAMPLE_RATE_HZ)
    assert np.abs(whole[round(1.16 * SAMPLE_RATE_HZ) : loop - SOUND_SAMPLES]).max() < 300
    assert np.abs(whole[loop + 4800 : loop + 9600]).mean() > 4000


def test_after_the_machine_slept_it_goes_on_instead_of_hurrying(film: Path) -> None:
    beat = VirtualBeat()
    slept = False

    def enough(sink: KeepingSink) -> bool:
        nonlocal slept
        if len(sink.pictures) == 10 and not slept:
            slept = True
            beat.advance(30)
        return len(sink.pictures) >= 20

    sink = KeepingSink(enough)
    FileCapture(film, beat).run(sink, sink.stop)
    steps = [later.captured_s - earlier.captured_s for earlier, later in pairwise(sink.pictures)]
    assert steps[9] == pytest.approx(30.0, abs=0.2)
    assert steps[10:] == pytest.approx([1 / FPS] * len(steps[10:]), abs=1e-6)
    for sound in sink.sounds:
        assert sound.captured_s == pytest.approx(sink.sounds[0].captured_s + sound.position / SAMPLE_RATE_HZ, abs=1e-6)


@pytest.mark.parametrize(
    ("name", "size", "kinds"),
    [
        ("bigbuckbunny.mp4", (1280, 720), ("audio", "video")),
        ("bikes.mp4", (640, 272), ("video",)),
        ("carphone_pristine.mp4", (176, 144), ("video",)),
    ],
)
def test_real_clips_play_through_their_loop(name: str, size: tuple[int, int], kinds: tuple[str, ...]) -> None:
    with av.open(str(clip(name))) as opened:
        frames = opened.streams.video[0].frames
    sink = play(clip(name), frames + 10)
    assert (sink.what[0].width, sink.what[0].height) == size
    assert sink.what[0].kinds == kinds
    assert all(later.captured_s > earlier.captured_s for earlier, later in pairwise(sink.pictures))
    positions = [sound.position for sound in sink.sounds]
    assert positions == list(range(0, SOUND_SAMPLES * len(positions), SOUND_SAMPLES))


def test_a_sound_file_is_a_source_too(tmp_path: Path) -> None:
    path = tmp_path / "voice.wav"
    with av.open(str(path), "w") as container:
        stream = container.add_stream("pcm_s16le", rate=16_000, layout="stereo")
        frame = av.AudioFrame.from_ndarray(np.full((1, 32_000), 500, np.int16), format="s16", layout="stereo")
        frame.sample_rate = 16_000
        container.mux(stream.encode(frame))
    sink = KeepingSink(lambda sink: len(sink.sounds) >= 120)
    FileCapture(path, VirtualBeat()).run(sink, sink.stop)
    assert sink.what[0].kinds == ("audio",)
    assert {sound.samples.shape for sound in sink.sounds} == {(SOUND_SAMPLES, 2)}


def test_a_damaged_middle_does_not_end_the_source(film: Path, tmp_path: Path) -> None:
    data = bytearray(film.read_bytes())
    middle = data.index(b"mdat") + 2500
    data[middle : middle + 600] = bytes(600)
    path = tmp_path / "damaged.mp4"
    path.write_bytes(data)
    sink = play(path, FRAMES)
    assert len(sink.pictures) == FRAMES


def fault_of(path: Path) -> CaptureFault:
    sink = KeepingSink(lambda _: True)
    with pytest.raises(CaptureFault) as raised:
        FileCapture(path, VirtualBeat()).run(sink, sink.stop)
    return raised.value


def test_files_that_cannot_be_played_say_why(tmp_path: Path) -> None:
    text = tmp_path / "notes.mp4"
    text.write_text("this is no film")
    subtitles = tmp_path / "only.srt"
    subtitles.write_text("1\n00:00:00,000 --> 00:00:01,000\nhello\n")
    assert fault_of(tmp_path / "nowhere.mp4").code == "file_missing"
    assert fault_of(tmp_path).code == "file_missing"
    assert fault_of(text).code == "file_unreadable"
    assert fault_of(subtitles).code == "file_empty"
    assert cast(str, fault_of(text).data["path"]) == str(text)


def test_a_file_that_vanishes_while_playing_is_a_fault(film: Path, tmp_path: Path) -> None:
    path = tmp_path / "copy.mp4"
    path.write_bytes(film.read_bytes())

    def enough(sink: KeepingSink) -> bool:
        if len(sink.pictures) == 5:
            path.unlink(missing_ok=True)
        return False

    sink = KeepingSink(enough)
    with pytest.raises(CaptureFault) as raised:
        FileCapture(path, VirtualBeat()).run(sink, sink.stop)
    assert raised.value.code == "file_missing"


def test_a_telephones_film_stands_upright(film: Path, tmp_path: Path) -> None:
    path = tmp_path / "phone.mp4"
    with av.open(str(film)) as source, av.open(str(path), "w") as target:
        stream = source.streams.video[0]
        copied = target.add_stream_from_template(stream)
        for packet in source.demux(stream):
            if packet.dts is not None:
                packet.stream = copied
                target.mux(packet)
    data = path.read_bytes()
    # tkhd's matrix (ISO/IEC 14496-12 § 8.3.2): turn it by 90 degrees.
    place = data.index(b"tkhd") + 4 + 40
    unit, none = (0x10000).to_bytes(4), bytes(4)
    turn = none + unit + none + (-0x10000).to_bytes(4, signed=True) + none + none + none + none + (1 << 30).to_bytes(4)
    path.write_bytes(data[:place] + turn + data[place + 36 :])
    sink = play(path, 3)
    frame = sink.pictures[0].frame
    assert (frame.width, frame.height) == (180, 320)
    # The code, drawn along the bottom, now runs along the left side, from top to bottom.
    gray = np.rot90(frame.to_ndarray(format="gray"))
    assert read_code(gray) == 0
