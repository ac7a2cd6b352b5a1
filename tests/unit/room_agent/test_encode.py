"""Real encoders and real decoders."""

import itertools
from fractions import Fraction

import av
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from classroom.codecs.h264 import IDR, PPS, SLICE, SPS, join_nals, nal_type
from room_agent.capture.framecode import read_code
from room_agent.capture.frames import SAMPLE_RATE_HZ, SOUND_SAMPLES, Picture, Sound
from room_agent.capture.scenes import TeacherScene
from room_agent.capture.speech import speak
from room_agent.encode.h264 import EncoderFault, H264Encoder
from room_agent.encode.ladder import DEFAULT_LADDER, Encoding, Rung, plan
from room_agent.encode.opus import OpusEncoder
from room_agent.encode.pictures import PictureEvent, PictureWorker, Preview
from room_agent.encode.probe import HARDWARE, choose_backend, works
from room_agent.encode.simulcast import PRESETS, EncodedPicture, Simulcast
from room_agent.encode.sounds import FLOOR_DBFS, EncodedSound, Levels, SoundEvent, SoundPath, dbfs


@pytest.fixture(scope="module")
def pictures() -> list[av.VideoFrame]:
    scene = TeacherScene()
    frames = []
    for number in range(75):
        scene.draw(number / 25, 0.3, number)
        frames.append(scene.canvas.frame())
    return frames


def encode(pictures: list[av.VideoFrame], keyframes: dict[int, set[str]]) -> dict[str, list[EncodedPicture]]:
    simulcast = Simulcast(DEFAULT_LADDER, 25, "libx264", "ultrafast")
    streams: dict[str, list[EncodedPicture]] = {}
    for number, frame in enumerate(pictures):
        for encoded in simulcast.encode(simulcast.scale(frame), number / 25, keyframes.get(number, set())):
            streams.setdefault(encoded.encoding.rid, []).append(encoded)
    return streams


@pytest.fixture(scope="module")
def streams(pictures: list[av.VideoFrame]) -> dict[str, list[EncodedPicture]]:
    return encode(pictures, {20: {"m"}})


def test_every_encoding_decodes_to_every_picture_in_its_size(streams: dict[str, list[EncodedPicture]]) -> None:
    sizes = {"h": (1280, 720), "m": (640, 360), "l": (320, 180)}
    for rid, stream in streams.items():
        decoder = av.codec.CodecContext.create("h264", "r")
        counters = []
        for encoded in stream:
            for frame in decoder.decode(av.Packet(join_nals(list(encoded.unit.nals)))):
                assert (frame.width, frame.height) == sizes[rid]
                counters.append(read_code(frame.to_ndarray(format="gray")))
        # One access unit in, one picture out: nothing is held back, nothing reordered.
        assert counters == list(range(len(stream)))


def test_it_is_constrained_baseline_with_parameter_sets_at_every_keyframe(
    streams: dict[str, list[EncodedPicture]],
) -> None:
    for stream in streams.values():
        for encoded in stream:
            kinds = [nal_type(nal) for nal in encoded.unit.nals]
            assert kinds == ([SPS, PPS, IDR] if encoded.unit.keyframe else [SLICE])
            if encoded.unit.keyframe:
                profile, constraints = encoded.unit.nals[0][1], encoded.unit.nals[0][2]
                assert profile == 66
                assert constraints & 0x40, "constraint_set1_flag makes baseline constrained"


def test_a_keyframe_is_made_where_it_was_asked_for_and_every_two_seconds(
    streams: dict[str, list[EncodedPicture]],
) -> None:
    keyframes = {rid: [n for n, e in enumerate(stream) if e.unit.keyframe] for rid, stream in streams.items()}
    assert keyframes == {"h": [0, 50], "m": [0, 20, 70], "l": [0, 50]}


def test_no_encoding_sends_more_than_its_bitrate(streams: dict[str, list[EncodedPicture]]) -> None:
    for rung in DEFAULT_LADDER:
        sizes = [encoded.unit.size for encoded in streams[rung.rid]]
        # Over any second, the bitrate and what the buffer of half a second may add.
        for start in range(len(sizes) - 25):
            assert sum(sizes[start : start + 25]) * 8 <= rung.bitrate_bps * 1.6
        assert max(sizes) * 8 <= rung.bitrate_bps * 0.55


