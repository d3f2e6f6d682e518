"""Do all who ask at once share an answer, and does nobody get one that began before they asked?"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable

import pytest

from failover.application.errors import DatabaseUnavailable
from webapi.service.shared import Shared


class Asked:
    """Askings by number, each of which ends when the test says so."""

    def __init__(self) -> None:
        self.since: list[float] = []
        self.at_once = self.most_at_once = 0
        self.gate = asyncio.Event()
        self.now = 0.0
        self.shared = Shared(self._ask, lambda: self.now)

    async def _ask(self, since: float) -> int:
        self.since.append(since)
        number = len(self.since)
        self.at_once += 1
        self.most_at_once = max(self.most_at_once, self.at_once)
        await self.gate.wait()
        self.at_once -= 1
        if since < 0:
            raise DatabaseUnavailable("It is away.")
        return number


def played(play: Callable[[Asked], Awaitable[None]]) -> None:
    async def all_of_it() -> None:
        await play(Asked())

    asyncio.run(all_of_it())


async def a_moment() -> None:
    for _ in range(5):
        await asyncio.sleep(0)


def test_a_flood_asks_no_more_than_one_at_a_time_and_nobody_gets_what_began_before_they_came() -> None:
    """Anybody may ask /dbcheck, and the run that proves the new leader by it must not stand in line behind them."""

    async def play(asked: Asked) -> None:
        first = asyncio.create_task(asked.shared())
        await a_moment()
        asked.now = 1.0
        later = [asyncio.create_task(asked.shared()) for _ in range(500)]
        await a_moment()
        asked.now = 2.0
        later += [asyncio.create_task(asked.shared()) for _ in range(500)]
        await a_moment()
        asked.gate.set()
        assert await first == 1
        assert set(await asyncio.gather(*later)) == {2}
        assert (asked.most_at_once, asked.since) == (1, [0.0, 1.0]), (
            "the second is as old as the first who waits for it"
        )
        assert await asked.shared() == 3, "what is over is nobody's answer any more"

    played(play)


def test_what_fails_fails_for_all_who_share_it_and_for_nobody_after() -> None:
    async def play(asked: Asked) -> None:
        asked.now = -1.0
        asked.gate.set()
        found = await asyncio.gather(*(asked.shared() for _ in range(3)), return_exceptions=True)
        assert [str(one) for one in found] == ["It is away."] * 3
        asked.now = 0.0
        assert await asked.shared() == 2

    played(play)


def test_who_goes_away_takes_nobody_s_answer_along(caplog: pytest.LogCaptureFixture) -> None:
    async def play(asked: Asked) -> None:
        asked.now = -1.0
        gone, stays = (asyncio.create_task(asked.shared()) for _ in range(2))
        await a_moment()
        gone.cancel()
        await a_moment()
        asked.gate.set()
        with pytest.raises(DatabaseUnavailable):
            await stays
        alone = asyncio.create_task(asked.shared())
        await asyncio.sleep(0)
        alone.cancel()
        await a_moment()

    played(play)
    assert not caplog.records, "an answer that nobody waits for any more is no error"
