"""What becomes of the clusters of an Aurora global database when another Region's is to write?

Their servers are real PostgreSQL: streaming replication stands in for Aurora's storage. Not emulated: clusters outside of a
global database, more than one secondary, a cluster's deletion, the snapshot of the old volume, and a failover inside a Region.
"""

from __future__ import annotations

import threading
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from moto.core.responses import ActionResult
from moto.rds.exceptions import DBClusterNotFoundError, RDSClientError
from moto.rds.models import DBCluster, GlobalCluster, RDSBackend, rds_backends
from moto.rds.responses import RDSResponse

from lab.cloud.context import CloudContext
from lab.settings import ACCOUNT_ID

# How long the request is known and does not show, and how long the roles take to change, whatever the real server needs:
# our figures. AWS says "typically, within a few minutes" for a failover.
# https://docs.aws.amazon.com/AmazonRDS/latest/AuroraUserGuide/aurora-global-database-disaster-recovery.html
NOT_YET_SHOWN, CHANGING_ROLES = timedelta(seconds=5), timedelta(seconds=40)
REGION_IS_BACK_WITHIN_SECONDS = 3600.0


@dataclass
class Move:
    """A failover or a switchover under way: told of as FailoverState, until the old writer's cluster follows the new one.

    https://docs.aws.amazon.com/AmazonRDS/latest/APIReference/API_FailoverState.html
    """

    loses_data: bool
    old: Any
    new: Any
    shown: bool = False
    waited: bool = False
    server_is_promoted: bool = False
    over: bool = False

    @property
    def status(self) -> str:
        return "failing-over" if self.loses_data else "switching-over"

    def told(self) -> dict[str, Any]:
        return {
            "Status": self.status,
            "FromDbClusterArn": self.old.db_cluster_arn,
            "ToDbClusterArn": self.new.db_cluster_arn,
            "IsDataLossAllowed": self.loses_data,
        }


class GlobalDatabases:
    """Those of the account; a real server belongs to each cluster, under the cluster's name."""

    def __init__(self, context: CloudContext) -> None:
        self._context = context
        self._moves: dict[str, Move] = {}
        self._lock = threading.RLock()
        context.desired.on_database_report(self._reported)

    def created(self, cluster: Any) -> Any:
        """A cluster that came by the API: the first of a global database writes, and a second one follows it."""
        writer = None if cluster.is_writer else _writer_beside(cluster)
        self._tell(
            cluster,
            "available",
            source=writer and writer.db_cluster_arn,
            promotion_requested=False,
            made_from={"kind": "cluster"},
        )
        return cluster

    def move(self, database: Any, wanted: Mapping[str, Any], loses_data: bool, asked_in: str) -> Any:
        """Begin to make the named cluster the writer. Raises what the API answers to a wrong request.

        https://docs.aws.amazon.com/AmazonRDS/latest/APIReference/API_FailoverGlobalCluster.html (Errors)
        """
        new = _member(database, str(wanted["TargetDbClusterIdentifier"]))
        with self._lock:
            old = next((one for one in database.members if one.is_writer), None)
            if refusal := self._refusal(database, old, new, loses_data, asked_in):
                raise RDSClientError("InvalidGlobalClusterStateFault", refusal)
            if new.status != "available":
                raise RDSClientError("InvalidDBClusterStateFault", f"{new.db_cluster_identifier} is {new.status}.")
            move = self._moves[database.global_cluster_identifier] = Move(loses_data, old, new)
        self._after(NOT_YET_SHOWN, lambda: self._begin(database, move))
        return database

    def state_of(self, database: Any) -> dict[str, Any] | None:
        """FailoverState; none before it shows and once it is over."""
        with self._lock:
            move = self._moves.get(database.global_cluster_identifier)
            return move.told() if move is not None and move.shown and not move.over else None

    def _refusal(self, database: Any, old: Any, new: Any, loses_data: bool, asked_in: str) -> str | None:
        """AWS's guide has a switchover asked for where the writer is, and nothing says what is answered elsewhere: refused."""
        name, move = database.global_cluster_identifier, self._moves.get(database.global_cluster_identifier)
        if move is not None and not move.over:
            return f"{name} is {move.status} already."
        if old is None or new is old:
            return f"{new.db_cluster_identifier} is the writer of {name} already."
        if not loses_data and not self._context.network.passes(new.region, old.region):
            return f"{old.db_cluster_identifier} does not answer: a switchover needs it, and a failover does not."
        if not loses_data and asked_in != old.region:
            return f"A switchover is asked for in {old.region}, where the writer is, and not in {asked_in}."
        return None

    def _begin(self, database: Any, move: Move) -> None:
        move.shown, database.status = True, move.status
        self._tell(move.new, "promoting")
        # What it has is all that there will be, or it is to hold everything first.
        source = None if move.loses_data else move.old.db_cluster_arn
        self._context.desired.set_database(
            move.new.region, move.new.db_cluster_identifier, promotion_requested=True, holding_all_of=source
        )
        self._after(CHANGING_ROLES, lambda: self._progress(database, move, waited=True))

    def _reported(self, region: str, name: str, report: Mapping[str, Any]) -> None:
        """The real server was promoted, or could not be; or the one that follows the new writer is there, or is not."""
        cluster = rds_backends[ACCOUNT_ID][region].clusters.get(name)
        if cluster is None:
            return
        database, move = self._move_of(cluster)
        event = report["event"]
        if event == "created":
            self._context.desired.set_database(region, name, host=report["host"], port=report["port"])
        if database is None or move is None:
            return
        if event in ("promoted", "promotion-failed"):
            # At once, or it would be asked of the real server again.
            self._context.desired.set_database(region, name, promotion_requested=False)
        if event == "promoted":
            self._progress(database, move, server_is_promoted=True)
        elif event == "promotion-failed":
            self._ended(database, move)
            self._tell(cluster, "available", reason=f"promotion failed: {report.get('reason', '')}")
        elif event == "created":
            self._tell(cluster, "available")
            self._ended(database, move)
        elif event == "creation-failed":
            self._tell(cluster, "failed", reason=str(report.get("reason", "")))

    def _progress(self, database: Any, move: Move, **came: bool) -> None:
        """The roles change once both have come: the time, and the real server."""
        with self._lock:
            for name in came:
                setattr(move, name, True)
            if move.over or not (move.waited and move.server_is_promoted) or move.new.is_writer:
                return
            move.old.is_writer, move.new.is_writer = False, True
        self._tell(move.new, "available", source=None)
        threading.Thread(target=self._rebuild, args=(database, move), name="rebuild-cluster", daemon=True).start()

    def _rebuild(self, database: Any, move: Move) -> None:
        """The old writer's cluster follows the new one, on a new volume, once its Region is healthy again.

        https://docs.aws.amazon.com/AmazonRDS/latest/AuroraUserGuide/aurora-global-database-disaster-recovery.html
        """
        there = move.old.region, move.new.region
        if not self._context.network.wait_until_passes(*there, REGION_IS_BACK_WITHIN_SECONDS):
            return
        source = move.new.db_cluster_arn
        if not self._context.desired.makes_servers:
            self._tell(move.old, "available", source=source)
            self._ended(database, move)
            return
        self._context.desired.forget_database(move.old.region, move.old.db_cluster_identifier)
        self._tell(
            move.old,
            "creating",
            source=source,
            promotion_requested=False,
            made_from={"kind": "replica", "source": source},
        )

    def _ended(self, database: Any, move: Move) -> None:
        with self._lock:
            move.over, database.status = True, "available"

    def _move_of(self, cluster: Any) -> tuple[Any, Move | None]:
        with self._lock:
            for database in _all():
                move = self._moves.get(database.global_cluster_identifier)
                if move is not None and not move.over and cluster in (move.old, move.new):
                    return database, move
        return None, None

    def _tell(self, cluster: Any, status: str, reason: str | None = None, **fields: Any) -> None:
        cluster.status = status
        region, name = cluster.region, cluster.db_cluster_identifier
        self._context.desired.set_database(region, name, status=status, **fields)
        said = {"reason": reason} if reason else {}
        self._context.journal.add("database", region=region, instance=name, status=status, **said)

    def _after(self, delay: timedelta, then: Any) -> None:
        timer = threading.Timer(self._context.scaled(delay), then)
        timer.daemon = True
        timer.start()


