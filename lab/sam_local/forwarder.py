"""How does a container on this machine reach a lab that listens on loopback only?

For each of the lab's ports, a listener on the container bridge's own address passes the bytes on. It answers nobody
but this machine and the bridge's containers: Linux takes packets for an address of its own on any interface, so the
address alone would not keep other machines out.
"""

from __future__ import annotations

import asyncio
import contextlib
import ipaddress
import threading
from collections.abc import Callable, Coroutine, Iterable
from types import TracebackType

LOOPBACK = "127.0.0.1"
CHUNK_BYTES = 1 << 16
OPENS_WITHIN_SECONDS = 5.0

Accept = Callable[[asyncio.StreamReader, asyncio.StreamWriter], Coroutine[None, None, None]]


class Forwarder:
    """Listens while it is entered. `bridge` is the bridge's address with its network, like 172.17.0.1/16."""

    def __init__(self, bridge: str, ports: Iterable[int]) -> None:
        interface = ipaddress.IPv4Interface(bridge)
        self.address, self._network = str(interface.ip), interface.network
        self._ports = sorted(set(ports))
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._loop.run_forever, name="forwarder", daemon=True)
        self._servers: list[asyncio.Server] = []

    def __enter__(self) -> Forwarder:
        """Raises OSError when an address cannot be listened on."""
        self._thread.start()
        try:
            asyncio.run_coroutine_threadsafe(self._open(), self._loop).result(OPENS_WITHIN_SECONDS)
        except BaseException:
            self._end()
            raise
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._end()

    async def _open(self) -> None:
        for port in self._ports:
            server = await asyncio.start_server(self._accepting(port), self.address, port)
            self._servers.append(server)

    def _end(self) -> None:
        asyncio.run_coroutine_threadsafe(self._close(), self._loop).result(OPENS_WITHIN_SECONDS)
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join(OPENS_WITHIN_SECONDS)
        self._loop.close()

    async def _close(self) -> None:
        for server in self._servers:
            server.close()
        current = asyncio.current_task()
        for task in asyncio.all_tasks() - {current}:
            task.cancel()
        await asyncio.sleep(0)

    def _accepting(self, port: int) -> Accept:
        async def accept(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
            peer = ipaddress.IPv4Address(writer.get_extra_info("peername")[0])
            if peer not in self._network and not peer.is_loopback:
                writer.close()
                return
            try:
                inner = await asyncio.open_connection(LOOPBACK, port)
            except OSError:
                writer.close()
                return
            await asyncio.gather(_pass(reader, inner[1]), _pass(inner[0], writer))

        return accept


async def _pass(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    """Until one side ends; the other is told so."""
    with contextlib.suppress(OSError):
        while chunk := await reader.read(CHUNK_BYTES):
            writer.write(chunk)
            await writer.drain()
    writer.close()
