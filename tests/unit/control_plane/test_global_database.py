"""Is a cluster's place in its global database read rightly, and without a position in a log?"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from datetime import timedelta
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import boto3
import pytest
from aurora_world import ARNS, aurora_plan
from botocore.exceptions import ClientError
from botocore.stub import Stubber
from control_plane_world import NOW, PRIMARY, STANDBY, WITNESS, MemoryEcs, VirtualClock, plan_with, run_with
from moto import mock_aws
from readiness_world import World as ReadinessWorld

from failover.adapters.aurora import Aurora
from failover.adapters.aurora_postgres import AuroraPostgres
from failover.adapters.rds import Rds
from failover.adapters.readiness.clusters import ClassedAurora
from failover.application.check_secondary_readiness import CheckSecondaryReadiness
from failover.application.errors import RunRefused
from failover.domain.global_database import GlobalDatabase, why_not_promotable
from failover.domain.heartbeat import Heartbeat, Lsn
from failover.domain.leader_record import Refusal
from failover.domain.lease_holders import Confirmations, HoldsEverything, LeaseHolder, MayLack, judge
from failover.domain.loss_bound import KnownLoss, ReplicaPosition, bound_loss
from failover.domain.plan import Plan, PlanError
from failover.wiring.databases import databases_of, sessions_of

CLUSTER = f"app-{STANDBY}"
LEASE = timedelta(seconds=20)
OPTIONS = Path(__file__).parents[3] / "dataplane_cdk" / "synthesized" / "options" / "differences.json"


class Api:
    """RDS's answers, in RDS's words."""

    def __init__(self, **changes: Any) -> None:
        self.cluster: dict[str, Any] | None = {
            "DBClusterIdentifier": CLUSTER,
            "DBClusterArn": ARNS[STANDBY],
            "Status": "available",
            "Endpoint": "writer.example.com",
            "ReaderEndpoint": "reader.example.com",
            "Port": 5432,
            "BackupRetentionPeriod": 7,
            "EngineVersion": "16.11",
            "DBClusterMembers": [{"DBInstanceIdentifier": f"{CLUSTER}-1"}],
            **changes,
        }
        self.writer = PRIMARY
        self.members = dict(ARNS)
        self.state: dict[str, Any] = {}
        self.asked: list[dict[str, Any]] = []
        self.refuses: str | None = None
        self.synchronization: dict[str, str] = {}
        self.instance_class: str | None = "db.r6g.large"

    def describe_db_clusters(self, **_: Any) -> dict[str, Any]:
        if self.cluster is None:
            raise ClientError({"Error": {"Code": "DBClusterNotFoundFault"}}, "DescribeDBClusters")
        return {"DBClusters": [self.cluster]}

    def describe_global_clusters(self, **_: Any) -> dict[str, Any]:
        members: list[dict[str, Any]] = [
            {"DBClusterArn": arn, "IsWriter": region == self.writer, **self.synchronization}
            for region, arn in self.members.items()
        ]
        found = {"GlobalClusterIdentifier": "drlab-app", "EngineVersion": "16.11", "GlobalClusterMembers": members}
        return {"GlobalClusters": [{**found, "FailoverState": self.state}]}

    def describe_db_instances(self, **_: Any) -> dict[str, Any]:
        if self.instance_class is None:
            raise ClientError({"Error": {"Code": "AccessDenied"}}, "DescribeDBInstances")
        return {"DBInstances": [{"DBInstanceClass": self.instance_class}]}

    def failover_global_cluster(self, **asked: Any) -> None:
        self._take(asked)

    def switchover_global_cluster(self, **asked: Any) -> None:
        self._take(asked)

    def _take(self, asked: dict[str, Any]) -> None:
        if self.refuses:
            raise ClientError({"Error": {"Code": self.refuses, "Message": "no"}}, "FailoverGlobalCluster")
        self.asked.append(asked)


def test_a_secondary_cluster_follows_the_writer_and_is_opened_by_its_reader_endpoint() -> None:
    """Its writer endpoint is there, and inactive."""
    found = Aurora(Api(), "drlab-app").describe(CLUSTER)
    assert found is not None
    assert (found.source, found.host, found.status) == (ARNS[PRIMARY], "reader.example.com", "available")


def test_a_secondary_of_a_database_that_names_no_writer_is_never_taken_for_one() -> None:
    """As while the roles change."""
    database = GlobalDatabase("drlab-app", None, dict.fromkeys(ARNS.values(), False), None)
    assert database.source_of(ARNS[STANDBY]) == "drlab-app"


def test_the_writer_has_no_source_and_is_opened_by_its_writer_endpoint() -> None:
    api = Api()
    api.writer, api.state = STANDBY, {"Status": "failing-over"}
    found = Aurora(api, "drlab-app").describe(CLUSTER)
    assert found is not None
    assert (found.source, found.host, found.status) == (None, "writer.example.com", "available")


def test_a_cluster_that_is_about_to_become_the_writer_is_told_from_an_available_one() -> None:
    api = Api()
    api.state = {"Status": "switching-over"}
    found = Aurora(api, "drlab-app").describe(CLUSTER)
    assert found is not None
    assert (found.status, found.source) == ("switching-over", ARNS[PRIMARY])


def test_a_cluster_outside_of_the_global_database_is_never_taken_for_its_writer() -> None:
    api = Api()
    del api.members[STANDBY]
    with pytest.raises(RunRefused, match="no member of the global database drlab-app"):
        Aurora(api, "drlab-app").describe(CLUSTER)
    with pytest.raises(RunRefused, match="no global database other"):
        Aurora(api, "other").describe(CLUSTER)
    api.cluster = None
    assert Aurora(api, "drlab-app").describe(CLUSTER) is None


def test_a_failover_allows_data_loss_and_a_switchover_does_not() -> None:
    api = Api()
    aurora = Aurora(api, "drlab-app")
    assert (aurora.fail_over(CLUSTER), aurora.switch_over(CLUSTER)) == (None, None)
    target = {"GlobalClusterIdentifier": "drlab-app", "TargetDbClusterIdentifier": ARNS[STANDBY]}
    assert api.asked == [{**target, "AllowDataLoss": True}, target]


def test_a_switchover_is_asked_for_in_the_writer_s_region_and_a_failover_in_this_one() -> None:
    """The writer's Region takes part in the one, and may be dark in the other.

    https://docs.aws.amazon.com/AmazonRDS/latest/AuroraUserGuide/aurora-global-database-disaster-recovery.html
    """
    here, there = Api(), Api()
    aurora = Aurora(here, "drlab-app", {PRIMARY: there}.__getitem__)
    assert aurora.switch_over(CLUSTER) is None
    assert (len(here.asked), len(there.asked)) == (0, 1)
    assert aurora.fail_over(CLUSTER) is None
    assert (len(here.asked), len(there.asked)) == (1, 1)
    here.writer = "nowhere"
    assert isinstance(aurora.switch_over(CLUSTER), Refusal), "while the roles change nobody can be asked"


def test_a_state_that_allows_no_failover_now_is_waited_for_and_anything_else_is_final() -> None:
    api = Api()
    api.refuses = "InvalidGlobalClusterStateFault"
    assert isinstance(Aurora(api, "drlab-app").fail_over(CLUSTER), Refusal)
    api.refuses = "AccessDenied"
    with pytest.raises(RunRefused, match="AccessDenied"):
        Aurora(api, "drlab-app").fail_over(CLUSTER)


@pytest.mark.parametrize(
    ("version", "instances", "told"),
    [
        ("16.11", 1, None),
        ("16.11.2", 1, None),
        ("16.10", 1, "equal versions alone"),
        ("15.11", 1, "equal versions alone"),
        (None, 1, None),
        ("16.11", 0, "no instance that could become the writer"),
    ],
)
def test_what_aws_would_refuse_is_found_before_the_fence(version: str | None, instances: int, told: str | None) -> None:
    found = why_not_promotable(CLUSTER, version, instances, GlobalDatabase("drlab-app", "16.11", {}, None))
    assert (told is None and found is None) or (told is not None and found is not None and told in found)


@pytest.mark.parametrize(
    ("changes", "ready", "told"),
    [
        ({}, True, f"{CLUSTER} replicates from {PRIMARY}"),
        ({"DBClusterMembers": []}, False, "add one"),
        ({"EngineVersion": "16.10"}, False, "equal versions alone"),
        ({"Status": "stopped"}, False, "stopped, not available"),
        ({"Status": "polishing"}, False, "tells. Ask again once it is available."),
    ],
)
def test_readiness_asks_whether_the_cluster_could_become_the_writer(
    changes: dict[str, Any], ready: bool, told: str
) -> None:
    """And no backup is looked for in its place: `backups` would fail."""
    clock = VirtualClock()
    check = CheckSecondaryReadiness(
        aurora_plan(),
        STANDBY,
        Aurora(Api(**changes), "drlab-app"),
        SimpleNamespace(),
        SimpleNamespace(),
        MemoryEcs(clock),
        SimpleNamespace(),
        clock,
    )  # type: ignore[arg-type]
    answer = check(run_with(health={"leader": PRIMARY}))
    assert (answer["ready"], answer["db_mode"]) == (ready, "aurora-global")
    assert told in answer["reason"]
    assert "rename" not in answer["reason"], "an Aurora cluster is not restored here, under whatever name"


def readiness_of(here: Api, there: Api) -> dict[str, tuple[str, str]]:
    """What the evaluation finds where each Region's RDS answers so."""
    world = ReadinessWorld()
    world.plan = aurora_plan()
    there.cluster = {**(there.cluster or {}), "DBClusterIdentifier": f"app-{PRIMARY}", "DBClusterArn": ARNS[PRIMARY]}
    world.here.describe = _described(world.here, here)  # type: ignore[method-assign]
    world.there.describe = _described(world.there, there)  # type: ignore[method-assign]
    for region in (PRIMARY, STANDBY):
        world.answers[region] = world.served(in_recovery=region == STANDBY, streaming=None)
    return world.found()


