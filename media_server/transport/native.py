"""The native twin of the egress loop: `egress.c`, called once for all that a burst sends to everybody.

It is built when the package is installed on a machine with a C compiler, and it borrows AES-GCM from the system's
OpenSSL. Where either is missing, `open_library` returns None and `egress.DownlinkWriter` does the same in Python.
"""

import ctypes
import ctypes.util
import errno
import socket
import struct
from collections.abc import Sequence
from functools import cache
from pathlib import Path
from typing import NamedTuple, Protocol

from classroom.logs import get_logger
from classroom.webrtc.srtp import GcmSender
from media_server.sfu.downlink import Run
from media_server.sfu.history import MediaPacket

LIBRARY = Path(__file__).with_name("_egress.so")
# As the socket module has them; those of IPv6 also hold flow label and scope.
UdpAddress = tuple[str, int] | tuple[str, int, int, int]

MAX_ENTRIES = 4_096  # in one burst; what does not fit is sent by the Python loop
MAX_PACKETS = 4_096
_MAX_PAYLOAD_BYTES = 2_048
_CONTENTS_BYTES = 1 << 20  # of packets in one burst: a keyframe of every source, and for those who start
_MAX_ADDRESS_BYTES = 128  # sockaddr_storage
_SCRATCH_BYTES = 65_536 + 2_100
_SEGMENTATION_REFUSED = frozenset({errno.EIO, errno.EINVAL, errno.EOPNOTSUPP, errno.EMSGSIZE})

log = get_logger(__name__)


class _Crypto(ctypes.Structure):
    _fields_ = tuple((name, ctypes.c_void_p) for name in ("init", "update", "final", "control"))


class _Stream(ctypes.Structure):
    _fields_ = (
        ("cipher", ctypes.c_void_p),
        ("salt", ctypes.c_uint8 * 12),
        ("ssrc", ctypes.c_uint32),
        ("payload_type", ctypes.c_uint32),
        ("stamp_id", ctypes.c_uint32),
    )


class _Result(ctypes.Structure):
    _fields_ = (
        ("sent", ctypes.c_uint64),
        ("sent_bytes", ctypes.c_uint64),
        ("unreachable", ctypes.c_uint64),
        ("entry", ctypes.c_uint32),
        ("packet", ctypes.c_uint32),
        ("error", ctypes.c_int32),
        ("reserved", ctypes.c_uint32),
    )


# Named, since ctypes makes a new class, which is a circle, for every array type that nobody holds.
_AddressMemory = ctypes.c_char * _MAX_ADDRESS_BYTES
_PACKET = struct.Struct("=QQQII")  # packet_t
_ENTRY = struct.Struct("=QQqqIIII")  # entry_t
# The address family is the host's, port and addresses are the network's.
_SOCKADDR_IN = struct.Struct("=H2s4s8x")
_SOCKADDR_IN6 = struct.Struct("=H2s4s16sI")


class Library:
    """The loaded code."""

    def __init__(self, egress: ctypes.CDLL, crypto: ctypes.CDLL) -> None:
        """Raises `AttributeError` when either lacks a function."""
        self._crypto = crypto
        crypto.EVP_CIPHER_CTX_new.restype = ctypes.c_void_p
        for name in ("EVP_aes_128_gcm", "EVP_aes_256_gcm"):
            getattr(crypto, name).restype = ctypes.c_void_p
        crypto.EVP_CIPHER_CTX_free.argtypes = (ctypes.c_void_p,)
        crypto.EVP_EncryptInit_ex.argtypes = (*(ctypes.c_void_p,) * 3, ctypes.c_char_p, ctypes.c_char_p)
        self.functions = _Crypto(
            *(
                ctypes.cast(function, ctypes.c_void_p)
                for function in (
                    crypto.EVP_EncryptInit_ex,
                    crypto.EVP_EncryptUpdate,
                    crypto.EVP_EncryptFinal_ex,
                    crypto.EVP_CIPHER_CTX_ctrl,
                )
            )
        )
        self.send = egress.egress_burst  # another name whenever its arguments change: a library may be older than us
        self.send.restype = None

    def cipher(self, key: bytes) -> "Cipher":
        return Cipher(self._crypto, key)


