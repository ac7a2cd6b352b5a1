"""A whole room agent against a server that behaves: real captures, encoders, sockets and DTLS."""

import asyncio
import tempfile
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from itertools import pairwise

import pytest
from yarl import URL

from classroom.clock import SystemClock
from classroom.codecs.h264 import IDR, PPS, SPS, nal_type
from classroom.errors import BadSettings, ClassroomError, NotSignedIn
from classroom.rtp.rtcp import PAUSE, PAUSED, RESUME, FullIntra, StreamPause, unix_time
from classroom.tasks import Tasks
from room_agent.agent import RoomAgent
from room_agent.capture.framecode import read_code
from room_agent.config import load_config
from tests.fakes.clips import clip
from tests.fakes.whip_server import Session, Stream, WhipServer, depacketise, problem

TEACHER, SLIDES = "teacher=synthetic:teacher", "slides=synthetic:slides"


@asynccontextmanager
async def agent(
    server: WhipServer, *sources: str, token: str | None = None, code: str = "r1"
) -> AsyncIterator[asyncio.Task[None]]:
    clock = SystemClock()
    tasks = Tasks(clock)
    config = load_config(None, sources)
    folder = tempfile.TemporaryDirectory(prefix="qs-record-")
    recording = config.recording.model_copy(update={"directory": folder.name, "low_disk_gb": 0})
    room = RoomAgent(
        config=config.model_copy(update={"recording": recording}),
        server=URL(server.url),
        room=code,
        token=token or server.token,
        clock=clock,
        tasks=tasks,
        language="en",
    )
    running = asyncio.create_task(room.run())
    try:
        yield running
    finally:
        running.cancel()
        await asyncio.wait([running])
        await tasks.close()
        folder.cleanup()
        if not running.cancelled() and not isinstance(running.exception(), ClassroomError):
            await running  # what it failed with


def streams(session: Session) -> list[Stream]:
    return list(session.streams.values())


def pictures(server: WhipServer, source: str, rid: str = "h") -> int:
    found = [s for s in server.sessions if s.source == source]
    stream = next((x for x in streams(found[-1]) if x.rid == rid), None) if found else None
    return len(stream.access_units()) if stream is not None else 0


async def publishing(server: WhipServer, source: str, count: int = 10, rid: str = "h") -> Session:
    """The source's newest session, once `count` pictures of it arrived."""
    await server.until(lambda: pictures(server, source, rid) >= count)
    return server.live(source)


async def stop_and_start(server: WhipServer, session: Session, number: int) -> None:
    """Stop the best encoding, and start it again; `number` is how often that was done before."""
    high, low = session.stream("1", "h"), session.stream("1", "l")
    assert high is not None
    assert low is not None
    server.ask(session, StreamPause(1, high.ssrc, PAUSE, number))
    await server.until(lambda: StreamPause(high.ssrc, high.ssrc, PAUSED, number) in server.pauses)
    before, others = len(high.packets), len(low.packets)
    await server.until(lambda: len(low.packets) > others + 20)
    stopped = len(high.packets)
    assert stopped <= before + 1, "what was under way"
    server.ask(session, StreamPause(1, high.ssrc, RESUME, number + 7))
    server.ask(session, StreamPause(1, high.ssrc, RESUME, number), StreamPause(1, high.ssrc, PAUSE, number))
    await server.until(lambda: len(high.packets) > stopped + 20)
    later = high.ordered()[stopped:]
    first = depacketise([packet for packet in later if packet.timestamp == later[0].timestamp])
    assert nal_type(first[0]) == SPS, "it begins with a keyframe"


async def test_an_encoding_nobody_watches_is_stopped_and_started_again() -> None:
    async with WhipServer() as server, agent(server, TEACHER):
        await server.name_lesson("lesson-1")
        teacher = await publishing(server, "teacher")
        for number in range(2):
            await stop_and_start(server, teacher, number)