def _described(region: Any, api: Api) -> Callable[[str], Any]:
    clusters, secret = ClassedAurora(api, "drlab-app"), region.describe
    return lambda name: secret(name) if name.startswith("drlab/") else clusters.describe(name)


def test_every_check_of_readiness_has_an_answer_for_a_global_database() -> None:
    here, there = Api(), Api()
    here.synchronization = {"SynchronizationStatus": "connected"}
    found = readiness_of(here, there)
    assert {name: one for name, one in found.items() if one[0] != "ok"} == {}
    assert found["replica-streams"] == ("ok", f"{CLUSTER} is connected")
    assert found["database-class"] == ("ok", "db.r6g.large here, db.r6g.large in the leader's Region")


@pytest.mark.parametrize(
    ("name", "verdict", "spoil"),
    [
        ("replica-streams", "not ok", lambda api: api.synchronization.update(SynchronizationStatus="pending-resync")),
        ("replica-streams", "unknown", lambda api: api.synchronization.clear()),
        ("database-class", "not ok", lambda api: setattr(api, "instance_class", "db.r6g.xlarge")),
        ("database-class", "unknown", lambda api: setattr(api, "instance_class", None)),
        ("backups", "not ok", lambda api: api.cluster.update(BackupRetentionPeriod=1)),
        ("replica", "not ok", lambda api: api.cluster.update(DBClusterMembers=[])),
        ("replica", "not ok", lambda api: setattr(api, "writer", STANDBY)),
    ],
)
def test_what_is_amiss_with_a_secondary_cluster_is_found_and_what_is_not_told_is_unknown(
    name: str, verdict: str, spoil: Callable[[Api], object]
) -> None:
    here = Api()
    here.synchronization = {"SynchronizationStatus": "connected"}
    spoil(here)
    assert readiness_of(here, Api())[name][0] == verdict


