"""Do the lab's links delay, lose and refuse as they are told, and nothing else?"""

from __future__ import annotations

import contextlib
import http.client
import json
import os
import socket
import socketserver
import struct
import threading
import time
from collections.abc import Iterator
from datetime import timedelta

import pytest

from lab.host.processes import Processes
from lab.region.network import Address, Network, NetworkError

PATIENCE_SECONDS = 10.0


@pytest.fixture(scope="module")
def network() -> Iterator[Network]:
    with Processes() as processes, Network(processes) as network:
        yield network


class Server(socketserver.ThreadingTCPServer):
    daemon_threads = True
    allow_reuse_address = True

    def __init__(self, name: bytes) -> None:
        """Greets with its name when it is given any, and then echoes."""
        super().__init__(("127.0.0.1", 0), Echo)
        self.greeting = name
        threading.Thread(target=self.serve_forever, args=(0.02,), daemon=True).start()

    @property
    def address(self) -> Address:
        host, port = self.server_address[:2]
        return str(host), int(port)

    def handle_error(self, request: object, client_address: object) -> None:
        """Resets are what these tests cause."""


class Echo(socketserver.BaseRequestHandler):
    def handle(self) -> None:
        self.request.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        if self.server.greeting:  # type: ignore[attr-defined]
            self.request.sendall(self.server.greeting)  # type: ignore[attr-defined]
        while data := self.request.recv(65536):
            self.request.sendall(data)


@contextlib.contextmanager
def echo(name: bytes = b"") -> Iterator[Server]:
    server = Server(name)
    try:
        yield server
    finally:
        server.shutdown()
        server.server_close()


@contextlib.contextmanager
def connected(address: Address) -> Iterator[socket.socket]:
    with socket.create_connection(address, PATIENCE_SECONDS) as client:
        client.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        yield client


def receive(client: socket.socket, count: int) -> bytes:
    received = bytearray()
    while len(received) < count and (more := client.recv(count - len(received))):
        received += more
    return bytes(received)


def exchange(client: socket.socket, data: bytes) -> float:
    started = time.monotonic()
    client.sendall(data)
    assert receive(client, len(data)) == data
    return time.monotonic() - started


def hears_nothing(client: socket.socket, seconds: float = 0.2) -> bool:
    client.settimeout(seconds)
    try:
        return client.recv(1) is None
    except TimeoutError:
        return True
    finally:
        client.settimeout(PATIENCE_SECONDS)


def test_a_link_takes_its_delay_in_each_direction(network: Network) -> None:
    with echo() as server:
        address = network.add_link("delayed", server.address, timedelta(milliseconds=60))
        with connected(address) as client:
            took = min(exchange(client, b"ping") for _ in range(10))
            assert 0.118 <= took < 0.23, "and not twice"
            network.set_delay("delayed", timedelta(0))
            assert min(exchange(client, b"ping") for _ in range(50)) < 0.06


def test_a_delay_is_no_limit_of_throughput_and_keeps_the_order(network: Network) -> None:
    data = os.urandom(16_000_000)
    with echo() as server, connected(network.add_link("wide", server.address, timedelta(milliseconds=50))) as client:
        sender = threading.Thread(target=client.sendall, args=(data,))
        started = time.monotonic()
        sender.start()
        assert receive(client, len(data)) == data
        assert time.monotonic() - started < 10, "at 64 KiB a delay it would be twelve"
        sender.join()


def test_an_ended_stream_ends_after_its_last_byte(network: Network) -> None:
    with echo() as server, connected(network.add_link("ending", server.address, timedelta(milliseconds=30))) as client:
        client.sendall(b"last words")
        client.shutdown(socket.SHUT_WR)
        assert receive(client, 100) == b"last words"


def test_a_cut_link_loses_what_was_under_way_and_says_nothing(network: Network) -> None:
    with echo() as server:
        address = network.add_link("cut", server.address, timedelta(milliseconds=300))
        with connected(address) as client:
            exchange(client, b"before")
            client.sendall(b"under way")
            network.cut("cut")
            assert hears_nothing(client, 0.8)
            assert network.traffic("cut").lost_bytes == len(b"under way")
            with connected(address) as late:
                late.sendall(b"hello?")
                assert hears_nothing(late)


def test_a_client_that_gives_up_on_a_cut_link_leaves_nothing_open(network: Network) -> None:
    """Each of thousands does in an outage, and a process has 1024 open files where nobody raised that."""
    with echo() as server:
        address = network.add_link("given up", server.address)
        with connected(address) as early:
            exchange(early, b"1")
            network.cut("given up")
            early.sendall(b"lost")
            assert hears_nothing(early)
        with connected(address) as late:
            late.sendall(b"hello?")
            assert hears_nothing(late)
        deadline = time.monotonic() + PATIENCE_SECONDS
        # Of the first the server's end is left: it does not hear that its client is gone.
        while network.traffic("given up").connections > 1 and time.monotonic() < deadline:
            time.sleep(0.01)
        assert network.traffic("given up").connections == 1
        network.restore("given up")
        while network.traffic("given up").connections and time.monotonic() < deadline:
            time.sleep(0.01)
        assert network.traffic("given up").connections == 0


def test_a_restored_link_resets_the_streams_with_a_hole_and_keeps_the_others(network: Network) -> None:
    """TCP would send again what was lost; here it is gone, and a stream with a hole must not go on."""
    with echo() as server:
        address = network.add_link("restored", server.address)
        with connected(address) as quiet, connected(address) as talking:
            exchange(quiet, b"1")
            exchange(talking, b"1")
            network.cut("restored")
            talking.sendall(b"2")
            assert hears_nothing(talking)
            network.restore("restored")
            with pytest.raises(ConnectionResetError):
                talking.recv(1)
            exchange(quiet, b"3")
        with connected(address) as new:
            exchange(new, b"4")


