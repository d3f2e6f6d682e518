"""How do all who ask the same at once get one answer, which is too old for none of them?"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from typing import Generic, TypeVar

Answer = TypeVar("Answer")


class Shared(Generic[Answer]):
    """One asking at a time, and one more for all who come meanwhile: what began before they came would prove nothing to them.

    However many ask, what is asked sees no more than one at a time, and nobody waits for more than two.
    """

    def __init__(self, ask: Callable[[float], Awaitable[Answer]], clock: Callable[[], float]) -> None:
        """`ask` is told since when the first of those who share its answer has waited, by `clock`."""
        self._ask = ask
        self._clock = clock
        self._under_way = asyncio.Lock()
        self._next: asyncio.Task[Answer] | None = None

    async def __call__(self) -> Answer:
        """Raises what `ask` does."""
        if self._next is None:
            self._next = asyncio.create_task(self._asked(self._clock()))
        return await asyncio.shield(self._next)

    async def _asked(self, since: float) -> Answer:
        async with self._under_way:
            self._next = None
            return await self._ask(since)