def test_a_restore_of_a_cluster_is_refused_with_what_to_do() -> None:
    clock = VirtualClock()
    check = CheckSecondaryReadiness(
        aurora_plan(),
        STANDBY,
        Aurora(Api(), "drlab-app"),
        SimpleNamespace(),
        SimpleNamespace(),
        MemoryEcs(clock),
        SimpleNamespace(),
        clock,
    )  # type: ignore[arg-type]
    answer = check(run_with(health={"leader": PRIMARY}, restore={"to": "latest"}))
    assert answer["ready"] is False
    assert "restore an Aurora cluster by hand" in answer["reason"]


def test_a_server_without_positions_is_settled_at_once_and_bounds_the_loss_by_its_row() -> None:
    beat = Heartbeat(PRIMARY, 1, 40, NOW, Lsn(0))
    position = ReplicaPosition(True, None, None, beat, by_storage=True)
    assert position.settled
    assert not ReplicaPosition(True, None, None, beat).settled
    published = Heartbeat(PRIMARY, 1, 42, NOW + timedelta(seconds=2), Lsn(0))
    assert bound_loss(published, position, PRIMARY, LEASE) == KnownLoss(timedelta(seconds=22), None)


def test_a_switchover_of_storage_needs_the_tasks_to_have_stopped_and_no_position() -> None:
    """Aurora synchronizes before it changes the roles; what it cannot know is whether anybody still writes."""
    stopped = LeaseHolder("t1", 2, timedelta(0), Lsn(0))
    writing = LeaseHolder("t2", 1, None, Lsn(0))
    assert isinstance(judge(Confirmations((stopped,), None, by_storage=True), 2, LEASE), HoldsEverything)
    assert isinstance(judge(Confirmations((stopped,), None), 2, LEASE), MayLack)
    for holders in ((), (stopped, writing)):
        assert isinstance(judge(Confirmations(holders, None, by_storage=True), 2, LEASE), MayLack)


