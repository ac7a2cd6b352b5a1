"""werift, a WebRTC stack that shares nothing with libwebrtc or aiortc, over WHIP and WHEP."""

from tests.harness.eventually import eventually
from tests.harness.world import World
from tests.interop.film import HEIGHT, HOST, WIDTH, RtpSink, film_to
from tests.interop.node_peer import node_peer

SCRIPT = "werift.mjs"


async def test_it_watches_what_the_room_sends(world: World) -> None:
    await world.agent()
    await world.live()
    token = world.tokens.issue_join(world.lesson.id, "werift")
    url = f"{world.server.url}/whep/{world.lesson.id}?source=teacher"
    with RtpSink() as sink:
        await watch(sink, url, token)

    async def gone() -> bool:
        return await world.server.metric("media_subscribers") == 0

    await eventually(gone, "the server has forgotten it")


async def watch(sink: RtpSink, url: str, token: str) -> None:
    async with node_peer(SCRIPT, "watch", url, token, str(sink.port)) as peer:
        said = await peer.says("status")
        assert said["status"] == 201, said["sdp"]
        await peer.says("state", "connected")

        async def decodes() -> bool:
            pictures = sink.decode()
            return len(pictures) > 25

        await eventually(decodes, "pictures can be decoded from what werift received", 30, every_s=0.5)
        await peer.stop()


async def test_it_publishes_and_it_watches_itself(world: World) -> None:
    teacher = await world.teacher()
    await teacher.start(world.lesson.id)
    publishing = world.tokens.issue_publish(world.lesson.id, "teacher")
    watching = world.tokens.issue_join(world.lesson.id, "werift")
    path = f"{world.lesson.id}?source=teacher"
    with RtpSink() as sink:
        async with (
            node_peer(SCRIPT, "publish", f"{world.server.url}/whip/{path}", publishing) as publisher,
            node_peer(SCRIPT, "watch", f"{world.server.url}/whep/{path}", watching, str(sink.port)) as viewer,
        ):
            said = await publisher.says("status")
            assert said["status"] == 201, said["sdp"]
            async with film_to(f"rtp://{HOST}:{said['rtp_port']}?pkt_size=1200", "rtp"):
                await world.published(teacher)

                async def decodes() -> bool:
                    pictures = sink.decode()
                    return len(pictures) > 25 and (pictures[-1].width, pictures[-1].height) == (WIDTH, HEIGHT)

                await eventually(decodes, "werift's picture comes back to werift", 30, every_s=0.5)
            await publisher.stop()
            await viewer.stop()