def install(context: CloudContext) -> None:
    """The roles of a global database's clusters change as the real servers do."""
    databases = GlobalDatabases(context)
    create = RDSBackend.create_db_cluster

    def failover_global_cluster(self: Any) -> ActionResult:
        wanted = self.params
        if wanted.get("AllowDataLoss") and wanted.get("Switchover"):
            raise RDSClientError(
                "InvalidParameterCombination", "Ask for AllowDataLoss or for Switchover, not for both."
            )
        return ActionResult(
            {"GlobalCluster": databases.move(_named(wanted), wanted, bool(wanted.get("AllowDataLoss")), self.region)}
        )

    def switchover_global_cluster(self: Any) -> ActionResult:
        return ActionResult({"GlobalCluster": databases.move(_named(self.params), self.params, False, self.region)})

    RDSResponse.failover_global_cluster = failover_global_cluster
    RDSResponse.switchover_global_cluster = switchover_global_cluster
    RDSBackend.create_db_cluster = lambda self, given: databases.created(create(self, given))
    GlobalCluster.failover_state = property(databases.state_of)
    plain_members = GlobalCluster.global_cluster_members.fget
    GlobalCluster.global_cluster_members = property(
        lambda self: [
            {**told, "SynchronizationStatus": "connected" if one.status != "creating" else "pending-resync"}
            for told, one in zip(plain_members(self), self.members, strict=True)
        ]
    )
    # moto's own turns creating into available by being looked at.
    DBCluster.status = property(lambda self: self._status, lambda self, value: setattr(self, "_status", value))


def _all() -> list[Any]:
    return [one for backend in rds_backends[ACCOUNT_ID].values() for one in backend.global_clusters.values()]


def _named(wanted: Mapping[str, Any]) -> Any:
    name = str(wanted["GlobalClusterIdentifier"]).lower()
    found = next((one for one in _all() if one.global_cluster_identifier == name), None)
    if found is None:
        raise RDSClientError("GlobalClusterNotFoundFault", f"Global cluster {name} not found.")
    return found


def _member(database: Any, arn: str) -> Any:
    """The cluster in whichever Region its ARN names."""
    found = next((one for one in database.members if one.db_cluster_arn == arn), None)
    if found is None:
        raise DBClusterNotFoundError(arn)
    return found


def _writer_beside(cluster: Any) -> Any:
    members: list[Any] = next((one.members for one in _all() if cluster in one.members), [])
    return next((one for one in members if one.is_writer), None)
