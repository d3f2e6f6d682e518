"""What carries all TCP traffic of the lab? One process, told what to do by JSON lines on its standard input.

`python -m lab.region.network_process`: each line `{"do": "cut", "name": "..."}` is answered by one line on standard
output, `{...}` or `{"error": "one sentence"}`. It ends when its standard input does.
"""

from __future__ import annotations

import asyncio
import importlib.util
import json
import resource
import sys
from collections.abc import Callable, Coroutine
from typing import Any

from lab.clients.edge import Resolver, http_look_up
from lab.region.network_route import Balancer, Edge, Link, Route

Command = dict[str, Any]
OPEN_FILES = 8192


class NetworkProcess:
    """The routes by name, and what can be done to them."""

    def __init__(self) -> None:
        self._routes: dict[str, Route] = {}

    async def obey(self, command: Command) -> dict[str, Any]:
        """Carry out one command; the answer says why when it cannot be."""
        actions: dict[str, Callable[[Command], Coroutine[Any, Any, dict[str, Any]]]] = {
            "add_link": self._add_link,
            "add_balancer": self._add_balancer,
            "add_edge": self._add_edge,
            "set_delay": self._set_delay,
            "set_targets": self._set_targets,
            "cut": self._cut,
            "reset": self._refuse,
            "restore": self._restore,
            "traffic": self._traffic,
        }
        try:
            return await actions[command["do"]](command)
        except OSError as error:
            return {"error": f"{command['do']} {command['name']}: {error}"}
        except UnknownRoute as error:
            return {"error": str(error)}

    async def _add_link(self, command: Command) -> dict[str, Any]:
        link = Link((command["target"][0], command["target"][1]))
        link.condition.delay_seconds = command["delay_seconds"]
        return await self._add(command, link)

    async def _add_balancer(self, command: Command) -> dict[str, Any]:
        return await self._add(command, Balancer())

    async def _add_edge(self, command: Command) -> dict[str, Any]:
        return await self._add(command, Edge(Resolver(http_look_up(command["resolver_url"]))))

    async def _add(self, command: Command, route: Route) -> dict[str, Any]:
        if command["name"] in self._routes:
            return {"error": f"there is a route {command['name']!r} already"}
        host, port = await route.listen(command["listen_port"])
        self._routes[command["name"]] = route
        return {"host": host, "port": port}

    async def _set_delay(self, command: Command) -> dict[str, Any]:
        self._route(command).condition.delay_seconds = command["delay_seconds"]
        return {}

    async def _set_targets(self, command: Command) -> dict[str, Any]:
        balancer = self._route(command)
        if not isinstance(balancer, Balancer):
            return {"error": f"route {command['name']!r} is no balancer, so it has no targets to set"}
        balancer.set_targets([(host, port) for host, port in command["targets"]])
        return {}

    async def _cut(self, command: Command) -> dict[str, Any]:
        self._route(command).cut()
        return {}

    async def _refuse(self, command: Command) -> dict[str, Any]:
        await self._route(command).refuse()
        return {}

    async def _restore(self, command: Command) -> dict[str, Any]:
        await self._route(command).restore()
        return {}

    async def _traffic(self, command: Command) -> dict[str, Any]:
        route = self._route(command)
        return {
            "connections": route.connection_count,
            "forwarded_bytes": route.condition.forwarded_bytes,
            "lost_bytes": route.condition.lost_bytes,
        }

    def _route(self, command: Command) -> Route:
        try:
            return self._routes[command["name"]]
        except KeyError:
            raise UnknownRoute(f"there is no route {command['name']!r}") from None


class UnknownRoute(LookupError):
    """A command names a route that was never added."""


async def serve() -> None:
    """Obey one command after the other until standard input ends."""
    network = NetworkProcess()
    reader = asyncio.StreamReader()
    await asyncio.get_running_loop().connect_read_pipe(lambda: asyncio.StreamReaderProtocol(reader), sys.stdin)
    while line := await reader.readline():
        answer = await network.obey(json.loads(line))
        sys.stdout.write(json.dumps(answer) + "\n")
        sys.stdout.flush()


def allow_open_files() -> None:
    """As many as this process may ask for by itself: each connection takes two, and systems begin with 1024 or 256.

    https://docs.python.org/3/library/resource.html#resource.RLIMIT_NOFILE
    """
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    wanted = OPEN_FILES if hard == resource.RLIM_INFINITY else min(OPEN_FILES, hard)
    if soft != resource.RLIM_INFINITY and soft < wanted:
        resource.setrlimit(resource.RLIMIT_NOFILE, (wanted, hard))


def main() -> None:
    """Run on uvloop where it is installed: it halves the delay that a hop adds."""
    allow_open_files()
    if importlib.util.find_spec("uvloop"):
        import uvloop

        uvloop.run(serve())
    else:
        asyncio.run(serve())


if __name__ == "__main__":
    main()
