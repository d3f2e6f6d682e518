"""Promotion of a read replica: what RDS reports at each moment, and what it refuses."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import pytest
from botocore.exceptions import ClientError

from tests.lab.emulated_cloud import EmulatedCloud, unique, until

PRIMARY, STANDBY = "ap-southeast-2", "us-west-2"
ACCOUNT = "123456789012"


@dataclass
class Pair:
    """A primary in one Region, and its read replica in another."""

    cloud: EmulatedCloud
    name: str

    def rds(self, region: str) -> Any:
        return self.cloud.client("rds", region)

    def describe(self, region: str = STANDBY) -> dict[str, Any]:
        found: dict[str, Any] = self.rds(region).describe_db_instances(DBInstanceIdentifier=self.name)["DBInstances"][0]
        return found

    def promote(self, region: str = STANDBY, **settings: Any) -> dict[str, Any]:
        answer: dict[str, Any] = self.rds(region).promote_read_replica(DBInstanceIdentifier=self.name, **settings)
        return answer["DBInstance"]

    def desired(self) -> dict[str, Any]:
        databases = self.cloud.control.desired()["databases"]
        return next(one for one in databases if (one["region"], one["instance"]) == (STANDBY, self.name))

    def report(self, event: str, reason: str = "") -> None:
        self.cloud.control.report_database(STANDBY, self.name, event, reason)

    def statuses(self, after: int) -> list[str]:
        return [entry["status"] for entry in self.cloud.entries("database", after, instance=self.name, region=STANDBY)]

    def wait_for(self, status: str, after: int) -> dict[str, Any]:
        return self.cloud.wait_for("database", after, instance=self.name, region=STANDBY, status=status)


@pytest.fixture
def pair(cloud: EmulatedCloud) -> Pair:
    made = Pair(cloud, unique("db"))
    made.rds(PRIMARY).create_db_instance(
        DBInstanceIdentifier=made.name,
        DBInstanceClass="db.t4g.medium",
        Engine="postgres",
        AllocatedStorage=20,
        MasterUsername="app",
        MasterUserPassword="not-a-secret",
        BackupRetentionPeriod=7,
        DeletionProtection=True,
    )
    made.rds(STANDBY).create_db_instance_read_replica(
        DBInstanceIdentifier=made.name,
        SourceDBInstanceIdentifier=f"arn:aws:rds:{PRIMARY}:{ACCOUNT}:db:{made.name}",
        SourceRegion=PRIMARY,
    )
    return made


def test_a_replica_names_its_source_and_has_no_backups(pair: Pair) -> None:
    """https://docs.aws.amazon.com/AmazonRDS/latest/APIReference/API_CreateDBInstanceReadReplica.html"""
    replica = pair.describe()
    assert replica["ReadReplicaSourceDBInstanceIdentifier"] == f"arn:aws:rds:{PRIMARY}:{ACCOUNT}:db:{pair.name}"
    assert replica["BackupRetentionPeriod"] == 0
    assert replica["DeletionProtection"] is False, "as protected as it was asked to be, whatever its source is"
    primary = pair.describe(PRIMARY)
    assert primary["BackupRetentionPeriod"] == 7
    assert primary["ReadReplicaDBInstanceIdentifiers"] == [f"arn:aws:rds:{STANDBY}:{ACCOUNT}:db:{pair.name}"]
    assert pair.desired()["source"] == replica["ReadReplicaSourceDBInstanceIdentifier"]


def test_a_source_without_backups_can_have_no_replica(pair: Pair) -> None:
    """https://docs.aws.amazon.com/AmazonRDS/latest/UserGuide/USER_ReadRepl.Create.html"""
    with pytest.raises(pair.rds(STANDBY).exceptions.InvalidDBInstanceStateFault, match="Automated backups"):
        pair.rds(STANDBY).create_db_instance_read_replica(
            DBInstanceIdentifier=unique("second"), SourceDBInstanceIdentifier=pair.name
        )


def test_a_replica_of_postgresql_is_made_with_the_default_parameters_whatever_its_source_goes_by(pair: Pair) -> None:
    """https://docs.aws.amazon.com/AmazonRDS/latest/APIReference/API_CreateDBInstanceReadReplica.html"""
    group = {"DBParameterGroupFamily": "postgres16", "Description": "ours"}
    for region in (PRIMARY, STANDBY):
        pair.rds(region).create_db_parameter_group(DBParameterGroupName=pair.name, **group)
    pair.rds(PRIMARY).modify_db_instance(DBInstanceIdentifier=pair.name, DBParameterGroupName=pair.name)
    name, source = unique("second"), f"arn:aws:rds:{PRIMARY}:{ACCOUNT}:db:{pair.name}"
    wanted = {"DBInstanceIdentifier": name, "SourceDBInstanceIdentifier": source, "SourceRegion": PRIMARY}
    with pytest.raises(ClientError, match="can't be specified during Read Replica creation"):
        pair.rds(STANDBY).create_db_instance_read_replica(**wanted, DBParameterGroupName=pair.name)
    pair.rds(STANDBY).create_db_instance_read_replica(**wanted)
    assert named(pair, name)["DBParameterGroups"][0]["DBParameterGroupName"].startswith("default.")
    pair.rds(STANDBY).modify_db_instance(DBInstanceIdentifier=name, DBParameterGroupName=pair.name)
    assert named(pair, name)["DBParameterGroups"][0]["DBParameterGroupName"] == pair.name


