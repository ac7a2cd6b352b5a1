"""Real Firefox ESR, as Debian packages it, driven over WebDriver BiDi (W3C): JSON on a WebSocket, no driver needed."""

import asyncio
import json
import re
import tempfile
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any, Final

import aiohttp

from tests.harness.frames import INIT_SCRIPT

FIREFOX: Final = "/usr/bin/firefox-esr"
START_WITHIN_S: Final = 60.0
_PREFERENCES: Final[dict[str, bool | int | str]] = {
    "media.navigator.streams.fake": True,
    "media.navigator.permission.disabled": True,
    "media.autoplay.default": 0,
    "media.peerconnection.ice.loopback": True,  # the server under test is there
    # A user's Firefox downloads Cisco's OpenH264 for its calls. Here nothing is downloaded: Debian's FFmpeg takes
    # its place, behind the switches for an encoder of the system.
    "media.webrtc.hw.h264.enabled": True,
    "gfx.blacklist.webrtc.hw.acceleration": 1,
    "gfx.blacklist.webrtc.hw.acceleration.h264": 1,
    "media.webrtc.encoder_creation_strategy": 1,
    "media.ffmpeg.allow-openh264": True,
    "media.ffmpeg.encoder.enabled": True,
    "media.gmp-manager.updateEnabled": False,
    # Nothing is fetched from Mozilla, and nothing is reported.
    "app.normandy.enabled": False,
    "app.update.enabled": False,
    "browser.safebrowsing.malware.enabled": False,
    "browser.safebrowsing.phishing.enabled": False,
    "browser.safebrowsing.downloads.remote.enabled": False,
    "datareporting.policy.dataSubmissionEnabled": False,
    "extensions.update.enabled": False,
    "network.captive-portal-service.enabled": False,
    "network.connectivity-service.enabled": False,
    "services.settings.server": "data:,",
    "toolkit.telemetry.enabled": False,
}


class FirefoxPage:
    """One tab."""

    def __init__(self, firefox: "Firefox", context: str) -> None:
        self._firefox = firefox
        self._context = context

    async def goto(self, address: str) -> None:
        await self._firefox.call("browsingContext.navigate", context=self._context, url=address, wait="complete")

    async def evaluate(self, function: str, argument: object = None) -> Any:
        """The JSON value of an (async) function called with one JSON argument.

        Raises `AssertionError` when it throws.
        """
        answer = await self._firefox.call(
            "script.callFunction",
            functionDeclaration=f"async text => JSON.stringify(await ({function})(JSON.parse(text)) ?? null)",
            arguments=[{"type": "string", "value": json.dumps(argument)}],
            target={"context": self._context},
            awaitPromise=True,
            userActivation=True,
        )
        assert answer["type"] == "success", answer.get("exceptionDetails", {}).get("text", answer)
        return json.loads(answer["result"]["value"])


class Firefox:
    """A running browser; made by `firefox()`."""

    def __init__(self, socket: aiohttp.ClientWebSocketResponse) -> None:
        self._socket = socket
        self._number = 0

    async def call(self, method: str, **parameters: object) -> dict[str, Any]:
        """One command, one answer; commands are not mixed. Raises `AssertionError` when it fails."""
        self._number += 1
        await self._socket.send_json({"id": self._number, "method": method, "params": parameters})
        while True:
            message = await self._socket.receive_json()
            if message.get("id") == self._number:
                assert message["type"] == "success", (method, message)
                result: dict[str, Any] = message["result"]
                return result

    async def new_page(self) -> FirefoxPage:
        created = await self.call("browsingContext.create", type="tab")
        return FirefoxPage(self, created["context"])


@asynccontextmanager
async def firefox() -> AsyncIterator[Firefox]:
    """A browser with a profile of its own, closed afterwards."""
    with tempfile.TemporaryDirectory(prefix="firefox-", ignore_cleanup_errors=True) as folder:
        _write_preferences(Path(folder))
        process = await asyncio.create_subprocess_exec(
            *(FIREFOX, "--headless", "--no-remote", "--profile", folder, "--remote-debugging-port", "0"),
            stdin=asyncio.subprocess.DEVNULL,
            stdout=asyncio.subprocess.DEVNULL,
            stderr=asyncio.subprocess.PIPE,
        )
        assert process.stderr is not None
        reading: asyncio.Task[None] | None = None
        try:
            address = await asyncio.wait_for(_bidi_address(process.stderr), START_WITHIN_S)
            reading = asyncio.create_task(_drain(process.stderr))
            async with aiohttp.ClientSession() as http, http.ws_connect(f"{address}/session", max_msg_size=0) as socket:
                browser = Firefox(socket)
                await browser.call("session.new", capabilities={})
                script = f"() => {{ {INIT_SCRIPT.read_text(encoding='utf-8')} }}"
                await browser.call("script.addPreloadScript", functionDeclaration=script)
                yield browser
        finally:
            if process.returncode is None:
                process.terminate()
            await process.wait()
            if reading is not None:
                await reading


def _write_preferences(profile: Path) -> None:
    lines = (f"user_pref({json.dumps(key)}, {json.dumps(value)});\n" for key, value in _PREFERENCES.items())
    (profile / "user.js").write_text("".join(lines), encoding="utf-8")


async def _bidi_address(output: asyncio.StreamReader) -> str:
    """Firefox says where it listens."""
    seen = []
    while line := (await output.readline()).decode(errors="replace"):
        seen.append(line)
        if found := re.search(r"WebDriver BiDi listening on (ws://\S+)", line):
            return found[1]
    raise AssertionError("Firefox ended: " + "".join(seen))


async def _drain(output: asyncio.StreamReader) -> None:
    while await output.readline():
        pass
