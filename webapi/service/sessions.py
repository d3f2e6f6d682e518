"""How does every database call end in time, even on a server that is frozen or out of reach?

The driver cancels a query by asking the server, and waits for its answer: a frozen one gives none. Shutting the socket
down under the driver needs nobody else, and ends the call at once.
"""

from __future__ import annotations

import asyncio
import contextlib
import os
import select
import socket
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager
from datetime import timedelta
from typing import Any

import psycopg
from psycopg import AsyncConnection

from failover.application.errors import DatabaseUnavailable
from failover.application.ports import DatabaseLogin

Connection = AsyncConnection[tuple[Any, ...]]

# https://www.postgresql.org/docs/current/errcodes-appendix.html
SENTENCES = {
    "25006": "The database is read-only: it is a standby, or it was made so.",
    "28000": "The database refused the login.",
    "28P01": "The database refused the login.",
    "42501": "The database role lacks a privilege that the service needs.",
    "42P01": "The service's tables are not in the database.",
    "53100": "The database's disk is full.",
    "53300": "The database takes no more connections.",
    "57014": "The database gave up on the statement: it took too long.",
    "57P03": "The database is starting up or shutting down.",
}
NO_ANSWER = "The database gave no answer in time, or ended the connection."
UNREACHABLE = "The database could not be reached."
NOT_AN_ADDRESS = "The database's secret names a host, or holds a password, that cannot be used."
REFUSED_LOGIN = "The database refused the login."
SUPERUSER = "The database role is a superuser, which the service refuses: give it a role of its own."
# After these the server may have committed all the same: it said that it ends the connection or the statement.
UNDECIDED = ("57014", "40003")


def parameters(login: DatabaseLogin, name: str, limit: timedelta) -> dict[str, Any]:
    """The driver's parameters for a session of the service. `name` shows in pg_stat_activity.

    A statement that was given up here may go on there: statement_timeout ends it too. TLS comes from libpq's own
    settings, PGSSLMODE and PGSSLROOTCERT: https://www.postgresql.org/docs/current/libpq-envars.html
    """
    milliseconds = max(1, round(limit.total_seconds() * 1000))
    return {
        "host": login.host,
        "port": login.port,
        "dbname": login.dbname,
        "user": login.username,
        "password": login.password,
        "application_name": f"drlab-{name}"[:63],
        # Whole seconds, and the driver takes less than 2 for 2; what must end sooner has a limit of its own.
        "connect_timeout": max(2, round(limit.total_seconds())),
        "options": f"-c statement_timeout={milliseconds}",
        "gssencmode": "disable",
        "keepalives_idle": 5,
        "keepalives_interval": 2,
        "keepalives_count": 3,
        "autocommit": True,
    }


async def connect(login: DatabaseLogin, name: str, limit: timedelta) -> Connection:
    """A session within `limit`. Raises DatabaseUnavailable, also for a superuser."""
    try:
        async with asyncio.timeout(limit.total_seconds()):
            connection = await AsyncConnection.connect(**parameters(login, name, limit))
    except TimeoutError as error:
        raise DatabaseUnavailable(UNREACHABLE) from error
    except UnicodeError as error:
        # A name that cannot be looked up (`db..example`), or a password that is no text: from a secret that a person wrote.
        raise DatabaseUnavailable(NOT_AN_ADDRESS) from error
    except psycopg.Error as error:
        raise DatabaseUnavailable(_why_not_connected(error)) from error
    try:
        await refuse_superuser(connection)
    except DatabaseUnavailable:
        await connection.close()
        raise
    return connection


async def refuse_superuser(connection: Connection) -> None:
    """Raises DatabaseUnavailable when the session's role is one: nothing that fences a role binds it.

    The server reports it by itself: https://www.postgresql.org/docs/current/libpq-status.html#LIBPQ-PQPARAMETERSTATUS
    """
    if connection.info.parameter_status("is_superuser") == "on":
        raise DatabaseUnavailable(SUPERUSER)


@asynccontextmanager
async def session(login: DatabaseLogin, name: str, limit: timedelta) -> AsyncIterator[Connection]:
    """One session that is over, connecting included, after at most twice `limit`. Raises DatabaseUnavailable."""
    connection = await connect(login, name, limit)
    try:
        with ended_after(limit.total_seconds(), connection):
            yield connection
    except psycopg.Error as error:
        raise DatabaseUnavailable(sentence(error)) from error
    finally:
        await connection.close()


@contextmanager
def ended_after(seconds: float, connection: Connection) -> Iterator[None]:
    """What is asked of `connection` inside fails with psycopg.OperationalError once `seconds` have passed."""
    watchdog = asyncio.get_running_loop().call_later(seconds, end, connection)
    try:
        yield
    finally:
        watchdog.cancel()


def end(connection: Connection) -> None:
    """Shut the connection's socket down, whatever the driver is waiting for. Does nothing to a closed one."""
    # The driver goes on owning its descriptor: only the copy is closed here.
    with (
        contextlib.suppress(psycopg.OperationalError, OSError),
        socket.socket(fileno=os.dup(connection.fileno())) as twin,
    ):
        twin.shutdown(socket.SHUT_RDWR)


def is_stale(connection: Connection) -> bool:
    """Whether the server has ended an idle session, or said anything in it: it is then not used again.

    Asking the socket costs microseconds. Without it, what is sent into a dead session would be of unknown outcome.
    """
    if connection.closed:
        return True
    poll = select.poll()
    poll.register(connection.fileno(), select.POLLIN)
    return bool(poll.poll(0))


def is_refusal(error: psycopg.Error) -> bool:
    """Whether the server itself says that the statement did not take effect.

    An ERROR rolls the statement back. FATAL ends the session, perhaps after the commit: a server that is told to stop
    while a commit waits for its standby has "already committed locally".
    https://www.postgresql.org/docs/current/runtime-config-logging.html#RUNTIME-CONFIG-SEVERITY-LEVELS
    """
    return error.diag.severity_nonlocalized == "ERROR" and error.sqlstate not in UNDECIDED


def sentence(error: psycopg.Error) -> str:
    """What happened, without hosts, users or values."""
    state = error.diag.sqlstate
    if state is None:
        return NO_ANSWER
    return SENTENCES.get(state, f"The database refused the statement (SQLSTATE {state}).")


def _why_not_connected(error: psycopg.Error) -> str:
    """The driver has no SQLSTATE for a refused connection, only the server's text."""
    if "authentication failed" in str(error):
        return REFUSED_LOGIN
    return UNREACHABLE
