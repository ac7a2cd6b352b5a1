"""The native egress loop pinned to its Python twin, over real sockets."""

import contextlib
import os
import random
import socket
import struct
from collections.abc import Iterator, Sequence

import pytest
from hypothesis import given
from hypothesis import strategies as st

from classroom.rtp.packet import RtpPacket
from classroom.webrtc.srtp import PROFILES, SrtpKeys, SrtpProfile, srtp_sender
from media_server.sfu.downlink import Downlink, Format, Run
from media_server.sfu.extensions import ABS_SEND_TIME, AUDIO_LEVEL, MID, ExtensionLayout
from media_server.sfu.history import MediaPacket
from media_server.transport import native
from media_server.transport.build import build_egress
from media_server.transport.egress import DownlinkWriter
from media_server.transport.native import (
    NativeBurst,
    NativeStream,
    NativeTargets,
    SocketAddress,
    UdpAddress,
    open_library,
)
from media_server.transport.udp import UdpPort
from tests.fakes.camera import H264

SO_NO_CHECK = 11
GCM = [profile for profile in PROFILES if profile.gcm]


def library() -> native.Library:
    """`make test` installs a compiler, so there is one."""
    assert build_egress()
    opened = open_library()
    assert opened is not None
    return opened


class Wire:
    """A sending and a receiving socket on loopback, and a burst between them."""

    def __init__(self, family: socket.AddressFamily = socket.AF_INET) -> None:
        host = "127.0.0.1" if family == socket.AF_INET else "::1"
        self.burst = NativeBurst(library())
        self.receiver = socket.socket(family, socket.SOCK_DGRAM)
        self.receiver.bind((host, 0))
        self.sender = socket.socket(family, socket.SOCK_DGRAM)
        self.sender.setblocking(False)
        self.late: list[Run] = []

    @property
    def address(self) -> UdpAddress:
        address: UdpAddress = self.receiver.getsockname()
        return address

    def add(self, stream: NativeStream, run: Run, address: UdpAddress | None = None) -> bool:
        return self.burst.add(stream, address or self.address, run, self._later)

    def send(self, stamp: int = 0, *, segmentation: bool = True) -> native.Outcome:
        return self.burst.send(self.sender.fileno(), stamp, segmentation=segmentation)

    def receive(self, count: int) -> list[bytes]:
        """All of `count`; on loopback what was sent is there at once."""
        self.receiver.setblocking(False)
        received: list[bytes] = []
        with contextlib.suppress(BlockingIOError):
            while len(received) <= count:
                received.append(self.receiver.recv(4_096))
        return received

    def close(self) -> None:
        self.receiver.close()
        self.sender.close()

    def _later(self, runs: Sequence[Run], stamp: int) -> None:
        self.late += runs


@pytest.fixture(scope="module", params=[socket.AF_INET, socket.AF_INET6], ids=["IPv4", "IPv6"])
def wire(request: pytest.FixtureRequest) -> Iterator[Wire]:
    opened = Wire(request.param)
    yield opened
    opened.close()


def writer_for(profile: SrtpProfile = GCM[0], ids: dict[str, int] | None = None, mid: str = "") -> DownlinkWriter:
    library()
    key, salt = bytes(range(profile.key_bytes)), bytes(range(7, profile.salt_bytes + 7))
    sender = srtp_sender(SrtpKeys(profile, key, salt, key, salt))
    downlink = Downlink("v", "teacher", "video", [Format(H264, None)], random.Random(1))
    return DownlinkWriter(sender, downlink, ExtensionLayout(ids or {}, mid=mid))


def stream_of(writer: DownlinkWriter) -> NativeStream:
    assert writer.native is not None
    return writer.native


def packet(index: int, timestamp: int, payload: bytes, *, marker: bool = False) -> MediaPacket:
    return MediaPacket(
        RtpPacket(96, index & 0xFFFF, timestamp & 0xFFFFFFFF, 9, payload, marker=marker), index, timestamp, False
    )


def sized(*sizes: int) -> Run:
    return Run([packet(70_000 + n, 2**32, os.urandom(size)) for n, size in enumerate(sizes)], 0, 0)


_CONTENT = bytes(range(256)) * 5

