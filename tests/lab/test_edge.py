"""Does a client of the public name connect where DNS points, for no longer than it may?"""

from __future__ import annotations

import asyncio
from datetime import timedelta

import pytest

from lab.clients.edge import Answer, ResolutionFailed, Resolver, http_look_up, parse_answer

SYDNEY = Answer("127.0.0.1", 8001, timedelta(seconds=1))
OREGON = Answer("127.0.0.1", 8002, timedelta(seconds=1))


class Dns:
    """Answers in turn, the last one for ever; None is a failure."""

    def __init__(self, *answers: Answer | None) -> None:
        self.answers = list(answers)
        self.asked = 0

    async def look_up(self) -> Answer:
        self.asked += 1
        answer = self.answers[0] if len(self.answers) == 1 else self.answers.pop(0)
        await asyncio.sleep(0)
        if answer is None:
            raise ResolutionFailed("nobody answers")
        return answer


class Clock:
    now = 100.0

    def __call__(self) -> float:
        return self.now


def test_an_answer_is_kept_for_its_time_to_live_and_no_longer() -> None:
    async def scenario() -> None:
        dns, clock = Dns(SYDNEY, OREGON), Clock()
        resolver = Resolver(dns.look_up, clock)
        assert await resolver.address() == ("127.0.0.1", 8001)
        clock.now += 0.99
        assert await resolver.address() == ("127.0.0.1", 8001)
        clock.now += 0.01
        assert await resolver.address() == ("127.0.0.1", 8002)
        assert dns.asked == 2

    asyncio.run(scenario())


def test_an_expired_answer_is_not_used_when_dns_is_silent() -> None:
    """Using it would send clients to a Region that DNS may have left."""

    async def scenario() -> None:
        dns, clock = Dns(SYDNEY, None, OREGON), Clock()
        resolver = Resolver(dns.look_up, clock)
        await resolver.address()
        clock.now += 1
        with pytest.raises(ResolutionFailed, match="nobody answers"):
            await resolver.address()
        assert await resolver.address() == ("127.0.0.1", 8002)

    asyncio.run(scenario())


def test_those_who_ask_at_the_same_time_share_one_look_up() -> None:
    async def scenario() -> None:
        dns = Dns(SYDNEY)
        resolver = Resolver(dns.look_up, Clock())
        found = await asyncio.gather(*(resolver.address() for _ in range(20)))
        assert set(found) == {("127.0.0.1", 8001)}
        assert dns.asked == 1

    asyncio.run(scenario())


def test_a_client_that_gives_up_does_not_end_the_look_up_for_the_others() -> None:
    async def scenario() -> None:
        resolver = Resolver(Dns(SYDNEY).look_up, Clock())
        impatient = asyncio.create_task(resolver.address())
        patient = asyncio.create_task(resolver.address())
        await asyncio.sleep(0)
        impatient.cancel()
        assert await patient == ("127.0.0.1", 8001)

    asyncio.run(scenario())


def test_a_load_balancers_name_is_on_loopback() -> None:
    named = parse_answer(b'{"answer": "app-1.us-west-2.elb.amazonaws.com", "port": 8002, "ttl_seconds": 1.5}')
    assert named == Answer("127.0.0.1", 8002, timedelta(seconds=1.5))
    assert parse_answer(b'{"answer": "127.0.0.2", "port": 1, "ttl_seconds": 0}').host == "127.0.0.2"


@pytest.mark.parametrize(
    "document",
    [
        b"",
        b"[]",
        b'{"answer": null, "port": 80, "ttl_seconds": 1}',
        b'{"answer": "127.0.0.1", "port": null, "ttl_seconds": 1}',
        b'{"answer": "127.0.0.1", "port": 70000, "ttl_seconds": 1}',
        b'{"answer": "127.0.0.1", "port": 80}',
        b'{"answer": "127.0.0.1", "port": 80, "ttl_seconds": -1}',
    ],
)
def test_an_answer_without_an_address_is_a_failure(document: bytes) -> None:
    with pytest.raises(ResolutionFailed, match="the resolver"):
        parse_answer(document)


def test_a_resolver_that_hangs_or_refuses_is_a_failure_in_bounded_time() -> None:
    async def scenario() -> None:
        silent = await asyncio.start_server(lambda _r, _w: asyncio.sleep(30), "127.0.0.1", 0)
        port = silent.sockets[0].getsockname()[1]
        url = f"http://127.0.0.1:{port}/_lab/dns/app.example.com"
        with pytest.raises(ResolutionFailed, match=r"did not answer within 0\.2 s"):
            await http_look_up(url, timedelta(seconds=0.2))()
        silent.close()
        with pytest.raises(ResolutionFailed, match="could not be reached"):
            await http_look_up(url, timedelta(seconds=10))()

    asyncio.run(asyncio.wait_for(scenario(), 20))
