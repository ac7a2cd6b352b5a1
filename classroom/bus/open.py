"""Which bus the settings mean."""

from classroom.bus.interface import Bus
from classroom.bus.memory import MemoryBus
from classroom.bus.redis_bus import RedisBus
from classroom.clock import Clock
from classroom.settings import Settings


def open_bus(settings: Settings, clock: Clock) -> Bus:
    """The bus of `settings.bus_url`, not yet started. Raises `BadSettings("bus_url_wrong")`."""
    if not settings.bus_url or settings.bus_url.startswith("memory:"):
        return MemoryBus(clock)
    return RedisBus(settings.bus_url, clock)