def test_a_picture_of_another_size_begins_anew_with_a_keyframe(pictures: list[av.VideoFrame]) -> None:
    small = [frame.reformat(640, 480) for frame in pictures[:5]]
    stream = encode([*pictures[:5], *small], {})["h"]
    assert [(e.encoding.width, e.encoding.height) for e in stream] == [(1280, 720)] * 5 + [(640, 480)] * 5
    assert [n for n, e in enumerate(stream) if e.unit.keyframe] == [0, 5]


@given(st.integers(2, 5000), st.integers(2, 5000))
def test_encodings_keep_the_shape_and_never_enlarge(width: int, height: int) -> None:
    for encoding, rung in zip(plan(width, height, DEFAULT_LADDER), DEFAULT_LADDER, strict=True):
        assert encoding.height <= max(2, min(rung.height, height))
        assert encoding.width % 2 == encoding.height % 2 == 0
        assert encoding.width == pytest.approx(max(2, width * encoding.height / height), abs=1)


def test_an_encoder_that_is_too_slow_gives_up_quality() -> None:
    seconds = itertools.count(0.0, 0.03)
    ladder = (Rung("l", 180, 100_000),)
    simulcast = Simulcast(ladder, 25, "libx264", PRESETS[0], work_clock=lambda: next(seconds))
    frame = av.VideoFrame(320, 180, "yuv420p")
    for number in range(120):
        list(simulcast.encode(simulcast.scale(frame), number / 25, set()))
    assert simulcast.preset == PRESETS[-1]


def test_the_backend_found_works_and_an_absent_one_says_why() -> None:
    assert works(choose_backend()) is None
    assert works("h264_nonexistent") is not None
    assert "libx264" not in HARDWARE


def test_a_backend_that_fails_is_replaced_by_software(pictures: list[av.VideoFrame]) -> None:
    simulcast = Simulcast(DEFAULT_LADDER, 25, "h264_nonexistent")
    encoded = list(simulcast.encode(simulcast.scale(pictures[0]), 0.0, set()))
    assert simulcast.backend == "libx264"
    assert [e.unit.keyframe for e in encoded] == [True, True, True]


def test_an_encoder_that_cannot_be_opened_is_a_fault() -> None:
    with pytest.raises(EncoderFault) as raised:
        H264Encoder("libx264", Encoding("h", 641, 361, 100_000), 25)
    assert raised.value.data["encoder"] == "libx264"


@pytest.mark.parametrize("channels", [1, 2])
def test_opus_is_20_ms_of_speech_with_redundancy_and_decodes_in_step(channels: int) -> None:
    encoder = OpusEncoder(channels, 40_000)
    decoder = av.codec.CodecContext.create("libopus", "r")
    decoder.layout = "stereo" if channels == 2 else "mono"
    decoder.sample_rate = SAMPLE_RATE_HZ
    samples = np.repeat(speak(4.0).samples[:, None], channels, axis=1)
    packets = [
        encoder.encode(np.ascontiguousarray(samples[start : start + SOUND_SAMPLES]))
        for start in range(0, len(samples), SOUND_SAMPLES)
    ]
    sent = [packet for packet in packets if packet]
    assert len(packets) - len(sent) <= 1
    for packet in sent:
        # RFC 6716 § 3.1: configurations 0 – 15 are SILK and hybrid, which alone carry redundancy; never CELT here.
        assert packet[0] >> 3 < 16
        # Code 0 of the last two bits: one frame; 20 ms ones.
        assert packet[0] & 3 == 0
        assert (packet[0] >> 3) in {1, 5, 9, 13, 15}
        assert bool(packet[0] & 4) == (channels == 2)
    rate_bps = sum(map(len, sent)) * 8 / (len(sent) * 0.02)
    assert 15_000 < rate_bps < 50_000
    decoded = [frame.to_ndarray() for packet in sent for frame in decoder.decode(av.Packet(packet))]
    heard = np.concatenate(decoded, axis=1).reshape(-1, channels)[:, 0].astype(np.float64)
    spoken = samples[: len(heard), 0].astype(np.float64)
    assert len(heard) == pytest.approx(len(sent) * SOUND_SAMPLES, abs=2 * SOUND_SAMPLES)
    # The same loudness over time: envelopes of 100 ms agree.
    window = 4800
    count = len(heard) // window
    envelopes = [np.sqrt((x[: count * window].reshape(count, window) ** 2).mean(axis=1)) for x in (heard, spoken)]
    assert np.corrcoef(envelopes[0], envelopes[1])[0, 1] > 0.9


