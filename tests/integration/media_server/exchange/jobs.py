"""Waiting for jobs."""

from typing import Any

from tests.fakes.hub import Hub
from tests.harness.eventually import eventually

JOBS = "/api/v1/archive/jobs"


async def ended(hub: Hub, job: dict[str, Any], who: str = "county_archivist") -> dict[str, Any]:
    """The job when it is over."""

    async def look() -> dict[str, Any]:
        _, found = await hub.call(who, "GET", f"{JOBS}/{job['id']}", headers={"Accept-Language": "zh-CN"})
        return found if found["ended_at"] else {}

    return await eventually(look, "the end of the job")
