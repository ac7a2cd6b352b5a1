"""SCTP over DTLS (RFC 8261) with WebRTC's data channels (RFC 8831, RFC 8832): aiortc's SCTP behind our own DTLS.

The only file that knows aiortc; tests/architecture/test_aiortc.py pins the private names used here. Its coroutines
wait for nothing but our `_send_data`, which never waits, so they are run to their end where they are called: no task
and no queue per peer.
"""

import struct
from collections.abc import Callable, Coroutine
from typing import Any, cast

from aiortc import RTCDataChannel, RTCDtlsTransport, RTCSctpCapabilities, RTCSctpTransport

from classroom.logs import get_logger
from classroom.webrtc.dtls import DtlsRole
from media_server.sfu.data_section import MAX_MESSAGE_BYTES, SCTP_PORT

MAX_CHANNELS = 2  # of one peer; the product needs one
MAX_WAITING_BYTES = 32 * 1024  # out of order inwards, or not yet acknowledged outwards
BYTES_PER_S = 16 * 1024  # of SCTP packets from one peer: far more than people type
BURST_BYTES = 64 * 1024
# What aiortc's parser raises for packets that are none; its author met them with a task that may fail.
_MALFORMED = (ValueError, LookupError, AssertionError, struct.error, TypeError, AttributeError)

log = get_logger(__name__)


class _Dtls:
    """What RTCSctpTransport asks of an RTCDtlsTransport."""

    state = "connected"

    def __init__(self, role: DtlsRole, send: Callable[[bytes], None]) -> None:
        self._role = role
        self._send = send

    def _register_data_receiver(self, receiver: RTCSctpTransport) -> None:
        """We hand packets over ourselves."""

    def _unregister_data_receiver(self, receiver: RTCSctpTransport) -> None:
        """As above."""

    async def _send_data(self, data: bytes) -> None:
        self._send(data)


class DataChannels:
    """The association of one peer. `receive` takes SCTP packets, `on_message` gets texts with their channel's label.

    A peer that sends more than its share loses packets, as on a bad line; one that makes packets up, or leaves holes
    so that much must be kept, loses its association; its media goes on.
    """

    def __init__(
        self,
        role: DtlsRole,
        remote_port: int,
        *,
        send: Callable[[bytes], None],
        on_message: Callable[[str, str], None],
        now: float,
    ) -> None:
        self.dropped = 0
        self._on_message = on_message
        self._sctp = RTCSctpTransport(cast(RTCDtlsTransport, _Dtls(role, send)), SCTP_PORT)
        self._remote_port = remote_port
        self._window_bytes = self._sctp._advertised_rwnd  # noqa: SLF001 -- pinned
        self._channels: list[RTCDataChannel] = []
        self._allowance: float = BURST_BYTES
        self._heard_at = now
        self._closed = False
        self._sctp.on("datachannel", self._opened)

    @property
    def closed(self) -> bool:
        return self._closed

    def start(self) -> None:
        """DTLS is up (RFC 8841 § 9.3: both ends begin)."""
        _run(self._sctp.start(RTCSctpCapabilities(maxMessageSize=MAX_MESSAGE_BYTES * 2), self._remote_port))

    def receive(self, packet: bytes, now: float) -> None:
        """Never raises."""
        if self._closed:
            return
        self._allowance = min(BURST_BYTES, self._allowance + (now - self._heard_at) * BYTES_PER_S)
        self._heard_at = now
        if len(packet) > self._allowance:
            self.dropped += 1
            return
        self._allowance -= len(packet)
        try:
            _run(self._sctp._handle_data(packet))  # noqa: SLF001 -- pinned
        except _MALFORMED as error:
            log.info("SCTP packet malformed", error=type(error).__name__)
            self.close()
        else:
            waiting = self._window_bytes - self._sctp._advertised_rwnd  # noqa: SLF001 -- pinned
            if waiting > MAX_WAITING_BYTES:
                log.info("SCTP association leaves holes")
                self.close()

    def has(self, label: str) -> bool:
        """Whether the peer has an open channel of this label."""
        return any(channel.label == label and channel.readyState == "open" for channel in self._channels)

    def post(self, label: str, text: str) -> None:
        """Send on the peer's channels with this label. What a slow peer has not taken in time is dropped."""
        for channel in self._channels:
            if channel.label != label or channel.readyState != "open":
                continue
            if channel.bufferedAmount > MAX_WAITING_BYTES:
                self.dropped += 1
            else:
                channel.send(text)

    def close(self) -> None:
        """End the association and its timers."""
        if not self._closed:
            self._closed = True
            _run(self._sctp.stop())

    def _opened(self, channel: RTCDataChannel) -> None:
        self._channels = [each for each in self._channels if each.readyState != "closed"]
        if len(self._channels) >= MAX_CHANNELS:
            channel.close()
            return
        self._channels.append(channel)

        def message(data: str | bytes) -> None:
            if isinstance(data, str) and len(data.encode()) <= MAX_MESSAGE_BYTES:
                self._on_message(channel.label, data)
            else:
                self.dropped += 1

        channel.on("message", message)


def _run(coroutine: Coroutine[Any, Any, None]) -> None:
    """Run a coroutine that waits for nothing. Raises `RuntimeError` when it does after all."""
    try:
        coroutine.send(None)
    except StopIteration:
        return
    coroutine.close()
    raise RuntimeError("aiortc's SCTP waited for something")
