"""One world for each module of cases."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from chaos.world import World, opened


@pytest.fixture(scope="module")
def world() -> Iterator[World]:
    with opened() as world:
        yield world
