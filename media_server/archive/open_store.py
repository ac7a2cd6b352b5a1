"""The segment store that the settings name."""

from classroom.settings import Settings
from media_server.archive.local_store import LocalSegmentStore
from media_server.archive.s3_store import S3SegmentStore
from media_server.archive.segment_store import SegmentStore


def open_segment_store(settings: Settings) -> SegmentStore:
    """Raises `Unavailable("segment_store_down")` when its directory cannot be made; a bucket is first asked later."""
    url = settings.recordings_store
    if not url.startswith("s3:"):
        return LocalSegmentStore(settings.recordings_path / "segments", settings.recordings_keep_free_mb * 1_000_000)
    return S3SegmentStore(
        url,
        endpoint=settings.recordings_s3_endpoint,
        region=settings.recordings_s3_region,
        access_key=settings.recordings_s3_access_key,
        secret_key=settings.recordings_s3_secret_key.get_secret_value(),
    )
