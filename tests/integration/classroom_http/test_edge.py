"""What the HTTP edge does with requests that are wrong, too much, or foreign; and the headers of every answer."""

import asyncio
import json
import re
from pathlib import Path

import pytest

from classroom.http.limits import HttpLimits
from tests.fakes.hub import Hub, running_hub

SESSION = "/api/v1/session"


@pytest.fixture
async def hub(tmp_path: Path) -> object:
    async with running_hub(tmp_path, limits=HttpLimits(json_body_bytes=2000, body_timeout_s=0.2)) as running:
        yield running


def right(**changes: object) -> bytes:
    return json.dumps({"username": "teacher", "password": "correct horse", **changes}).encode()


@pytest.mark.parametrize(
    ("body", "content_type", "status", "code"),
    [
        (b"", "application/json", 400, "body_not_json"),
        (b"{", "application/json", 400, "body_not_json"),
        (b"\xff\xfe", "application/json", 400, "body_not_json"),
        (b"[" * 500, "application/json", 400, "body_not_json"),
        (b"null", "application/json", 400, "field_invalid"),
        (b"[]", "application/json", 400, "field_invalid"),
        (b'{"username": "teacher"}', "application/json", 400, "field_missing"),
        (right(admin=True), "application/json", 400, "field_unknown"),
        (right(username=7), "application/json", 400, "field_invalid"),
        (right(password=""), "application/json", 400, "field_invalid"),
        (right(password="x" * 300), "application/json", 400, "field_invalid"),
        (right(), "text/plain", 415, "content_type_wrong"),
        (right(), "application/x-www-form-urlencoded", 415, "content_type_wrong"),
        (right(username="x" * 3000), "application/json", 413, "body_too_large"),
    ],
)
async def test_a_wrong_body_is_refused_by_name(
    hub: Hub, body: bytes, content_type: str, status: int, code: str
) -> None:
    answered, problem = await hub.call("nobody", "POST", SESSION, data=body, headers={"Content-Type": content_type})
    assert (answered, problem["code"]) == (status, code)
    assert problem["status"] == status
    assert problem["detail"]
    assert problem["remedy"]


async def test_a_body_of_unknown_length_is_cut_off_at_the_limit(hub: Hub) -> None:
    async def endless() -> object:
        while True:
            yield b"x" * 1000

    status, problem = await hub.call(
        "nobody", "POST", SESSION, data=endless(), headers={"Content-Type": "application/json"}
    )
    assert (status, problem["code"]) == (413, "body_too_large")


async def test_a_body_that_does_not_come_is_not_waited_for(hub: Hub) -> None:
    reader, writer = await asyncio.open_connection("127.0.0.1", hub.server.port)
    writer.write(
        b"POST /api/v1/session HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\nContent-Length: 100\r\n\r\n{"
    )
    await writer.drain()
    answer = await asyncio.wait_for(reader.readuntil(b"\r\n\r\n"), 10)
    assert answer.startswith(b"HTTP/1.1 400 ")
    writer.close()


@pytest.mark.parametrize(
    ("method", "path", "status", "code"),
    [
        ("GET", "/nowhere", 404, "page_not_found"),
        ("GET", "/api/v1/nowhere", 404, "page_not_found"),
        ("PUT", "/api/v1/session", 405, "method_not_allowed"),
        ("TRACE", "/api/v1/session", 405, "method_not_allowed"),
        ("GET", "/api/v1/lessons?day=tomorrow", 400, "day_wrong"),
        ("GET", "/api/v1/lessons?date=2026-09-01", 400, "query_unknown"),
        ("GET", "/api/v1/lessons/none", 404, "lesson_unknown"),
        ("GET", "/api/v1/rooms/none", 404, "room_unknown"),
        ("GET", "/api/v1/join/zzzzzz", 404, "lesson_code_unknown"),
        ("GET", "/ws", 400, "upgrade_needed"),
    ],
)
async def test_a_wrong_address_or_method_is_a_problem(hub: Hub, method: str, path: str, status: int, code: str) -> None:
    answered, problem = await hub.call("admin", method, path)
    assert (answered, problem["code"]) == (status, code)


