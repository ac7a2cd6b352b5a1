"""What every end-to-end test starts from."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from tests.harness.world import World


@pytest.fixture
async def world(tmp_path: Path) -> AsyncIterator[World]:
    """A seeded server; the test starts agents and opens browsers as it needs them."""
    async with World.create(tmp_path) as made:
        yield made
