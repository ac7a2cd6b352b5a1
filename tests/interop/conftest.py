"""What every interoperability test starts from."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from tests.harness.addresses import own_address
from tests.harness.world import World


@pytest.fixture
async def world(tmp_path: Path) -> AsyncIterator[World]:
    """A seeded server that announces this machine's own address, as in a school."""
    async with World.create(tmp_path, host="0.0.0.0", media_address=own_address()) as made:
        yield made