async def test_a_wrong_method_names_those_that_are_right(hub: Hub) -> None:
    async with hub.http.put(SESSION) as response:
        assert {"GET", "POST", "DELETE"} <= set(response.headers["Allow"].replace(" ", "").split(","))
        assert response.content_type == "application/problem+json"


@pytest.mark.parametrize(
    "raw",
    [
        b"GET\r\n\r\n",
        b"BREW / HTTP/1.1\r\nHost: x\r\n\r\n",
        b"GET / HTTP/9.9\r\nHost: x\r\n\r\n",
        b"GET / HTTP/1.1\r\nHost x\r\n\r\n",
        b"GET /" + b"a" * 20000 + b" HTTP/1.1\r\nHost: x\r\n\r\n",
        b"GET / HTTP/1.1\r\nHost: x\r\nX: " + b"a" * 20000 + b"\r\n\r\n",
        b"POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 1\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
        b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03",
        bytes(range(256)),
    ],
)
async def test_garbage_on_the_wire_gets_a_4xx_or_a_closed_door(
    hub: Hub, raw: bytes, caplog: pytest.LogCaptureFixture
) -> None:
    reader, writer = await asyncio.open_connection("127.0.0.1", hub.server.port)
    writer.write(raw)
    writer.write_eof()
    answer = await asyncio.wait_for(reader.read(), 10)
    assert not answer or re.match(rb"HTTP/1\.[01] 4\d\d ", answer), answer[:100]
    writer.close()
    assert (await hub.call("nobody", "GET", "/healthz"))[0] == 200
    # Whoever scans the port must not be able to fill the log.
    assert not caplog.records


async def test_a_token_that_is_not_ours_is_refused_even_where_nobody_may_come(hub: Hub) -> None:
    for value in ("Bearer x.y.z", "Bearer ", "Basic dXNlcjpwYXNz", "Bearer " + "x" * 5000):
        status, problem = await hub.call("nobody", "GET", SESSION, headers={"Authorization": value})
        assert (status, problem["code"]) == (401, "token_invalid")


async def test_a_revoked_or_expired_token_says_so(hub: Hub) -> None:
    headers = await hub.headers_of("guest")
    hub.clock.advance(601)
    path = f"/api/v1/lessons/{hub.county.lesson.id}"
    async with hub.http.get(path, headers=headers) as response:
        assert response.headers["WWW-Authenticate"] == "Bearer"
        assert (await response.json())["code"] == "token_expired"


async def test_the_session_cookie_is_out_of_reach_of_scripts_and_other_sites(hub: Hub) -> None:
    async with hub.http.post(SESSION, data=right(), headers={"Content-Type": "application/json"}) as response:
        cookie = response.headers["Set-Cookie"]
        assert (await response.json())["roles"] == ["teacher"]
        assert response.headers["Cache-Control"] == "no-store"
    assert "HttpOnly" in cookie
    assert "SameSite=Lax" in cookie
    assert "Path=/" in cookie
    assert "Secure" not in cookie


async def test_over_https_the_session_cookie_is_secure(tmp_path: Path) -> None:
    async with running_hub(tmp_path, public_url="https://class.example") as hub:
        headers = {"Content-Type": "application/json"}
        async with hub.http.post(SESSION, data=right(), headers=headers) as response:
            assert "Secure" in response.headers["Set-Cookie"]
            assert response.headers["Strict-Transport-Security"].startswith("max-age=")
            assert response.headers["Cross-Origin-Opener-Policy"] == "same-origin"


async def test_signing_out_ends_the_session(hub: Hub) -> None:
    headers = await hub.headers_of("teacher")
    assert (await hub.call("teacher", "GET", SESSION))[0] == 200
    async with hub.http.delete(SESSION, headers=headers) as response:
        assert response.status == 204
        assert 'qianshou_session=""' in response.headers["Set-Cookie"]
    async with hub.http.get(SESSION, headers=headers) as response:
        assert response.status == 401


async def test_signing_in_again_ends_the_session_before(hub: Hub) -> None:
    first = await hub.headers_of("teacher")
    async with hub.http.post(SESSION, data=right(), headers={**first, "Content-Type": "application/json"}) as response:
        assert response.status == 200
    async with hub.http.get(SESSION, headers=first) as response:
        assert response.status == 401