async def test_all_encodings_and_the_sound_of_all_sources_arrive_and_decode() -> None:
    async with WhipServer() as server, agent(server, TEACHER, SLIDES):
        await server.name_lesson("lesson-1")
        server.lesson = server.lesson.model_copy(update={"lesson_id": "lesson-1"})
        teacher = await publishing(server, "teacher", 60)
        slides = await publishing(server, "slides", 10)
        assert {session.lesson_id for session in (teacher, slides)} == {"lesson-1"}
        assert {(s.mid, s.rid) for s in streams(teacher)} == {("0", ""), ("1", "h"), ("1", "m"), ("1", "l")}
        assert {(s.mid, s.rid) for s in streams(slides)} == {("0", "h"), ("0", "m"), ("0", "l")}
        sizes = {"h": (1280, 720), "m": (640, 360), "l": (320, 180)}
        for stream in streams(teacher):
            if stream.rid:
                first = [nal_type(nal) for nal in stream.access_units()[0][1]]
                assert first == [SPS, PPS, IDR]
                frames = stream.decode()
                assert {(frame.width, frame.height) for frame in frames} == {sizes[stream.rid]}
                counters = [read_code(frame.to_ndarray(format="gray")) for frame in frames]
                assert None not in counters
                # Under load a picture may be left out before the encoder, but never reordered or repeated.
                assert all((later or 0) > (earlier or 0) for earlier, later in pairwise(counters))
            assert stream.sequence_holes == []
            assert max(len(packet.pack()) for packet in stream.packets.values()) + 16 <= 1200
        sound = teacher.stream("0")
        assert sound is not None
        steps = {(b.timestamp - a.timestamp) & 0xFFFFFFFF for a, b in pairwise(sound.ordered())}
        assert steps == {960}


async def test_sender_reports_line_sound_and_pictures_up() -> None:
    async with WhipServer() as server:
        server.lesson = server.lesson.model_copy(update={"lesson_id": "a"})
        async with agent(server, TEACHER, SLIDES):
            await publishing(server, "teacher", 20)
            await publishing(server, "slides", 5)
            both = [server.live("teacher"), server.live("slides")]
            await server.until(lambda: all(len(s.reports) >= 2 for each in both for s in streams(each)))
            cnames = {name for each in both for stream in streams(each) for name in stream.cnames}
            assert len(cnames) == 1
            for stream in streams(both[0]):
                rate = 90_000 if stream.rid else 48_000
                (_, first), (_, second) = stream.reports[:2]
                elapsed_s = unix_time(second.ntp_time) - unix_time(first.ntp_time)
                ticks = (second.rtp_timestamp - first.rtp_timestamp) & 0xFFFFFFFF
                assert ticks / rate == pytest.approx(elapsed_s, abs=0.002)
                assert 0 < second.packet_count <= len(stream.packets) + 5
            # The picture of frame n was captured at n / 25 (framecode): the reports must say the same.
            video = both[0].stream("1", "h")
            assert video is not None
            _, report = video.reports[-1]
            for (timestamp, _), frame in zip(video.access_units(), video.decode(), strict=False):
                ahead = ((timestamp - report.rtp_timestamp + (1 << 31)) & 0xFFFFFFFF) - (1 << 31)
                captured_s = unix_time(report.ntp_time) + ahead / 90_000
                counter = read_code(frame.to_ndarray(format="gray"))
                assert round(captured_s * 25) % (1 << 24) == counter
                assert captured_s * 25 == pytest.approx(round(captured_s * 25), abs=0.1)


async def test_lost_packets_are_sent_again_until_nothing_is_missing() -> None:
    async with WhipServer() as server:
        server.lesson = server.lesson.model_copy(update={"lesson_id": "a"})
        server.loss = 0.05
        async with agent(server, "teacher=" + f"file:{clip('bigbuckbunny.mp4')}"):
            await server.until(lambda: sum(len(s.lost) for x in server.sessions for s in streams(x)) >= 15)
            server.loss = 0.0
            session = server.live("teacher")
            await server.until(lambda: all(set(s.lost) <= set(s.repaired) for s in streams(session)))
            for stream in streams(session):
                assert stream.sequence_holes == []
                # Repeated on the stream itself, each once.
                assert len(stream.repaired) == len(set(stream.repaired))