class Cipher:
    """An AES-GCM context of OpenSSL that has its key."""

    def __init__(self, crypto: ctypes.CDLL, key: bytes) -> None:
        self._free = crypto.EVP_CIPHER_CTX_free
        self.pointer: int = crypto.EVP_CIPHER_CTX_new() or 0
        kind = crypto.EVP_aes_128_gcm() if len(key) == 16 else crypto.EVP_aes_256_gcm()
        if not self.pointer or crypto.EVP_EncryptInit_ex(self.pointer, kind, None, key, None) != 1:
            raise MemoryError("OpenSSL gives no AES-GCM")

    def __del__(self) -> None:
        self._free(self.pointer)


@cache
def open_library() -> Library | None:
    """None where the native loop was not built, or OpenSSL is not to be had."""
    name = ctypes.util.find_library("crypto")
    try:
        if name is None:
            raise OSError("no libcrypto")
        library = Library(ctypes.CDLL(str(LIBRARY)), ctypes.CDLL(name))
        library.cipher(bytes(16))
    except (OSError, AttributeError, MemoryError) as error:
        log.info("sending without native code", problem=str(error))
        return None
    return library


class NativeStream:
    """What never changes of a subscriber's stream, as the native loop wants it."""

    def __init__(self, cipher: Cipher, sender: GcmSender, ssrc: int, payload_type: int, stamp_id: int | None) -> None:
        self._cipher = cipher  # kept alive
        salt = (ctypes.c_uint8 * 12).from_buffer_copy(sender.salt.to_bytes(12))
        self._stream = _Stream(cipher.pointer, salt, ssrc, payload_type, stamp_id or 0)
        self.pointer = ctypes.addressof(self._stream)
        self._address: UdpAddress | None = None
        self._towards = SocketAddress(b"")

    def towards(self, address: UdpAddress) -> "SocketAddress":
        if address is not self._address:
            self._address, self._towards = address, SocketAddress(socket_address(address))
        return self._towards


class SocketAddress:
    """In memory of its own, which must live until it was sent to."""

    __slots__ = ("_memory", "pointer", "size")

    def __init__(self, packed: bytes) -> None:
        self.size = len(packed)
        self._memory = _AddressMemory.from_buffer_copy(packed.ljust(_MAX_ADDRESS_BYTES, b"\0"))
        self.pointer = ctypes.addressof(self._memory)


def socket_address(address: UdpAddress) -> bytes:
    """`struct sockaddr_in` or `sockaddr_in6`."""
    port = address[1].to_bytes(2)
    if len(address) == 2:
        return _SOCKADDR_IN.pack(socket.AF_INET, port, socket.inet_aton(address[0]))
    host = address[0].partition("%")[0]
    flow = address[2].to_bytes(4)
    return _SOCKADDR_IN6.pack(socket.AF_INET6, port, flow, socket.inet_pton(socket.AF_INET6, host), address[3])


class Later(Protocol):
    """Sends what the native loop could not, the slow way."""

    def __call__(self, runs: Sequence[Run], stamp: int) -> None: ...


class Outcome(NamedTuple):
    sent: int
    sent_bytes: int
    unreachable: int
    segmentation: bool  # still


class NativeTargets:
    """Streams that all get the same packets, each with offsets of its own."""

    def __init__(self, targets: Sequence[tuple[NativeStream, UdpAddress, int, int]]) -> None:
        """`targets`: streams, addresses, index and timestamp offsets."""
        self.count = len(targets)
        self.entries = ctypes.create_string_buffer(max(1, self.count * _ENTRY.size))
        self._kept: list[object] = []  # what is pointed to, kept alive
        for number, (stream, address, index_offset, timestamp_offset) in enumerate(targets):
            towards = stream.towards(address)
            self._kept.append((stream, towards))
            offsets = (index_offset, timestamp_offset)
            _ENTRY.pack_into(
                *(self.entries, number * _ENTRY.size, stream.pointer, towards.pointer, *offsets, towards.size, 0, 0, 0)
            )


class Reached(NamedTuple):
    """Everybody before `target` got everything, and that one the packets before `packet`."""

    target: int
    packet: int


NOBODY = Reached(0, 0)