async def test_guessing_a_password_is_slowed_down_and_others_are_not(hub: Hub) -> None:
    answers = [
        await hub.call("nobody", "POST", SESSION, json={"username": "Teacher ", "password": f"wrong {number}"})
        for number in range(9)
    ]
    assert [status for status, _ in answers] == [401] * 8 + [429]
    assert answers[8][1]["code"] == "too_many_requests"
    # Even the right one has to wait now, or guessing would go on.
    async with hub.http.post(SESSION, data=right(), headers={"Content-Type": "application/json"}) as response:
        assert response.status == 429
        assert int(response.headers["Retry-After"]) in range(55, 65)
    assert await hub.sign_in("colleague")
    hub.clock.advance(61)
    assert await hub.sign_in("teacher")


async def test_signing_in_rightly_is_never_slowed_down(hub: Hub) -> None:
    for _ in range(12):
        assert await hub.sign_in("teacher")


@pytest.mark.parametrize("path", [SESSION, "/api/v1/lessons"])
async def test_another_sites_page_cannot_act_for_a_visitor(hub: Hub, path: str) -> None:
    status, problem = await hub.call("teacher", "POST", path, json={}, headers={"Origin": "https://evil.example"})
    assert (status, problem["code"]) == (403, "foreign_origin")
    own = f"http://127.0.0.1:{hub.server.port}"
    status, problem = await hub.call("teacher", "POST", path, json={}, headers={"Origin": own})
    assert (status, problem["code"]) == (400, "field_missing")


@pytest.mark.parametrize("path", ["/healthz", "/nowhere", "/api/openapi.json", SESSION])
async def test_every_answer_carries_the_security_headers(hub: Hub, path: str) -> None:
    nonces: set[str] = set()
    for _ in range(3):
        async with hub.http.get(path) as response:
            policy = response.headers["Content-Security-Policy"]
            assert "default-src 'none'" in policy
            assert "unsafe" not in policy
            assert f"ws://127.0.0.1:{hub.server.port}" in policy
            nonces |= set(re.findall(r"'nonce-([\w-]{20,})'", policy))
            assert response.headers["X-Content-Type-Options"] == "nosniff"
            assert response.headers["Referrer-Policy"] == "same-origin"
            assert response.headers["Server"] == "Qianshou"
    assert len(nonces) == 3


async def test_an_odd_host_does_not_get_into_the_policy(hub: Hub) -> None:
    async with hub.http.get("/healthz", headers={"Host": "x;script-src *"}) as response:
        assert "script-src *" not in response.headers.get("Content-Security-Policy", "")


async def test_the_language_can_be_chosen_for_good(hub: Hub) -> None:
    headers = {"Cookie": "qianshou_language=en", "Accept-Language": "zh-CN"}
    _, problem = await hub.call("nobody", "GET", SESSION, headers=headers)
    assert problem["detail"] == "You need to sign in."


async def test_readiness_follows_the_store(tmp_path: Path) -> None:
    # No services: one that is just connecting when all ends would leave its thread behind.
    async with running_hub(tmp_path, services=[]) as hub:
        assert await hub.call("nobody", "GET", "/readyz") == (200, "ready\n")
        await hub.server.context.store.close()
        (tmp_path / "qianshou.db").unlink()
        (tmp_path / "qianshou.db").mkdir()
        status, problem = await hub.call("nobody", "GET", "/readyz")
        assert status == 503
        assert problem["code"].startswith("store_")
        assert (await hub.call("nobody", "GET", "/healthz"))[0] == 200


async def test_metrics_count_by_route_and_never_by_path(hub: Hub) -> None:
    await hub.call("nobody", "GET", f"/api/v1/join/{hub.county.lesson.code}")
    await hub.call("nobody", "GET", "/nowhere")
    _, text = await hub.call("nobody", "GET", "/metrics")
    assert 'http_request_seconds_count{method="GET",route="/api/v1/join/{code}",status="200"} 1.0' in text
    assert hub.county.lesson.code not in text
    assert 'route="none",status="404"' in text
    assert "process_cpu_seconds_total" in text


async def test_the_api_describes_itself(hub: Hub) -> None:
    _, document = await hub.call("nobody", "GET", "/api/openapi.json")
    assert document["openapi"] == "3.1.0"
    assert document["paths"]["/api/v1/lessons/{id}/start"]["post"]["responses"]["200"]
