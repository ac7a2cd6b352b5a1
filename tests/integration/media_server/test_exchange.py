"""WHIP and WHEP over HTTP: the good case and every refusal."""

from collections.abc import AsyncIterator, Mapping
from pathlib import Path

import pytest

from classroom.access.lessons import access_step
from classroom.model.lesson import LessonStep
from classroom.model.principal import SYSTEM
from media_server.service import MediaService
from scheduler.service import SchedulerService
from tests.fakes.hub import Hub, running_hub
from tests.fakes.peers import Publisher, Viewer, closing

SDP = {"Content-Type": "application/sdp"}
FRAGMENT = {"Content-Type": "application/trickle-ice-sdpfrag"}


@pytest.fixture
async def hub(tmp_path: Path) -> AsyncIterator[Hub]:
    """A server whose lesson is live."""
    async with running_hub(tmp_path, services=[MediaService, SchedulerService]) as hub:
        store, lesson = hub.server.context.store, hub.county.lesson
        await access_step(store, SYSTEM, lesson.id, LessonStep.START, hub.clock.now())
        yield hub


async def post(
    hub: Hub, who: str, path: str, sdp: str, token: Mapping[str, str] | None = None
) -> tuple[int, Mapping[str, str], str]:
    headers = {**(token or await hub.headers_of(who)), **SDP}
    async with hub.http.post(path, data=sdp.encode(), headers=headers) as response:
        return response.status, response.headers, await response.text()


@pytest.fixture
def whip(hub: Hub) -> str:
    return f"/whip/{hub.county.lesson.id}"


@pytest.fixture
def whep(hub: Hub) -> str:
    return f"/whep/{hub.county.lesson.id}"


async def test_a_session_is_created_described_and_deleted(hub: Hub, whip: str, whep: str) -> None:
    publisher, viewer = Publisher(), Viewer()
    async with closing(publisher, viewer):
        for who, path, peer in (("room_device", whip, publisher), ("guest", whep, viewer)):
            token = await hub.headers_of(who)
            status, headers, answer = await post(hub, who, f"{path}?source=teacher", await peer.offer(), token)
            assert status == 201, answer
            assert headers["Content-Type"].startswith("application/sdp")
            assert headers["Location"].startswith(f"{path}/")
            assert headers["Accept-Patch"] == FRAGMENT["Content-Type"]
            assert headers["ETag"].startswith('"')
            assert answer.startswith("v=0")
            status, _ = await hub.call("nobody", "DELETE", headers["Location"], headers=token)
            assert status == 200
            status, problem = await hub.call("nobody", "DELETE", headers["Location"], headers=token)
            assert (status, problem["code"]) == (404, "media_session_unknown")


async def test_ice_restarts_and_trickle(hub: Hub, whep: str) -> None:
    viewer = Viewer()
    async with closing(viewer):
        offer = await viewer.offer()
        token = await hub.headers_of("guest")
        _, headers, _ = await post(hub, "guest", whep, offer, token)
        location, etag = headers["Location"], headers["ETag"]
        ufrag = next(line for line in offer.splitlines() if line.startswith("a=ice-ufrag:"))
        candidates = f"{ufrag}\r\na=ice-pwd:{'p' * 24}\r\nm=audio 9 RTP/AVP 0\r\na=mid:0\r\na=candidate:1\r\n"
        restart = candidates.replace(ufrag, "a=ice-ufrag:new1")

        async def patch(body: str, **conditions: str) -> tuple[int, Mapping[str, str], str]:
            sent = {**token, **FRAGMENT, **conditions}
            async with hub.http.patch(location, data=body.encode(), headers=sent) as response:
                return response.status, response.headers, await response.text()

        assert (await patch(candidates, **{"If-Match": etag}))[0] == 204
        assert (await patch(candidates))[0] == 428
        assert (await patch(candidates, **{"If-Match": '"stale"'}))[0] == 412
        assert (await patch("a=mid:0\r\n", **{"If-Match": etag}))[0] == 400
        status, fresh, fragment = await patch(restart, **{"If-Match": "*"})
        assert status == 200
        assert fresh["ETag"] != etag
        assert "a=ice-ufrag:" in fragment
        assert "a=candidate:" in fragment
        assert (await patch(restart, **{"If-Match": etag}))[0] == 412
        assert (await patch(restart, **{"If-Match": fresh["ETag"]}))[0] == 204