def test_the_end_of_a_process_is_not_seen_across_a_cut_link(network: Network) -> None:
    with echo() as server, connected(network.add_link("blind", server.address)) as client:
        exchange(client, b"1")
        network.cut("blind")
        server.shutdown()
        server.server_close()
        assert hears_nothing(client)


def test_a_reset_link_resets_and_refuses_and_keeps_its_port(network: Network) -> None:
    with echo() as server:
        address = network.add_link("reset", server.address)
        with connected(address) as client:
            exchange(client, b"1")
            network.reset("reset")
            with pytest.raises(ConnectionResetError):
                client.recv(1)
        with pytest.raises(ConnectionRefusedError), connected(address):
            pass
        with pytest.raises(OSError, match="in use"), socket.socket() as other:
            other.bind(address)
        network.restore("reset")
        with connected(address) as client:
            exchange(client, b"2")


def test_a_reset_by_the_server_reaches_the_client_as_a_reset(network: Network) -> None:
    with (
        socket.create_server(("127.0.0.1", 0)) as server,
        connected(network.add_link("rst", server.getsockname())) as client,
    ):
        accepted, _ = server.accept()
        accepted.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        accepted.close()
        with pytest.raises(ConnectionResetError):
            client.recv(1)


def get(address: Address) -> http.client.HTTPResponse:
    connection = http.client.HTTPConnection(*address, timeout=PATIENCE_SECONDS)
    connection.request("POST", "/writes", b"x" * 1000)
    return connection.getresponse()


def test_a_balancer_without_targets_answers_503_as_an_application_load_balancer_does(network: Network) -> None:
    address = network.add_balancer("empty")
    answer = get(address)
    assert (answer.status, answer.getheader("Server")) == (503, "awselb/2.0")
    with socket.create_server(("127.0.0.1", 0)) as gone:
        network.set_targets("empty", [gone.getsockname()])
    assert get(address).status == 502


def test_a_balancer_takes_its_targets_in_turn_and_passes_over_dead_ones(network: Network) -> None:
    address = network.add_balancer("turns")
    with echo(b"a") as first, echo(b"b") as second, socket.create_server(("127.0.0.1", 0)) as dead:
        gone = dead.getsockname()
        dead.close()
        network.set_targets("turns", [first.address, second.address, gone])
        greetings = []
        for _ in range(6):
            with connected(address) as client:
                greetings.append(receive(client, 1))
        assert greetings.count(b"a") >= 2
        assert greetings.count(b"b") >= 2
        network.cut("turns")
        with connected(address) as client:
            assert hears_nothing(client)


class Dns(Server):
    """A resolver whose answer can be changed."""

    def __init__(self) -> None:
        socketserver.ThreadingTCPServer.__init__(self, ("127.0.0.1", 0), Resolve)
        self.answer: dict[str, object] = {}
        self.asked = 0
        threading.Thread(target=self.serve_forever, args=(0.02,), daemon=True).start()


class Resolve(socketserver.StreamRequestHandler):
    def handle(self) -> None:
        self.rfile.readline()
        self.server.asked += 1  # type: ignore[attr-defined]
        body = json.dumps(self.server.answer).encode()  # type: ignore[attr-defined]
        self.wfile.write(b"HTTP/1.0 200 OK\r\nContent-Type: application/json\r\n\r\n" + body)


@pytest.mark.scenario("F36")
def test_new_connections_follow_dns_after_the_time_to_live_and_old_ones_stay(network: Network) -> None:
    dns = Dns()
    with echo(b"a") as first, echo(b"b") as second:
        dns.answer = {"answer": "app.ap-southeast-2.elb.amazonaws.com", "port": first.address[1], "ttl_seconds": 0.4}
        host, port = dns.address
        address = network.add_edge("public", f"http://{host}:{port}/_lab/dns/app.example.com")
        with connected(address) as old:
            assert receive(old, 1) == b"a"
            dns.answer = {"answer": "app.us-west-2.elb.amazonaws.com", "port": second.address[1], "ttl_seconds": 0.4}
            with connected(address) as still_cached:
                assert receive(still_cached, 1) == b"a"
            deadline = time.monotonic() + PATIENCE_SECONDS
            moved = b"a"
            while moved == b"a" and time.monotonic() < deadline:
                with connected(address) as new:
                    moved = receive(new, 1)
            assert moved == b"b"
            exchange(old, b"still here")
    assert dns.asked < 10
    dns.shutdown()
    dns.server_close()


def test_a_name_that_cannot_be_resolved_is_a_reset_connection(network: Network) -> None:
    with socket.create_server(("127.0.0.1", 0)) as gone:
        port = gone.getsockname()[1]
    address = network.add_edge("lost", f"http://127.0.0.1:{port}/")
    # On a busy machine the reset is there before the connection is even handed out.
    with pytest.raises(ConnectionResetError), connected(address) as client:
        client.recv(1)


def test_what_cannot_be_done_is_one_sentence(network: Network) -> None:
    with pytest.raises(NetworkError, match="there is no route 'nowhere'"):
        network.cut("nowhere")
    host, port = network.add_balancer("twice")
    with pytest.raises(NetworkError, match="there is a route 'twice' already"):
        network.add_balancer("twice")
    with pytest.raises(NetworkError, match="in use"):
        network.add_balancer("same port", listen_port=port)
    network.add_link("no balancer", (host, port))
    with pytest.raises(NetworkError, match="is no balancer"):
        network.set_targets("no balancer", [])


def test_a_network_whose_process_died_says_so() -> None:
    with Processes() as processes:
        network = Network(processes)
        network.close()
        with pytest.raises(NetworkError, match="the network ended with exit code -9"):
            network.cut("anything")