class NativeBurst:
    """Gathers what leaves through one socket, then sends it in one call."""

    def __init__(self, library: Library) -> None:
        self._library = library
        self._packets = ctypes.create_string_buffer(MAX_PACKETS * _PACKET.size)
        self._entries = ctypes.create_string_buffer(MAX_ENTRIES * _ENTRY.size)
        self._contents = ctypes.create_string_buffer(_CONTENTS_BYTES)
        self._contents_view = memoryview(self._contents).cast("B")
        self._contents_at = ctypes.addressof(self._contents)
        self._used = 0  # of the contents
        self._scratch = ctypes.create_string_buffer(_SCRATCH_BYTES)
        self._result = _Result()
        self._count = 0  # of packets
        self._known: Sequence[MediaPacket] = ()  # the packets that were added last, and where they are
        self._known_at = 0
        self._runs: list[tuple[Run, Later, NativeStream, SocketAddress]] = []  # what is pointed to, kept alive

    @property
    def empty(self) -> bool:
        return not self._runs

    def add(self, stream: NativeStream, address: UdpAddress, run: Run, later: Later) -> bool:
        """False when there is no room, or a packet has header extensions of its own.

        `later` sends those packets of the run that the socket does not take now.
        """
        packets, index_offset, timestamp_offset = run
        runs = self._runs
        if packets is not self._known and not self._add_packets(packets):
            return False
        if len(runs) == MAX_ENTRIES:
            return False
        towards = stream.towards(address)
        _ENTRY.pack_into(
            self._entries,
            len(runs) * _ENTRY.size,
            stream.pointer,
            towards.pointer,
            index_offset,
            timestamp_offset,
            towards.size,
            self._known_at,
            len(packets),
            0,
        )
        runs.append((run, later, stream, towards))
        return True

    def _add_packets(self, packets: Sequence[MediaPacket]) -> bool:
        if self._count + len(packets) > MAX_PACKETS:
            return False
        if any(packet.extensions or len(packet.payload) > _MAX_PAYLOAD_BYTES for packet in packets):
            return False
        if self._used + sum([len(packet.payload) for packet in packets]) > _CONTENTS_BYTES:
            return False
        self._known, self._known_at = packets, self._count
        used = self._used
        for number, packet in enumerate(packets, self._count):
            size = len(packet.payload)
            self._contents_view[used : used + size] = packet.payload
            place = (self._packets, number * _PACKET.size, self._contents_at + used)
            _PACKET.pack_into(*place, packet.index, packet.timestamp, size, packet.marker)
            used += size
        self._used = used
        self._count += len(packets)
        return True

    def send(self, fd: int, stamp: int, *, segmentation: bool) -> Outcome:
        """Send all that was added. `stamp` is the time of sending, as abs-send-time has it."""
        runs = self._runs
        outcome, reached = self._send(fd, self._entries, len(runs), stamp, segmentation)
        self._runs = []
        for number in range(reached.target, len(runs)):
            run, later, _, _ = runs[number]
            if number == reached.target:
                run = run._replace(packets=run.packets[reached.packet :])
            later([run], stamp)
        return outcome

    def send_to_all(
        self, fd: int, targets: NativeTargets, packets: Sequence[MediaPacket], stamp: int, *, segmentation: bool
    ) -> tuple[Outcome, Reached] | None:
        """Send these packets to all of `targets`; nothing may be gathered. None where `add` would say False."""
        if not self._add_packets(packets):
            return None
        return self._send(fd, targets.entries, targets.count, stamp, segmentation)

    def _send(
        self, fd: int, entries: ctypes.Array[ctypes.c_char], count: int, stamp: int, segmentation: bool
    ) -> tuple[Outcome, Reached]:
        result = self._result
        result.sent = result.sent_bytes = result.unreachable = 0
        self._library.send(
            ctypes.c_int(fd),
            ctypes.byref(self._library.functions),
            self._packets,
            ctypes.c_uint32(self._count),
            entries,
            ctypes.c_uint32(count),
            ctypes.c_uint32(stamp),
            ctypes.c_int(segmentation),
            self._scratch,
            ctypes.byref(result),
        )
        self._known, self._count, self._used = (), 0, 0
        refused = result.error in _SEGMENTATION_REFUSED
        outcome = Outcome(result.sent, result.sent_bytes, result.unreachable, segmentation and not refused)
        return outcome, Reached(result.entry, result.packet)
