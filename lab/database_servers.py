"""Which real PostgreSQL server belongs to which DB instance, and how does an instance of the API get one?

By its kind: a replica of another instance is a real standby of that one's server, and one that is restored is made of the
files of a real backup. A server stays with its instance
under whatever name, and ends with it.
"""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable, Iterator, Mapping, Sequence
from datetime import datetime
from functools import partial
from typing import Any

from lab.backups import Backups
from lab.cloud.control_client import CloudControl
from lab.data_plane import database_instance
from lab.host.processes import Processes, ProcessFailed
from lab.region.network import Address, NetworkError
from lab.region.postgresql import PostgreSQL
from lab.region.postgresql_session import PostgreSQLError
from lab.region.replication_links import ReplicationLinks

Entry = Mapping[str, Any]
logger = logging.getLogger(__name__)
FAILURES = (PostgreSQLError, ProcessFailed, NetworkError, KeyError)


class DatabaseServers(Mapping[str, PostgreSQL]):
    """By Region, the server of the instance that the plan names. Safe from any thread.

    `follow` is told every DB instance of the API whenever one changed; what a server did is reported to `cloud`.
    """

    def __init__(self, processes: Processes, links: ReplicationLinks, backups: Backups) -> None:
        self._processes = processes
        self._backups = backups
        self._links = links
        self._lock = threading.Lock()
        self._servers: dict[Address, PostgreSQL] = {}
        self._instances: dict[tuple[str, str], Address] = {}
        self._sources: dict[Address, PostgreSQL] = {}
        self._busy: set[tuple[str, str]] = set()
        self._count = 0
        self._makers: dict[str, Callable[[Entry], PostgreSQL]] = {
            "replica": self._replica,
            "backup": self._restored,
        }

    def adopt(self, region: str, instance: str, server: PostgreSQL) -> PostgreSQL:
        """`server` is that of an instance that is not there yet."""
        with self._lock:
            self._servers[server.address] = server
            self._instances[region, instance] = server.address
        return server

    def of(self, region: str, instance: str) -> PostgreSQL:
        """Raises KeyError."""
        with self._lock:
            return self._servers[self._instances[region, instance]]

    def __getitem__(self, region: str) -> PostgreSQL:
        return self.of(region, database_instance(region))

    def __iter__(self) -> Iterator[str]:
        with self._lock:
            found = [region for region, name in self._instances if name == database_instance(region)]
        return iter(found)

    def __len__(self) -> int:
        return len(list(iter(self)))

    def follow(self, cloud: CloudControl, entries: Sequence[Entry]) -> None:
        """What is asked for begins here and goes on in threads of its own."""
        with self._lock:
            # By its port: containers are told another address of this machine.
            here = {address[1]: address for address in self._servers}
            known = {
                (one["region"], one["instance"]): here.get(one["port"], (one["host"], one["port"]))
                for one in entries
                if "port" in one
            }
            gone = set(self._instances.values()) - set(known.values())
            self._instances = known
            left_over = [self._servers.pop(address) for address in gone if address in self._servers]
        for server in left_over:
            self._in_background(partial(self._discard, server), "discard")
        for entry in entries:
            if "port" not in entry:
                self._once(entry, partial(self._make, cloud, entry))
            elif entry.get("snapshot"):
                self._once(entry, partial(self._back_up, cloud, entry))
            elif entry["promotion_requested"]:
                self._once(entry, partial(self._promote, cloud, entry))

    def streams_from(self, primary: PostgreSQL, standby: PostgreSQL) -> None:
        """When it is promoted or goes, its slot goes too, as RDS has it."""
        with self._lock:
            self._sources[standby.address] = primary

    def folder_name(self, region: str) -> str:
        """Of the next server's data in `region`."""
        with self._lock:
            self._count += 1
            return f"database-{region}-{self._count}"

    def _once(self, entry: Entry, work: Callable[[], None]) -> None:
        """`work` for an instance, unless some is under way."""
        key = (entry["region"], entry["instance"])
        with self._lock:
            if key in self._busy:
                return
            self._busy.add(key)

        def run() -> None:
            try:
                work()
            finally:
                with self._lock:
                    self._busy.discard(key)

        self._in_background(run, f"database-{key[1]}")

    @staticmethod
    def _in_background(work: Callable[[], None], name: str) -> None:
        threading.Thread(target=work, name=name, daemon=True).start()

    def _make(self, cloud: CloudControl, entry: Entry) -> None:
        region, instance, kind = entry["region"], entry["instance"], entry.get("made_from", {}).get("kind")
        if entry["status"] != "creating":
            return
        try:
            if kind not in self._makers:
                raise PostgreSQLError(f"The lab makes no server for an instance of kind {kind}.")
            server = self._makers[kind](entry)
        except FAILURES as error:
            cloud.report_database(region, instance, "creation-failed", reason=str(error))
            return
        # Known before the API names it, and in `_instances` only once it does.
        with self._lock:
            self._servers[server.address] = server
        cloud.report_database(region, instance, "created", address=server.address)

    def _replica(self, entry: Entry) -> PostgreSQL:
        """A standby of the source's server, over a link of its own. Raises PostgreSQLError or KeyError."""
        region = entry["region"]
        where, name = _place_of(str(entry["made_from"]["source"]), region)
        primary = self.of(where, name)
        link, through = self._links.lay(primary.address, frozenset({where, region}))
        data = self._processes.state_directory / self.folder_name(region)
        server = PostgreSQL(region, self._processes, data_dir=data)
        try:
            server.create_standby_of(primary, through=through)
        except PostgreSQLError:
            server.discard()
            raise
        self._links.delayed(link)
        self.streams_from(primary, server)
        return server

    def _restored(self, entry: Entry) -> PostgreSQL:
        """Made of a backup. Raises PostgreSQLError or KeyError."""
        region, made_from = entry["region"], entry["made_from"]
        backed_up = self._backups.find(made_from["source"])
        to = datetime.fromisoformat(made_from["to"]) if made_from.get("to") else None
        data = self._processes.state_directory / self.folder_name(region)
        server = PostgreSQL(region, self._processes, data_dir=data)
        try:
            server.create_from_backup(backed_up.base, backed_up.logs, to, backed_up.credentials)
        except PostgreSQLError:
            server.discard()
            raise
        return server

    def _back_up(self, cloud: CloudControl, entry: Entry) -> None:
        region, instance, name = entry["region"], entry["instance"], entry["snapshot"]
        try:
            at = self._backups.snapshot(self.of(region, instance), f"{region}/{name}")
        except FAILURES:
            cloud.report_snapshot(region, instance, name, None)
        else:
            cloud.report_snapshot(region, instance, name, at)

    def _promote(self, cloud: CloudControl, entry: Entry) -> None:
        region, instance = entry["region"], entry["instance"]
        source: PostgreSQL | None = None
        try:
            if first := entry.get("holding_all_of"):
                source = self.of(*_place_of(first, region))
                self._hand_over(source)
            self.of(region, instance).promote()
        except FAILURES as error:
            if source is not None:
                self._take_up(source)
            cloud.report_database(region, instance, "promotion-failed", reason=str(error))
        else:
            cloud.report_database(region, instance, "promoted")
            self._leave_source(self.of(region, instance))

    def _discard(self, server: PostgreSQL) -> None:
        server.discard()
        self._leave_source(server)

    def _leave_source(self, server: PostgreSQL) -> None:
        """Where the primary can be reached; RDS cannot tell one that is lost, either."""
        with self._lock:
            primary = self._sources.pop(server.address, None)
        if primary is None or self._links.lost & {primary.region, server.region}:
            return
        try:
            server.leave(primary)
        except FAILURES as error:
            logger.info("the slot of %s stays with its primary: %s", server.region, error)

    @staticmethod
    def _hand_over(primary: PostgreSQL) -> None:
        """It ends, and its standby has received everything before that. Raises PostgreSQLError where none is connected."""
        if not any(one.state == "streaming" for one in primary.replicas()):
            raise PostgreSQLError(f"Nothing streams from the database in {primary.region}, so nothing holds all of it.")
        primary.stop()

    @staticmethod
    def _take_up(primary: PostgreSQL) -> None:
        """It goes on, for nobody came after it."""
        try:
            primary.start()
        except FAILURES as error:
            logger.warning("the database in %s does not start again: %s", primary.region, error)


def _place_of(source: str, region: str) -> tuple[str, str]:
    """Region and name by an ARN, or by a name alone, which is one in `region`."""
    parts = source.split(":")
    return (parts[3], parts[6]) if len(parts) > 6 else (region, source)