async def test_a_keyframe_is_made_for_the_encoding_that_asked_and_no_other() -> None:
    async with WhipServer() as server:
        server.lesson = server.lesson.model_copy(update={"lesson_id": "a"})
        async with agent(server, SLIDES):
            session = await publishing(server, "slides", 5)

            def keyframes(stream: Stream) -> int:
                return sum(IDR in map(nal_type, nals) for _, nals in stream.access_units())

            middle = session.stream("0", "m")
            assert middle is not None
            before = {stream.rid: keyframes(stream) for stream in streams(session)}
            server.ask_for_keyframe(session, middle)
            await server.until(lambda: keyframes(middle) > before["m"], within_s=1.5)
            server.ask(session, FullIntra(1, middle.ssrc, 3), FullIntra(1, middle.ssrc, 3))
            await server.until(lambda: keyframes(middle) > before["m"] + 1, within_s=1.5)
            others = [stream for stream in streams(session) if stream.rid != "m"]
            # Within the time this took, a regular keyframe may have come by, but not two.
            assert all(keyframes(stream) <= before[stream.rid] + 1 for stream in others)


async def test_a_server_without_simulcast_gets_the_best_encoding_alone() -> None:
    async with WhipServer() as server:
        server.simulcast = False
        server.lesson = server.lesson.model_copy(update={"lesson_id": "a"})
        async with agent(server, SLIDES):
            session = await publishing(server, "slides", 5, rid="")
            assert [(s.mid, s.rid) for s in streams(session)] == [("0", "")]
            assert session.stream("0").decode()[0].width == 1280  # type: ignore[union-attr]


async def test_a_lesson_ends_with_bye_and_delete_and_another_begins() -> None:
    async with WhipServer() as server, agent(server, SLIDES):
        await server.until(lambda: bool(server.states))
        await server.name_lesson("a")
        first = await publishing(server, "slides", 3)
        await server.name_lesson("b")
        await server.until(lambda: first.deleted)
        assert all(stream.ended for stream in streams(first))
        await server.until(lambda: server.live("slides").lesson_id == "b")
        second = await publishing(server, "slides", 3)
        await server.name_lesson(None)
        await server.until(lambda: second.deleted)
        await server.until(lambda: server.states[-1].publishing_lesson_id is None)


async def test_a_restarted_server_gets_the_same_lesson_again_within_seconds() -> None:
    async with WhipServer() as server:
        server.lesson = server.lesson.model_copy(update={"lesson_id": "a"})
        async with agent(server, TEACHER):
            first = await publishing(server, "teacher")
            began_s = asyncio.get_running_loop().time()
            server.forget()
            await server.drop_sockets()
            await server.until(lambda: server.live("teacher") is not first)
            second = await publishing(server, "teacher")
            assert asyncio.get_running_loop().time() - began_s < 8
            assert second.lesson_id == "a"
            # Whoever joins after the restart can begin at once.
            assert IDR in map(nal_type, second.stream("1", "h").access_units()[0][1])  # type: ignore[union-attr]


async def test_a_lost_control_socket_leaves_the_lesson_alone() -> None:
    async with WhipServer() as server:
        server.lesson = server.lesson.model_copy(update={"lesson_id": "a"})
        async with agent(server, SLIDES):
            session = await publishing(server, "slides", 3)
            states = len(server.states)
            await server.drop_sockets()
            await server.until(lambda: len(server.states) > states)
            before = pictures(server, "slides")
            await publishing(server, "slides", before + 20)
            assert server.sessions == [session]


async def test_a_refusal_is_tried_again_when_the_server_said() -> None:
    async with WhipServer() as server:
        server.lesson = server.lesson.model_copy(update={"lesson_id": "a"})
        server.refuse = [problem(503, "media_node_full", Retry_After="2"), problem(409, "source_taken")]
        async with agent(server, SLIDES):
            await server.until(lambda: len(server.refuse) == 1)
            began_s = asyncio.get_running_loop().time()
            await publishing(server, "slides", 3)
            assert asyncio.get_running_loop().time() - began_s > 1.9


