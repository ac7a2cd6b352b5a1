"""The data channel `room` between Chromium, aiortc and our SCTP."""

from aiortc import RTCDataChannel

from classroom.messages.room_channel import Chat, Hand, RoomMessage
from classroom.model.principal import Principal
from media_server.engine import MediaEngine
from tests.fakes.browser_viewer import browser_viewer
from tests.fakes.peers import Publisher, Viewer, closing, until
from tests.harness.eventually import eventually
from tests.integration.media_server.test_transport import LESSON, publish, serving, watch


async def join(engine: MediaEngine, viewer: Viewer, lesson: str, name: str) -> tuple[RTCDataChannel, list[str]]:
    """Watch with aiortc, with an open channel `room`; what it hears gathers in the list."""
    heard: list[str] = []
    channel = viewer.connection.createDataChannel("room")
    channel.on("message", heard.append)
    _, answer = engine.subscribe(lesson, Principal(name, name), await viewer.offer(), "teacher")
    await viewer.accept(answer)
    await until(lambda: channel.readyState == "open")
    return channel, heard


async def test_what_one_says_all_others_of_the_lesson_hear() -> None:
    publisher, viewer, elsewhere = Publisher(), Viewer(), Viewer()
    async with (
        serving("127.0.0.1", "127.0.0.1") as engine,
        closing(publisher, viewer, elsewhere),
        browser_viewer() as browser,
    ):
        await publish(engine, publisher)
        session = await watch(engine, browser)
        channel, heard = await join(engine, viewer, LESSON, "河西教学点")
        _, overheard = await join(engine, elsewhere, "another lesson", "别处")

        await browser.says(Hand(raised=True).model_dump_json())
        await until(lambda: len(heard) == 1)
        message = RoomMessage.model_validate_json(heard[0])
        assert (message.sender, message.name, message.post) == (session.id, "viewer", Hand(raised=True))

        channel.send(Chat(text="听得清楚").model_dump_json())
        said = await eventually(browser.hears, "Chromium hears it")
        assert [RoomMessage.model_validate_json(each).post for each in said] == [Chat(text="听得清楚")]
        assert RoomMessage.model_validate_json(said[0]).name == "河西教学点"

        await browser.says("not a post")
        await browser.says(Hand(raised=False).model_dump_json())
        await until(lambda: len(heard) == 2)
        assert RoomMessage.model_validate_json(heard[1]).post == Hand(raised=False)
        assert overheard == []
        assert (await browser.sees_more(5))["dtls"] == "connected", "media goes on beside it"
