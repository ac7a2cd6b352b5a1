"""Reading everything again, a little at a time: a disk that forgets is found out while another copy still exists."""

from datetime import timedelta

from classroom.access.blobs import access_blobs_to_verify, access_blobs_verified
from classroom.clock import Clock
from classroom.errors import NotFound, Unavailable
from classroom.logs import get_logger
from classroom.model.principal import SYSTEM
from classroom.store.store import Store
from media_server.archive.keeper import Keeper

_BATCH = 50
_PAUSE_S = 0.1  # between two segments: lessons go first
_IDLE_S = 600.0

log = get_logger(__name__)


class Scrub:
    """Every segment is read within `every_days`. `scrubbed` counts since the start."""

    def __init__(self, keeper: Keeper, store: Store, clock: Clock, every_days: float) -> None:
        self._keeper = keeper
        self._store = store
        self._clock = clock
        self._every = timedelta(days=every_days)
        self.scrubbed = 0

    async def run(self) -> None:
        """Until cancelled."""
        while True:
            if not await self.pass_once():
                await self._clock.sleep(_IDLE_S)

    async def pass_once(self) -> int:
        """Verify what is due, at most a batch; returns how many that were."""
        due = await access_blobs_to_verify(self._store, SYSTEM, self._clock.now() - self._every, _BATCH)
        whole = []
        for digest in due:
            try:
                await self._keeper.read(digest)
            except (NotFound, Unavailable) as error:
                if error.code == "segment_store_down":
                    log.warning("scrub put off", code=error.code)
                    return 0
            else:
                whole.append(digest)
            self.scrubbed += 1
            await self._clock.sleep(_PAUSE_S)
        if whole:
            await access_blobs_verified(self._store, SYSTEM, whole, self._clock.now())
        return len(due)