async def test_a_source_that_fails_is_reported_and_the_others_go_on(tmp_path: object) -> None:
    async with WhipServer() as server:
        server.lesson = server.lesson.model_copy(update={"lesson_id": "a"})
        async with agent(server, SLIDES, "teacher=file:/nowhere/film.mp4", "board=camera:/dev/video-none"):
            await publishing(server, "slides", 5)
            await server.until(
                lambda: bool(server.states) and sum(s.state == "failed" for s in server.states[-1].sources) == 2
            )
            views = {source.name: source for source in server.states[-1].sources}
            assert views["slides"].state == "running"
            assert views["slides"].encoder is not None
            assert (views["teacher"].problem, views["board"].problem) == ("file_missing", "camera_missing")
            assert views["teacher"].problem_data == {"path": "/nowhere/film.mp4"}
            assert "/nowhere/film.mp4" in (views["teacher"].problem_text or "")
            await server.until(lambda: len(server.states[-1].alarms) >= 2)
            alarms = {(alarm.source, alarm.code) for alarm in server.states[-1].alarms}
            assert {("teacher", "source_failed"), ("board", "source_failed")} <= alarms


async def test_a_source_that_comes_back_joins_the_lesson(tmp_path_factory: pytest.TempPathFactory) -> None:
    path = tmp_path_factory.mktemp("late") / "film.mp4"
    async with WhipServer() as server:
        server.lesson = server.lesson.model_copy(update={"lesson_id": "a"})
        async with agent(server, f"teacher=file:{path}"):
            await server.until(lambda: bool(server.states) and server.states[-1].sources[0].state == "failed")
            path.write_bytes(clip("bikes.mp4").read_bytes())
            session = await publishing(server, "teacher", 5)
            assert session.stream("0", "h").decode()[0].height == 272  # type: ignore[union-attr]


async def test_levels_and_previews_come_without_a_lesson_and_only_while_somebody_looks() -> None:
    async with WhipServer() as server, agent(server, TEACHER):
        await server.until(lambda: any(source.width for state in server.states for source in state.sources))
        assert server.levels == []
        assert server.previews == []
        await server.watch(for_s=60)
        await server.until(lambda: len(server.levels) >= 10 and len(server.previews) >= 3)
        assert server.sessions == []
        # The voice pauses between phrases, for less than a second, and nobody knows where in one we began to listen.
        await server.until(lambda: any(levels.rms_dbfs > -30 for levels in server.levels))
        await server.until(lambda: any(levels.rms_dbfs < -60 for levels in server.levels))
        assert server.previews[0].jpeg.startswith("/9j/")


async def test_a_wrong_token_ends_the_program_with_its_code() -> None:
    async with WhipServer() as server, agent(server, SLIDES, token="wrong") as running:
        with pytest.raises(NotSignedIn) as refused:
            await asyncio.wait_for(asyncio.shield(running), 5)
        assert refused.value.code == "token_invalid"


async def test_a_token_of_another_room_ends_the_program_before_anything_is_sent() -> None:
    async with WhipServer() as server, agent(server, SLIDES, code="r2") as running:
        with pytest.raises(BadSettings) as refused:
            await asyncio.wait_for(asyncio.shield(running), 5)
        assert refused.value.code == "room_token_of_another"
        assert refused.value.data == {"room": "r2", "found": ["r1"]}
        assert server.states == []


async def test_a_stalled_program_drops_old_pictures_and_goes_on_with_a_keyframe() -> None:
    async with WhipServer() as server:
        server.lesson = server.lesson.model_copy(update={"lesson_id": "a"})
        async with agent(server, TEACHER):
            session = await publishing(server, "teacher", 10)
            time.sleep(3)  # noqa: ASYNC251 -- stalls the whole loop, agent and server alike, as a heavy load would
            await publishing(server, "teacher", pictures(server, "teacher") + 30)
            assert server.live("teacher") is session
            for stream in streams(session):
                assert stream.sequence_holes == []
            frames = session.stream("1", "h").decode()  # type: ignore[union-attr]
            counters = [read_code(frame.to_ndarray(format="gray")) for frame in frames]
            # Nothing that refers to a lost picture was sent: all that came can be seen.
            assert None not in counters
            assert all((later or 0) > (earlier or 0) for earlier, later in pairwise(counters))
