"""What a service is, and what it is given.

A service package names its factory in `[project.entry-points."classroom.services"]`; `qianshou serve` starts the
services of its role in one process. A service adds its HTTP routes and socket handlers in `start`.
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import ClassVar, Protocol

from prometheus_client import CollectorRegistry

from classroom.audit import Audit
from classroom.auth.tokens import Tokens
from classroom.bus.interface import Bus
from classroom.clock import Clock
from classroom.http.routes import Routes
from classroom.http.sockets import Sockets
from classroom.settings import ServerRole, Settings
from classroom.store.store import Store
from classroom.tasks import Tasks

__all__ = ["Context", "ServerRole", "Service", "ServiceFactory"]


@dataclass(frozen=True, slots=True)
class Context:
    """Everything a service may use; built once per process by `classroom.server`."""

    node: str
    settings: Settings
    clock: Clock
    tasks: Tasks
    store: Store
    bus: Bus
    audit: Audit
    tokens: Tokens
    metrics: CollectorRegistry
    routes: Routes
    sockets: Sockets


class Service(Protocol):
    name: ClassVar[str]
    runs_in: ClassVar[frozenset[ServerRole]]

    async def start(self) -> None:
        """Take ports, add routes, begin background tasks. Raises `BadSettings` or `Unavailable` naming the remedy."""

    async def stop(self) -> None:
        """Let go of everything, within a second or two."""


ServiceFactory = Callable[[Context], Service]
