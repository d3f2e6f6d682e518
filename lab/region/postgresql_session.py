"""How does the lab ask a server something without ever waiting for one that is frozen or out of reach?

libpq's asynchronous calls under one deadline: the ordinary driver waits on a frozen server while it cancels.
https://www.postgresql.org/docs/current/libpq-async.html
"""

from __future__ import annotations

import select
import time
from collections.abc import Mapping, Sequence
from datetime import timedelta
from types import TracebackType
from typing import Self

from psycopg import OperationalError, conninfo, pq

Row = tuple[str | None, ...]
FINE = (pq.ExecStatus.TUPLES_OK, pq.ExecStatus.COMMAND_OK)


class PostgreSQLError(RuntimeError):
    """A server refused, failed or did not answer in time; the text is one sentence."""


class Session:
    """One connection, autocommit. Calls raise PostgreSQLError once `within` has passed since the session began."""

    def __init__(self, server: str, parameters: Mapping[str, str | int], within: timedelta) -> None:
        """`server` names it in error messages; `parameters` are libpq's connection parameters."""
        self._server = server
        self._deadline = time.monotonic() + within.total_seconds()
        self._within = within
        fixed = {"sslmode": "disable", "gssencmode": "disable"}
        self._connection = pq.PGconn.connect_start(conninfo.make_conninfo("", **fixed, **parameters).encode())
        try:
            self._connect()
        except BaseException:
            self.close()
            raise

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def close(self) -> None:
        """Drop the connection without a word to the server: never waits."""
        self._connection.finish()

    def rows(self, sql: str, parameters: Sequence[str | int | None] = ()) -> list[Row]:
        """What the statement returns, as text; an empty list when it returns no rows."""
        values = [None if value is None else str(value).encode() for value in parameters]
        try:
            if values:
                self._connection.send_query_params(sql.encode(), values)
            else:
                self._connection.send_query(sql.encode())
            result: list[Row] = []
            while (answer := self._result()) is not None:
                if answer.status not in FINE:
                    raise PostgreSQLError(f"{self._server}: {_one_line(answer.get_error_message())}")
                result = _rows(answer)
        except OperationalError as error:
            raise PostgreSQLError(f"{self._server}: {_one_line(str(error))}") from error
        return result

    def value(self, sql: str, parameters: Sequence[str | int | None] = ()) -> str | None:
        """The first column of the only row."""
        return self.rows(sql, parameters)[0][0]

    def _connect(self) -> None:
        waits: dict[int, tuple[bool, bool]] = {
            pq.PollingStatus.READING: (True, False),
            pq.PollingStatus.WRITING: (False, True),
        }
        status: int = pq.PollingStatus.WRITING
        while status in waits:
            self._wait(*waits[status])
            status = self._connection.connect_poll()
        if status != pq.PollingStatus.OK:
            raise PostgreSQLError(f"{self._server}: {_one_line(self._connection.get_error_message())}")

    def _result(self) -> pq.abc.PGresult | None:
        while self._connection.is_busy():
            self._wait(True, False)
            self._connection.consume_input()
        return self._connection.get_result()

    def _wait(self, reading: bool, writing: bool) -> None:
        if self._connection.status == pq.ConnStatus.BAD:
            raise PostgreSQLError(f"{self._server}: {_one_line(self._connection.get_error_message())}")
        descriptor = self._connection.socket
        poller = select.poll()
        poller.register(descriptor, (select.POLLIN if reading else 0) | (select.POLLOUT if writing else 0))
        if not poller.poll(max(0.0, self._deadline - time.monotonic()) * 1000):
            raise PostgreSQLError(f"{self._server} did not answer within {self._within.total_seconds():g} s")


def _rows(answer: pq.abc.PGresult) -> list[Row]:
    def cell(row: int, column: int) -> str | None:
        value = answer.get_value(row, column)
        return None if value is None else value.decode()

    return [tuple(cell(row, column) for column in range(answer.nfields)) for row in range(answer.ntuples)]


def _one_line(text: str) -> str:
    return " ".join(text.split())
