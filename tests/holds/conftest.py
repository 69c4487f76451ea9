"""One bench of each provider, for tests that are about that provider alone."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from anyio.from_thread import BlockingPortal

from tests.holds.benches import GoogleBench, GraphBench


@pytest.fixture
def google(portal: BlockingPortal) -> GoogleBench:
    return GoogleBench(portal)


@pytest.fixture
def graph(portal: BlockingPortal) -> Iterator[GraphBench]:
    made = GraphBench(portal)
    yield made
    made.close()