def test_the_plan_s_kind_chooses_how_its_database_is_described_and_opened() -> None:
    plan = aurora_plan()
    assert isinstance(databases_of(plan, Api()), Aurora)
    assert isinstance(sessions_of(plan), AuroraPostgres)
    assert not isinstance(databases_of(plan, Api()), Rds)


@pytest.fixture
def rds(monkeypatch: pytest.MonkeyPatch) -> Iterator[Any]:
    """Two clusters of a global database in an emulation, asked in the standby's Region."""
    for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"):
        monkeypatch.setenv(name, "testing")
    monkeypatch.delenv("AWS_ENDPOINT_URL", raising=False)
    engine = {"Engine": "aurora-postgresql", "EngineVersion": "16.11"}
    with mock_aws():
        boto3.client("rds", WITNESS).create_global_cluster(GlobalClusterIdentifier="drlab-app", **engine)
        for region, credentials in (
            (PRIMARY, {"MasterUsername": "app", "MasterUserPassword": "not-shown"}),
            (STANDBY, {}),
        ):
            there: Any = boto3.client("rds", region)
            name = f"app-{region}"
            there.create_db_cluster(
                DBClusterIdentifier=name, GlobalClusterIdentifier="drlab-app", Port=5432, **engine, **credentials
            )
            there.create_db_instance(
                DBInstanceIdentifier=f"{name}-1", DBClusterIdentifier=name, DBInstanceClass="db.r6g.large", **engine
            )
        yield boto3.client("rds", STANDBY)


def test_rds_s_own_answers_are_understood(rds: Any) -> None:
    found = Aurora(rds, "drlab-app").describe(CLUSTER)
    assert found is not None
    assert (found.source, found.status, found.port) == (ARNS[PRIMARY], "available", 5432)
    assert found.host == rds.describe_db_clusters(DBClusterIdentifier=CLUSTER)["DBClusters"][0]["ReaderEndpoint"]
    assert Aurora(rds, "drlab-app").describe("app-nowhere") is None


def test_what_is_asked_of_rds_is_what_its_api_takes(rds: Any) -> None:
    """By botocore's own description of the API; the emulation does not know these two operations."""
    target = {"GlobalClusterIdentifier": "drlab-app", "TargetDbClusterIdentifier": ARNS[STANDBY]}
    with Stubber(rds) as stub:
        for operation, asked in (
            ("failover_global_cluster", {**target, "AllowDataLoss": True}),
            ("switchover_global_cluster", target),
        ):
            if operation == "switchover_global_cluster":
                writer = {"DBClusterArn": ARNS[PRIMARY], "IsWriter": True}
                found = {"GlobalClusterIdentifier": "drlab-app", "GlobalClusterMembers": [writer]}
                stub.add_response("describe_global_clusters", {"GlobalClusters": [found]})
            stub.add_response("describe_db_clusters", {"DBClusters": [{"DBClusterArn": ARNS[STANDBY]}]})
            stub.add_response(operation, {"GlobalCluster": {}}, asked)
        aurora = Aurora(rds, "drlab-app")
        assert (aurora.fail_over(CLUSTER), aurora.switch_over(CLUSTER)) == (None, None)
        stub.assert_no_pending_responses()


def test_the_plan_that_the_data_plane_publishes_names_the_global_database_that_it_makes() -> None:
    stacks = json.loads(OPTIONS.read_text())["dbMode=aurora-global"].values()
    resources = [one for stack in stacks for one in stack["resources"].values() if one]
    properties = {
        kind: [one["Properties"] for one in resources if one["Type"] == kind]
        for kind in {one["Type"] for one in resources}
    }
    plans = [Plan.parse(one["Value"]) for one in properties["AWS::SSM::Parameter"] if one["Name"].endswith("/plan")]
    (made,) = properties["AWS::RDS::GlobalCluster"]
    clusters = {one["DBClusterIdentifier"] for one in properties["AWS::RDS::DBCluster"]}
    assert plans
    for plan in plans:
        assert plan.global_cluster == made["GlobalClusterIdentifier"]
        assert {one.database_instance for one in plan.regions.values()} == clusters


def test_a_plan_of_an_instance_names_no_global_database() -> None:
    with pytest.raises(PlanError, match="for a step of a global database"):
        _ = plan_with().global_cluster
