"""Does the service's reader of its secret end when it is told to?"""

from __future__ import annotations

import asyncio
from datetime import timedelta

import pytest

from failover.application.ports import DatabaseLogin
from webapi.service.credentials import Credentials

LOGIN = DatabaseLogin("db", 5432, "app", "app", "s3cret")


async def read() -> DatabaseLogin:
    return LOGIN


async def take(_login: DatabaseLogin) -> None:
    """Nobody connects here."""


@pytest.mark.parametrize("turns", range(6))
def test_it_ends_when_a_doubt_and_the_end_come_together(turns: int) -> None:
    """The event loop may take `turns` of its turns between them; a task that is told to end must not be kept by any."""

    async def doubted_and_cancelled() -> bool:
        credentials = Credentials(read, take, timedelta(0))
        running = asyncio.create_task(credentials.run())
        for _ in range(10):
            await asyncio.sleep(0)
        credentials.doubt()
        for _ in range(turns):
            await asyncio.sleep(0)
        running.cancel()
        done, _ = await asyncio.wait([running], timeout=10)
        running.cancel()
        return bool(done)

    assert asyncio.run(doubted_and_cancelled())