runs = st.builds(
    Run,
    st.lists(
        st.builds(
            packet,
            st.integers(70_000, 2**40),
            st.integers(2**32, 2**34),
            # few sizes, so that segments of one size, a shorter last one and all other orders come up
            st.sampled_from([0, 1, 99, 100, 1_150]).map(lambda size: _CONTENT[:size]) | st.binary(max_size=40),
            marker=st.booleans(),
        ),
        min_size=1,
        max_size=9,
    ),
    st.integers(-60_000, 2**32),
    st.integers(-(2**31), 2**31),
)


@pytest.mark.parametrize("profile", GCM, ids=lambda profile: profile.name)
@pytest.mark.parametrize("segmentation", [True, False])
@given(run_list=st.lists(runs, min_size=1, max_size=3), stamp=st.integers(0, 0xFFFFFF) | st.none())
def test_the_bytes_are_those_of_the_python_loop(
    wire: Wire, profile: SrtpProfile, segmentation: bool, run_list: list[Run], stamp: int | None
) -> None:
    writer = writer_for(profile, {} if stamp is None else {ABS_SEND_TIME: 3})
    for run in run_list:
        assert wire.add(stream_of(writer), run)
    expected = writer.write(run_list, stamp or 0)
    outcome = wire.send(stamp or 0, segmentation=segmentation)
    assert wire.receive(len(expected)) == expected
    assert outcome == (len(expected), sum(map(len, expected)), 0, segmentation)
    assert wire.late == []


@pytest.mark.parametrize(
    "sizes",
    [[100] * 7, [100, 100, 40], [100, 40, 100], [40, 100, 100], [1_150] * 70, [1, 2, 3, 2, 2, 1_200, 0]],
    ids=str,
)
def test_packets_of_all_sizes_arrive_in_order(wire: Wire, sizes: list[int]) -> None:
    writer, run = writer_for(), sized(*sizes)
    wire.add(stream_of(writer), run)
    wire.send()
    assert wire.receive(len(sizes)) == writer.write([run], 0)


class UnixStream(NativeStream):
    """Towards a Unix datagram socket: its queue is short, and full when nobody reads."""

    def __init__(self, like: NativeStream, path: str) -> None:
        self.__dict__.update(like.__dict__)
        self._unix = SocketAddress(struct.pack("=H", socket.AF_UNIX) + path.encode())

    def towards(self, address: UdpAddress) -> SocketAddress:
        return self._unix


@contextlib.contextmanager
def unix_sockets(path: str) -> Iterator[tuple[socket.socket, socket.socket]]:
    """A receiver at `path`, which nobody reads, and a sender."""
    with (
        socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as receiver,
        socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as sender,
    ):
        receiver.bind(path)
        receiver.setblocking(False)
        yield receiver, sender


def test_what_the_socket_does_not_take_now_is_left_to_the_python_loop(tmp_path_factory: pytest.TempPathFactory) -> None:
    path = str(tmp_path_factory.mktemp("unix") / "s")
    writer, run = writer_for(), sized(*range(100, 140))
    later: list[Run] = []
    burst = NativeBurst(library())
    with unix_sockets(path) as (receiver, sender):
        stream = UnixStream(stream_of(writer), path)
        for _ in range(2):
            burst.add(stream, ("", 0), run, lambda runs, stamp: later.extend(runs))
        outcome = burst.send(sender.fileno(), 0, segmentation=False)
        taken = outcome.sent
        assert 0 < taken < len(run.packets)
        assert [receiver.recv(2_048) for _ in range(taken)] == writer.write([run], 0)[:taken]
        # The first run from the packet on that found no room, and all of the second.
        assert later == [run._replace(packets=run.packets[taken:]), run]
        assert burst.empty


@pytest.mark.parametrize("segmentation", [True, False])
@given(run=runs, offsets=st.lists(st.tuples(st.integers(-60_000, 2**32), st.integers(-(2**31), 2**31)), max_size=4))
def test_many_get_the_same_packets_each_with_its_own_offsets(
    wire: Wire, segmentation: bool, run: Run, offsets: list[tuple[int, int]]
) -> None:
    writer = writer_for(GCM[0], {ABS_SEND_TIME: 3})
    targets = NativeTargets([(stream_of(writer), wire.address, *each) for each in offsets])
    expected = writer.write([Run(run.packets, *each) for each in offsets], 9)
    fd = wire.sender.fileno()
    done = wire.burst.send_to_all(fd, targets, run.packets, 9, segmentation=segmentation)
    assert wire.receive(len(expected)) == expected
    assert done == ((len(expected), sum(map(len, expected)), 0, segmentation), (len(offsets), 0))


