"""The library as a service: search and entries, review and lifecycle, knowledge points, retention."""

from importlib import resources
from pathlib import Path
from typing import ClassVar

from classroom.access.cataloguing import access_undescribed_recordings
from classroom.errors import BadSettings
from classroom.logs import get_logger
from classroom.model.rubric import Rubric
from classroom.service import Context, ServerRole
from media_server.archive.library.catalogue_api import CatalogueApi
from media_server.archive.library.circulation_api import CirculationApi
from media_server.archive.library.knowledge_api import KnowledgeApi
from media_server.archive.library.oai.api import OaiApi
from media_server.archive.library.retention_api import RetentionApi
from media_server.archive.library.review_api import ReviewApi
from media_server.archive.library.transcript_api import TranscriptApi

log = get_logger(__name__)


class LibraryService:
    """See the module."""

    name: ClassVar[str] = "library"
    runs_in: ClassVar[frozenset[ServerRole]] = frozenset({ServerRole.ALL, ServerRole.HUB})

    def __init__(self, context: Context) -> None:
        self._context = context

    async def start(self) -> None:
        """Add routes and begin the nightly work. Raises `BadSettings("rubric_wrong")`."""
        context = self._context
        retention = RetentionApi(context)
        for api in (
            CatalogueApi(context),
            ReviewApi(context, read_rubric(context.settings.data)),
            CirculationApi(context),
            TranscriptApi(context),
            KnowledgeApi(context),
            self.oai(context),
            retention,
        ):
            api.add_routes(context.routes)
        if described := await access_undescribed_recordings(context.store, context.clock.now()):
            log.info("recordings described", recordings=described)
        context.tasks.forever(retention.run, "archive retention")

    def oai(self, context: Context) -> OaiApi:
        """The endpoint for harvesters."""
        return OaiApi(context)

    async def stop(self) -> None:
        """Nothing to let go of."""


def read_rubric(data: Path) -> Rubric:
    """The operator's `rubric.toml` in the data directory, else ours. Raises `BadSettings("rubric_wrong")`."""
    own = data / "rubric.toml"
    try:
        if own.is_file():
            return Rubric.read(own.read_text("utf-8"), str(own))
    except (OSError, UnicodeDecodeError) as error:
        raise BadSettings("rubric_wrong", path=str(own), problem=str(error)) from None
    shipped = resources.files("media_server.archive.library").joinpath("rubric.toml")
    return Rubric.read(shipped.read_text("utf-8"), "rubric.toml")