def test_the_endpoint_is_where_the_real_server_listens(pair: Pair) -> None:
    assert pair.describe()["Endpoint"]["Port"] == 5432
    pair.cloud.control.set_database_endpoint(STANDBY, pair.name, "127.0.0.1", 15433)
    endpoint = pair.describe()["Endpoint"]
    assert (endpoint["Address"], endpoint["Port"]) == ("127.0.0.1", 15433)


def test_a_promotion_that_was_accepted_shows_available_before_it_has_begun(pair: Pair) -> None:
    """Whoever waits for `available` only, is through at once, and too early.

    https://docs.aws.amazon.com/AmazonRDS/latest/UserGuide/USER_ReadRepl.Promote.html
    """
    before = pair.cloud.last()
    assert pair.promote()["DBInstanceStatus"] == "available"
    assert "ReadReplicaSourceDBInstanceIdentifier" in pair.describe()
    assert pair.desired()["promotion_requested"] is True
    pair.wait_for("rebooting", before)
    assert pair.statuses(before) == ["modifying", "rebooting"]


def test_a_promotion_is_through_when_the_real_server_is_promoted_and_not_earlier(pair: Pair) -> None:
    before = pair.cloud.last()
    pair.promote(BackupRetentionPeriod=5)
    pair.wait_for("rebooting", before)
    other, seen = unique("probe"), pair.cloud.last()
    pair.cloud.client("rds", STANDBY).create_db_instance(
        DBInstanceIdentifier=other,
        DBInstanceClass="db.t4g.medium",
        Engine="postgres",
        AllocatedStorage=20,
        MasterUsername="app",
        MasterUserPassword="not-a-secret",
    )
    pair.rds(STANDBY).create_db_snapshot(DBInstanceIdentifier=other, DBSnapshotIdentifier=other)
    pair.cloud.wait_for("database", seen, instance=other, status="available")
    assert pair.describe()["DBInstanceStatus"] == "rebooting", "an AWS minute later, without a report"
    pair.report("promoted")
    pair.wait_for("available", before)
    promoted = pair.describe()
    assert "ReadReplicaSourceDBInstanceIdentifier" not in promoted
    assert promoted["BackupRetentionPeriod"] == 5
    assert pair.describe(PRIMARY)["ReadReplicaDBInstanceIdentifiers"] == []
    assert (pair.desired()["promotion_requested"], pair.desired()["source"]) == (False, None)
    assert pair.statuses(before) == ["modifying", "rebooting", "available"]


def test_a_server_that_is_quicker_than_rds_changes_no_status(pair: Pair) -> None:
    before = pair.cloud.last()
    pair.promote()
    pair.report("promoted")
    assert pair.describe()["DBInstanceStatus"] == "available"
    pair.wait_for("available", before)
    assert pair.statuses(before) == ["modifying", "rebooting", "available"]
    assert pair.describe()["BackupRetentionPeriod"] == 1, "PromoteReadReplica's default"


def test_what_cannot_be_promoted_is_refused(pair: Pair) -> None:
    """https://docs.aws.amazon.com/AmazonRDS/latest/APIReference/API_PromoteReadReplica.html"""
    refused = pair.rds(STANDBY).exceptions.InvalidDBInstanceStateFault
    with pytest.raises(pair.rds(PRIMARY).exceptions.InvalidDBInstanceStateFault, match="is not a read replica"):
        pair.promote(PRIMARY)
    with pytest.raises(pair.rds(STANDBY).exceptions.DBInstanceNotFoundFault):
        pair.rds(STANDBY).promote_read_replica(DBInstanceIdentifier=unique("none"))
    before = pair.cloud.last()
    pair.promote()
    with pytest.raises(refused, match="already being promoted"):
        pair.promote()
    pair.report("promoted")
    pair.wait_for("available", before)
    with pytest.raises(refused, match="is not a read replica"):
        pair.promote()


def test_a_replica_that_is_backing_up_cannot_be_promoted(pair: Pair) -> None:
    before = pair.cloud.last()
    pair.rds(STANDBY).create_db_snapshot(DBInstanceIdentifier=pair.name, DBSnapshotIdentifier=unique("snapshot"))
    with pytest.raises(pair.rds(STANDBY).exceptions.InvalidDBInstanceStateFault, match="backing-up"):
        pair.promote()
    pair.wait_for("available", before)
    pair.promote()


