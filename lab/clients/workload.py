"""What would clients see? Writers that number their writes, and a history that remembers what became of each.

`python -m lab.workload --url http://127.0.0.1:8080 --history FILE` sends writes at a fixed rate whatever the answers
(open loop), over keep-alive connections. A number is tried exactly once, also when it failed, so that each line of
the history is one fact: a row that is missing later was either acknowledged, and lost, or not. After a failure a
writer connects anew, as a client does that asks DNS again.
"""

from __future__ import annotations

import argparse
import asyncio
import importlib.util
import os
import random
import signal
import sys
import time
from collections.abc import Coroutine
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from lab.clients.attempt import Exchange, Verdict, verdict, write_request
from lab.clients.history import History, Tally

PROGRESS_EVERY = timedelta(milliseconds=200)
IN_FLIGHT_PER_WRITER = 16
SHORTEST_SLEEP_SECONDS = 0.0005


@dataclass(frozen=True)
class Load:
    """What is sent where: `rate` is of all writers together, in writes a second."""

    host: str
    port: int
    writers: int
    rate: float
    seed: int
    timeout: timedelta
    longest: timedelta


class Writer:
    """One client with its own numbers and connections."""

    def __init__(self, name: str, load: Load, history: History, tally: Tally) -> None:
        self._name = name
        self._load = load
        self._history = history
        self._tally = tally
        self._number = 0
        self._idle: list[Exchange] = []
        self.in_flight = 0

    def next(self, body: str) -> Coroutine[Any, Any, None] | None:
        """The next write; None when IN_FLIGHT_PER_WRITER are without an answer."""
        if self.in_flight >= IN_FLIGHT_PER_WRITER:
            self._tally.held_back += 1
            return None
        self._number += 1
        self.in_flight += 1
        return self._write(self._number, body)

    async def _write(self, number: int, body: str) -> None:
        wall, started = time.time(), time.monotonic()
        try:
            found = await self._attempt(number, body)
        finally:
            self.in_flight -= 1
        entry = {"writer": self._name, "number": number, "started": started, "ended": time.monotonic(), "wall": wall}
        self._history.record(entry | vars(found))
        self._tally.count(found)

    async def _attempt(self, number: int, body: str) -> Verdict:
        """Each is bounded by the load's timeout, with connecting."""
        exchange: Exchange | None = None
        sent = False
        try:
            async with asyncio.timeout(self._load.timeout.total_seconds()):
                exchange = await self._connection()
                sent = True
                answer = await exchange.post(write_request(self._load.host, self._name, number, body))
            found = verdict(answer)
        except TimeoutError:
            missing = "answer" if sent else "connection"
            found = Verdict("unknown" if sent else "fail", problem=f"no {missing} in time")
        except OSError as error:
            found = Verdict("unknown" if sent else "fail", problem=str(error))
        if found.outcome == "ok" and exchange is not None:
            self._idle.append(exchange)
        else:
            self._connect_anew(exchange)
        return found

    async def _connection(self) -> Exchange:
        while self._idle:
            exchange = self._idle.pop()
            if exchange.usable:
                return exchange
        _, exchange = await asyncio.get_running_loop().create_connection(Exchange, self._load.host, self._load.port)
        return exchange

    def _connect_anew(self, failed: Exchange | None) -> None:
        for exchange in [*self._idle, *([failed] if failed else [])]:
            exchange.drop()
        self._idle.clear()


async def run(load: Load, history: History, stop: asyncio.Event) -> None:
    """Write until `stop` or the longest time; every attempt that was begun is recorded. Raises OSError."""
    tally = Tally()
    writers = [Writer(f"w{number}", load, history, tally) for number in range(1, load.writers + 1)]
    progress = asyncio.create_task(_report(tally, writers, stop))
    attempts: set[asyncio.Task[None]] = set()
    failures: list[BaseException] = []

    def finished(attempt: asyncio.Task[None]) -> None:
        attempts.discard(attempt)
        if (error := attempt.exception()) is not None:
            failures.append(error)
            stop.set()

    source = random.Random(load.seed)  # noqa: S311 - arrival times, no secrets
    due, until, turn = time.monotonic(), time.monotonic() + load.longest.total_seconds(), 0
    while not stop.is_set() and due < until:
        await _until(due, stop)
        write = writers[turn % load.writers].next(f"{source.getrandbits(128):032x}")
        if write is not None:
            attempt = asyncio.create_task(write)
            attempts.add(attempt)
            attempt.add_done_callback(finished)
        turn += 1
        due += source.expovariate(load.rate)
    if attempts:
        await asyncio.wait(attempts)
    progress.cancel()
    _say(tally.line(0, final=True))
    if failures:
        raise failures[0]