def test_levels_are_measured_ten_times_a_second() -> None:
    events: list[SoundEvent] = []
    path = SoundPath(events.append, 40_000)
    tone = (np.sin(np.arange(SOUND_SAMPLES) * 2 * np.pi * 500 / SAMPLE_RATE_HZ) * 16_384).astype(np.int16)[:, None]
    for number in range(50):
        path.take(Sound(tone if number < 25 else np.zeros_like(tone), number * SOUND_SAMPLES, number * 0.02))
    assert [type(event) for event in events] == [Levels] * 10
    assert events[0] == Levels(rms_dbfs=-9.0, peak_dbfs=-6.0)
    assert events[-1] == Levels(rms_dbfs=FLOOR_DBFS, peak_dbfs=FLOOR_DBFS)
    assert dbfs(32_768) == 0


def test_sound_is_encoded_only_while_a_lesson_runs() -> None:
    events: list[SoundEvent] = []
    path = SoundPath(events.append, 40_000)
    silence = np.zeros((SOUND_SAMPLES, 1), np.int16)
    for number in range(30):
        path.encode(10 <= number < 20)
        path.take(Sound(silence, number * SOUND_SAMPLES, number * 0.02))
    encoded = [event for event in events if isinstance(event, EncodedSound)]
    assert [event.position // SOUND_SAMPLES for event in encoded] == list(range(10, 20))


def run_worker(
    pictures: list[Picture], *, encode: bool, fps: float, offset_s: float | None = None
) -> list[PictureEvent]:
    events: list[PictureEvent] = []
    worker = PictureWorker(
        Simulcast(DEFAULT_LADDER, fps, "libx264", "ultrafast"), events.append, max_fps=fps, unix_offset_s=offset_s
    )
    worker.encode(encode)
    for picture in pictures:
        worker.work_on(picture)
    return events


def test_previews_are_three_a_second_whether_or_not_a_lesson_runs(pictures: list[av.VideoFrame]) -> None:
    for on in (False, True):
        given_ = [Picture(frame, number / 25) for number, frame in enumerate(pictures[:50])]
        previews = [e for e in run_worker(given_, encode=on, fps=25) if isinstance(e, Preview)]
        assert 5 <= len(previews) <= 7
        assert all(preview.jpeg for preview in previews)
        decoded = av.codec.CodecContext.create("mjpeg", "r").decode(av.Packet(previews[0].jpeg))
        assert (decoded[0].width, decoded[0].height) == (320, 180)
        assert 100 < previews[0].statistics.mean < 200
        assert len(previews[0].jpeg) < 12_000


def test_a_picture_that_stands_still_is_shown_again_every_two_seconds_only(pictures: list[av.VideoFrame]) -> None:
    given_ = [Picture(pictures[0], number / 25) for number in range(200)]
    previews = [e for e in run_worker(given_, encode=False, fps=25) if isinstance(e, Preview)]
    assert len(previews) > 20
    times = [round(preview.captured_s, 1) for preview in previews if preview.jpeg]
    assert len(times) == 4
    assert all(2.0 <= later - earlier < 2.5 for earlier, later in itertools.pairwise(times))


def test_a_faster_camera_is_slowed_down_evenly(pictures: list[av.VideoFrame]) -> None:
    given_ = [Picture(frame, number / 50) for number, frame in enumerate(pictures)]
    kept = [e for e in run_worker(given_, encode=True, fps=25) if isinstance(e, EncodedPicture)]
    times = [e.captured_s for e in kept if e.encoding.rid == "h"]
    assert len(times) == pytest.approx(len(pictures) / 2, abs=2)


def test_a_stamp_tells_when_a_picture_was_captured(pictures: list[av.VideoFrame]) -> None:
    given_ = [Picture(pictures[0], 5.125)]
    events = run_worker(given_, encode=True, fps=25, offset_s=1_000.0)
    encoded = next(e for e in events if isinstance(e, EncodedPicture))
    packet = av.Packet(join_nals(list(encoded.unit.nals)))
    packet.time_base = Fraction(1, 90_000)
    (frame,) = av.codec.CodecContext.create("h264", "r").decode(packet)
    assert read_code(frame.to_ndarray(format="gray")) == 1_005_125
    # The decoder's own frame was left alone.
    assert read_code(pictures[0].to_ndarray(format="gray")) == 0
