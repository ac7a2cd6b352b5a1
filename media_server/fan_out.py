"""Bursts to all who follow an encoding: one native call for each socket, as long as their paths stay the same."""

from collections.abc import Mapping
from typing import NamedTuple
from weakref import WeakKeyDictionary

from media_server.sessions import SubscriberSession
from media_server.sfu.fan import Fan, Follower
from media_server.sfu.room import FanOut
from media_server.transport.native import NativeStream, NativeTargets, UdpAddress
from media_server.transport.network import Network
from media_server.transport.tcp import TcpAddress
from media_server.transport.udp import UdpPort

LOOK_AGAIN_S = 1.0  # at those who cannot be reached natively: who still names its section soon can


class _Way(NamedTuple):
    """Through one socket, to these followers."""

    port: UdpPort
    targets: NativeTargets
    followers: list[Follower]


class _Ways(NamedTuple):
    native: list[_Way]
    others: list[Follower]
    paths: int  # how often a path had changed when they were found
    until: float


class FanOuts:
    """Who cannot be reached natively, or whose socket is full, is sent to one by one."""

    def __init__(self, network: Network, sessions: Mapping[str, SubscriberSession]) -> None:
        """`sessions`: those of this node by their subscribers' ids."""
        self._network = network
        self._sessions = sessions
        self._ways: WeakKeyDictionary[Fan, _Ways] = WeakKeyDictionary()
        self._paths = 0

    def path_changed(self) -> None:
        """Somebody is reached at another address from now on."""
        self._paths += 1

    def send(self, out: FanOut, stamp: int, now: float) -> None:
        """`stamp` is the time of sending, see `abs_send_time`."""
        ways = self._ways.get(out.fan)
        if ways is None or ways.paths != self._paths or now >= ways.until:
            ways = self._ways[out.fan] = self._find(out.fan, now)
        for way in ways.native:
            reached = way.port.send_to_all(way.targets, out.burst.packets, stamp)
            first = reached.packet
            for follower in way.followers[reached.target :]:
                self._send_one(out, follower, now, first)
                first = 0
        for follower in ways.others:
            self._send_one(out, follower, now)

    def _send_one(self, out: FanOut, follower: Follower, now: float, first: int = 0) -> None:
        self._sessions[follower.subscriber.id].send(out.sending(follower, first), now)

    def _find(self, fan: Fan, now: float) -> _Ways:
        targets: dict[UdpPort, list[tuple[NativeStream, UdpAddress, int, int]]] = {}
        followers: dict[UdpPort, list[Follower]] = {}
        others = []
        for follower in fan.followers:
            stream, address = self._sessions[follower.subscriber.id].path(follower.downlink)
            if stream is None or address is None or isinstance(address, TcpAddress):
                others.append(follower)
                continue
            port = self._network.udp_of(address)
            targets.setdefault(port, []).append((stream, address, follower.index_offset, follower.timestamp_offset))
            followers.setdefault(port, []).append(follower)
        native = [_Way(port, NativeTargets(targets[port]), followers[port]) for port in targets]
        return _Ways(native, others, self._paths, now + LOOK_AGAIN_S)