def test_a_promotion_that_failed_leaves_an_available_replica_that_can_be_promoted_again(pair: Pair) -> None:
    before = pair.cloud.last()
    pair.promote()
    pair.report("promotion-failed", "the server did not leave recovery")
    entry = pair.wait_for("available", before)
    assert entry["reason"] == "promotion failed: the server did not leave recovery"
    replica = pair.describe()
    assert replica["DBInstanceStatus"] == "available"
    assert "ReadReplicaSourceDBInstanceIdentifier" in replica
    assert pair.desired()["promotion_requested"] is False
    pair.promote()
    until(lambda: pair.describe()["DBInstanceStatus"] == "modifying")


def test_a_replica_in_another_region_can_be_deleted(pair: Pair) -> None:
    pair.rds(STANDBY).delete_db_instance(DBInstanceIdentifier=pair.name, SkipFinalSnapshot=True)
    assert pair.describe(PRIMARY)["ReadReplicaDBInstanceIdentifiers"] == []


@pytest.fixture
def real_servers(cloud: EmulatedCloud) -> Iterator[None]:
    """Somebody makes a server for every instance, as the lab does."""
    cloud.control.make_servers()
    yield
    cloud.control.make_servers(made=False)


def replica_of(pair: Pair, region: str) -> str:
    name = unique("rebuilt")
    pair.rds(region).create_db_instance_read_replica(
        DBInstanceIdentifier=name,
        SourceDBInstanceIdentifier=f"arn:aws:rds:{PRIMARY}:{ACCOUNT}:db:{pair.name}",
        SourceRegion=PRIMARY,
    )
    return name


def named(pair: Pair, name: str, region: str = STANDBY) -> dict[str, Any]:
    return Pair(pair.cloud, name).describe(region)


@pytest.mark.usefixtures("real_servers")
def test_an_instance_is_creating_and_nowhere_until_its_server_runs(pair: Pair) -> None:
    """https://docs.aws.amazon.com/AmazonRDS/latest/UserGuide/accessing-monitoring.html"""
    name = replica_of(pair, STANDBY)
    assert named(pair, name)["DBInstanceStatus"] == "creating"
    assert "Endpoint" not in named(pair, name)
    pair.cloud.control.report_database(STANDBY, name, "created", address=("127.0.0.1", 15434))
    found = named(pair, name)
    assert (found["DBInstanceStatus"], found["Endpoint"]["Port"]) == ("available", 15434)


@pytest.mark.usefixtures("real_servers")
def test_an_instance_whose_server_could_not_be_made_has_failed(pair: Pair) -> None:
    name = replica_of(pair, STANDBY)
    pair.cloud.control.report_database(STANDBY, name, "creation-failed", reason="the source does not answer")
    assert named(pair, name)["DBInstanceStatus"] == "failed"


def test_a_renamed_instance_keeps_its_server_and_its_replicas(pair: Pair) -> None:
    """https://docs.aws.amazon.com/AmazonRDS/latest/UserGuide/USER_RenameInstance.html"""
    new, before = unique("diverged"), pair.cloud.last()
    pair.cloud.control.set_database_endpoint(PRIMARY, pair.name, "127.0.0.1", 15435)
    pair.rds(PRIMARY).modify_db_instance(
        DBInstanceIdentifier=pair.name, NewDBInstanceIdentifier=new, DeletionProtection=True, ApplyImmediately=True
    )
    pair.cloud.wait_for("database", before, instance=new, status="available")
    found = named(pair, new, PRIMARY)
    assert (found["Endpoint"]["Port"], found["DeletionProtection"]) == (15435, True)
    arn = f"arn:aws:rds:{PRIMARY}:{ACCOUNT}:db:{new}"
    assert (found["DBInstanceArn"], pair.describe()["ReadReplicaSourceDBInstanceIdentifier"]) == (arn, arn)
    with pytest.raises(pair.rds(PRIMARY).exceptions.DBInstanceNotFoundFault):
        pair.describe(PRIMARY)
    with pytest.raises(ClientError, match="protected"):
        pair.rds(PRIMARY).delete_db_instance(DBInstanceIdentifier=new, SkipFinalSnapshot=True)


def test_a_name_that_is_taken_is_refused(pair: Pair) -> None:
    other = replica_of(pair, STANDBY)
    with pytest.raises(pair.rds(STANDBY).exceptions.DBInstanceAlreadyExistsFault):
        pair.rds(STANDBY).modify_db_instance(
            DBInstanceIdentifier=other, NewDBInstanceIdentifier=pair.name, ApplyImmediately=True
        )


def test_a_deleted_instance_is_asked_for_no_more(pair: Pair) -> None:
    pair.rds(STANDBY).delete_db_instance(DBInstanceIdentifier=pair.name, SkipFinalSnapshot=True)
    assert all(
        one["instance"] != pair.name or one["region"] != STANDBY for one in pair.cloud.control.desired()["databases"]
    )