def test_a_full_socket_tells_who_got_what(tmp_path_factory: pytest.TempPathFactory) -> None:
    path = str(tmp_path_factory.mktemp("unix") / "s")
    writer, run = writer_for(), sized(*range(100, 104))
    stream = UnixStream(stream_of(writer), path)
    burst = NativeBurst(library())
    with unix_sockets(path) as (_, sender):
        targets = NativeTargets([(stream, ("", 0), 0, 0)] * 20)
        done = burst.send_to_all(sender.fileno(), targets, run.packets, 0, segmentation=False)
        assert done is not None
        outcome, (target, packet) = done
        assert 0 < target < 20
        assert outcome.sent == target * len(run.packets) + packet


def test_packets_with_extensions_of_their_own_are_not_sent_to_all(wire: Wire) -> None:
    loud = MediaPacket(RtpPacket(96, 0, 0, 9, b"sound"), 70_000, 2**32, False, extensions={AUDIO_LEVEL: b"\x9e"})
    targets = NativeTargets([(stream_of(writer_for()), wire.address, 0, 0)])
    assert wire.burst.send_to_all(wire.sender.fileno(), targets, [loud], 0, segmentation=True) is None


def test_where_segmentation_is_refused_nothing_is_lost() -> None:
    wire = Wire()
    writer, run = writer_for(), sized(100, 100, 100)
    wire.sender.setsockopt(socket.SOL_SOCKET, SO_NO_CHECK, 1)  # the kernel segments nothing without checksums
    wire.add(stream_of(writer), run)
    assert wire.send() == (0, 0, 0, False)
    assert wire.late == [run]
    wire.close()


def test_an_unreachable_address_costs_only_its_own_packets() -> None:
    wire = Wire()
    writer, run = writer_for(), sized(100, 100)
    wire.add(stream_of(writer), run, ("255.255.255.255", 9))
    wire.add(stream_of(writer), run)
    assert wire.send() == (2, sum(map(len, writer.write([run], 0))), 2, True)
    assert wire.receive(2) == writer.write([run], 0)
    wire.close()


def test_packets_with_extensions_of_their_own_are_not_taken(wire: Wire) -> None:
    loud = MediaPacket(RtpPacket(96, 0, 0, 9, b"sound"), 70_000, 2**32, False, extensions={AUDIO_LEVEL: b"\x9e"})
    assert not wire.add(stream_of(writer_for()), Run([loud], 0, 0))
    assert wire.burst.empty
    assert writer_for(ids={MID: 4}, mid="v").native is None, "it still names its section"


def test_a_burst_has_an_end(wire: Wire) -> None:
    stream, run = stream_of(writer_for()), sized(1)
    added = sum(wire.add(stream, run) for _ in range(native.MAX_ENTRIES + 3))
    many = sized(*([1] * (native.MAX_PACKETS + 1)))
    assert added == native.MAX_ENTRIES
    wire.receiver.setsockopt(socket.SOL_SOCKET, 33, 16_000_000)
    assert wire.send().sent == native.MAX_ENTRIES
    wire.receive(native.MAX_ENTRIES)
    assert not wire.add(stream, many)
    large = sized(*([2_000] * 600))
    assert not wire.add(stream, large)
    assert wire.burst.empty


async def test_a_port_sends_what_was_gathered_and_never_past_what_waits(wire: Wire) -> None:
    library()
    if wire.receiver.family == socket.AF_INET6:
        return
    port = UdpPort("127.0.0.1", 0, lambda burst: None)
    port.open()
    writer, run = writer_for(), sized(100, 100)
    expected = writer.write([run], 0)
    assert port.gather(stream_of(writer), wire.address, run, wire._later)
    port.flush(0)
    assert wire.receive(2) == expected
    assert (port.sent, port.sent_bytes) == (2, sum(map(len, expected)))
    port._enqueue(wire.address, [b"first"])  # as after a send that would have blocked
    assert not port.gather(stream_of(writer), wire.address, run, wire._later)
    port.close()