async def test_what_is_refused_and_why(hub: Hub, whip: str, whep: str) -> None:
    publisher, viewer = Publisher(), Viewer()
    async with closing(publisher, viewer):
        good, watching = await publisher.offer(), await viewer.offer()
        assert (await post(hub, "room_device", whip, good))[0] == 201
        cases = [
            ("nobody", whip, good, 401, "sign_in_needed"),
            ("other_teacher", whip, good, 403, "lesson_forbidden"),
            ("publisher", f"{whip}?source=board", good, 403, "source_forbidden"),
            ("teacher", whip, good, 409, "source_taken"),
            ("room_device", f"{whip}?source=NO", good, 400, "source_name_wrong"),
            ("room_device", "/whip/unknown", good, 404, "lesson_unknown"),
            ("room_device", f"{whip}?source=b", "hello", 400, "sdp_malformed"),
            ("room_device", f"{whip}?source=b", good.replace("H264/90000", "H265/90000"), 422, "codec_unsupported"),
            ("room_device", f"{whip}?source=b", watching, 422, "offer_sends_nothing"),
            ("room_device", f"{whip}?source=b", "v=0\n" + "a" * 200_000, 413, "body_too_large"),
            ("guest", whep, "v=0\n", 422, "offer_receives_nothing"),
            ("guest", whep, b"\xff\xfe".decode("latin-1"), 400, "sdp_malformed"),
        ]
        for who, path, sdp, status, code in cases:
            got, _, text = await post(hub, who, path, sdp)
            assert (got, code in text) == (status, True), (who, path, code, text)
        assert (await hub.call("room_device", "POST", whip, data=b"v=0", headers={"Content-Type": "text/plain"}))[
            0
        ] == 415
        assert (await hub.call("room_device", "GET", whip))[0] == 405
        assert len(hub.server.context.sockets) == 0
        metrics = (await hub.call("nobody", "GET", "/metrics"))[1]
        assert "media_publishers 1.0" in metrics, "the running source was left alone"


async def test_a_bad_or_expired_token_is_told_apart(hub: Hub, whip: str) -> None:
    tokens = hub.server.context.tokens
    expired = tokens.issue_publish(hub.county.lesson.id, "teacher", ttl_s=1)
    await hub.run(2)
    for token, code in ((expired, "token_expired"), ("nonsense", "token_invalid")):
        headers = {**SDP, "Authorization": f"Bearer {token}"}
        async with hub.http.post(whip, data=b"v=0", headers=headers) as response:
            assert response.status == 401
            assert (await response.json())["code"] == code


async def test_a_lesson_that_is_not_live_takes_nothing(hub: Hub) -> None:
    publisher = Publisher()
    async with closing(publisher):
        path = f"/whip/{hub.county.open_lesson.id}"
        status, _, text = await post(hub, "room_device", path, await publisher.offer())
        assert (status, "lesson_not_live" in text) == (409, True)


async def test_a_session_belongs_to_whoever_opened_it(hub: Hub, whep: str) -> None:
    viewer = Viewer()
    async with closing(viewer):
        token = await hub.headers_of("guest")
        _, headers, _ = await post(hub, "guest", whep, await viewer.offer(), token)
        status, problem = await hub.call("teacher", "DELETE", headers["Location"])
        assert (status, problem["code"]) == (403, "media_session_forbidden")
        status, problem = await hub.call(
            "nobody", "DELETE", headers["Location"].replace("/whep/", "/whip/"), headers=token
        )
        assert (status, problem["code"]) == (404, "media_session_unknown")


async def test_options_tell_what_is_accepted(hub: Hub, whip: str) -> None:
    async with hub.http.options(whip) as response:
        assert response.status == 204
        assert response.headers["Accept-Post"] == "application/sdp"