async def _until(due: float, stop: asyncio.Event) -> None:
    wait_seconds = due - time.monotonic()
    if wait_seconds > SHORTEST_SLEEP_SECONDS:
        try:
            async with asyncio.timeout(wait_seconds):
                await stop.wait()
        except TimeoutError:
            return
    else:
        await asyncio.sleep(0)


async def _report(tally: Tally, writers: list[Writer], stop: asyncio.Event) -> None:
    while True:
        await asyncio.sleep(PROGRESS_EVERY.total_seconds())
        try:
            _say(tally.line(sum(writer.in_flight for writer in writers), final=False))
        except BrokenPipeError:
            stop.set()
            return


def _say(line: str) -> None:
    sys.stdout.write(line + "\n")
    sys.stdout.flush()


def _arguments(argv: list[str]) -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m lab.workload", description=(__doc__ or "").split("\n")[0])
    parser.add_argument("--url", required=True, help="the service's public URL, http://host:port")
    parser.add_argument("--history", required=True, type=Path, help="the file to write; must not exist")
    parser.add_argument("--writers", type=_number(int, 1, 64), default=4)
    parser.add_argument("--rate", type=_number(float, 1, 2000), default=200.0, help="writes a second, all writers")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--timeout-seconds", type=_number(float, 0.05, 60), default=1.0, help="of one attempt")
    parser.add_argument("--max-seconds", type=_number(float, 0.1, 7200), default=600.0, help="stop by itself then")
    parser.add_argument("--until-stdin-closes", action="store_true", help="stop when standard input ends")
    return parser.parse_args(argv)


def _number(kind: type[int] | type[float], low: float, high: float) -> Any:
    def parse(text: str) -> float:
        value = kind(text)
        if not low <= value <= high:
            raise argparse.ArgumentTypeError(f"{text} is out of range: {low:g} to {high:g}")
        return value

    return parse


async def _serve(arguments: argparse.Namespace, load: Load) -> None:
    loop, stop = asyncio.get_running_loop(), asyncio.Event()
    for ending in (signal.SIGINT, signal.SIGTERM):
        loop.add_signal_handler(ending, stop.set)
    if arguments.until_stdin_closes:
        loop.add_reader(0, _stop_at_end_of_input, stop)
    history = History(arguments.history)
    try:
        await run(load, history, stop)
    finally:
        history.close()


def _stop_at_end_of_input(stop: asyncio.Event) -> None:
    if not os.read(0, 65_536):
        asyncio.get_running_loop().remove_reader(0)
        stop.set()


def main(argv: list[str] | None = None) -> int:
    """Run the workload; exit status 1 with one sentence when the history cannot be written."""
    arguments = _arguments(sys.argv[1:] if argv is None else argv)
    address = urlsplit(arguments.url)
    if address.scheme != "http" or not address.hostname:
        sys.stderr.write(f"--url {arguments.url!r} is not of the form http://host:port\n")
        return 2
    load = Load(
        host=address.hostname,
        port=address.port or 80,
        writers=arguments.writers,
        rate=arguments.rate,
        seed=arguments.seed,
        timeout=timedelta(seconds=arguments.timeout_seconds),
        longest=timedelta(seconds=arguments.max_seconds),
    )
    runner = asyncio.run
    if importlib.util.find_spec("uvloop"):
        import uvloop

        runner = uvloop.run
    try:
        runner(_serve(arguments, load))
    except OSError as error:
        sys.stderr.write(f"the workload stopped: {error}\n")
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
