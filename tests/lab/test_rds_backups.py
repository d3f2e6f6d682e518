"""Backups as RDS shows them, asked through the very adapter that a restore uses."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from botocore.exceptions import ClientError

from failover.adapters.rds import Rds
from failover.adapters.rds_backups import RdsBackups
from failover.application.restore_ports import Placement
from failover.domain.leader_record import Refusal
from failover.domain.recovery_point import RecoveryPoint, choose
from tests.lab.emulated_cloud import EmulatedCloud, unique, until

PRIMARY, STANDBY = "ap-southeast-2", "us-west-2"
LATEST = datetime(2026, 11, 23, 3, 0, tzinfo=UTC)
TAGS = {"drlab:restored-by": "run-1", "drlab:recovery-point": "0123abcd"}


class Place:
    """A primary that is backed up to the other Region, and where a database belongs there."""

    def __init__(self, cloud: EmulatedCloud) -> None:
        self.cloud, self.name = cloud, unique("db")
        self.arn = f"arn:aws:rds:{STANDBY}:123456789012:auto-backup:ab-{self.name}"
        cloud.client("rds", PRIMARY).create_db_instance(
            DBInstanceIdentifier=self.name,
            DBInstanceClass="db.t4g.medium",
            Engine="postgres",
            AllocatedStorage=20,
            MasterUsername="app",
            MasterUserPassword="not-a-secret",
            BackupRetentionPeriod=7,
        )
        self.rds = cloud.client("rds", STANDBY)
        vpc = cloud.client("ec2", STANDBY).create_vpc(CidrBlock="10.0.0.0/16")["Vpc"]["VpcId"]
        subnet = cloud.client("ec2", STANDBY).create_subnet(VpcId=vpc, CidrBlock="10.0.1.0/24")["Subnet"]["SubnetId"]
        self.rds.create_db_subnet_group(
            DBSubnetGroupName=self.name, DBSubnetGroupDescription="isolated", SubnetIds=[subnet]
        )
        self.rds.create_db_parameter_group(
            DBParameterGroupName=self.name, DBParameterGroupFamily="postgres16", Description="ours"
        )
        self.placement = Placement("db.t4g.small", self.name, self.name, ("sg-1",))
        self.backups, self.databases = RdsBackups(self.rds), Rds(self.rds)
        self.restored = unique("restored")

    def backed_up(self) -> None:
        window = (LATEST - timedelta(hours=1), LATEST)
        self.cloud.control.report_backup(STANDBY, self.arn, (PRIMARY, self.name), window)

    def restore(self, point: RecoveryPoint) -> Refusal | None:
        return self.backups.restore(point, self.restored, self.placement, TAGS)

    def made_from(self) -> dict[str, Any]:
        entries = self.cloud.control.desired()["databases"]
        found: dict[str, Any] = next(one for one in entries if one["instance"] == self.restored)["made_from"]
        return found


@pytest.fixture
def place(cloud: EmulatedCloud) -> Iterator[Place]:
    cloud.control.make_servers()
    yield Place(cloud)
    cloud.control.make_servers(made=False)


def test_nothing_is_found_before_anything_was_backed_up(place: Place) -> None:
    assert place.backups.find((place.name,)).automated == ()
    assert place.restore(RecoveryPoint("replicated", place.arn, LATEST, newest=True)) is not None


def test_replicated_backups_are_restored_to_their_end_where_and_as_it_was_asked(place: Place) -> None:
    place.backed_up()
    points = choose(place.backups.find((place.name,)), None)
    assert isinstance(points, tuple)
    assert (points[0].kind, points[0].source, points[0].at) == ("replicated", place.arn, LATEST)
    assert place.restore(points[0]) is None
    assert place.restore(points[0]) is None, "an answer that was lost is asked for again"
    assert place.made_from() == {"kind": "backup", "source": place.arn, "to": None}
    found = place.databases.describe(place.restored)
    assert found is not None
    assert (found.status, found.host, found.source) == ("creating", None, None)
    assert dict(found.tags) == TAGS
    described = place.rds.describe_db_instances(DBInstanceIdentifier=place.restored)["DBInstances"][0]
    assert described["DBInstanceClass"] == "db.t4g.small"
    assert described["DBSubnetGroup"]["DBSubnetGroupName"] == place.name
    assert described["DBParameterGroups"][0]["DBParameterGroupName"] == place.name


def test_a_moment_in_the_window_is_restored_and_one_outside_refused(place: Place) -> None:
    place.backed_up()
    moment = LATEST - timedelta(minutes=10)
    assert place.restore(RecoveryPoint("replicated", place.arn, LATEST + timedelta(seconds=1))) is not None
    assert place.restore(RecoveryPoint("replicated", place.arn, moment)) is None
    assert datetime.fromisoformat(place.made_from()["to"]) == moment


@pytest.mark.scenario("F47")
def test_a_restored_instance_whose_files_are_damaged_fails_and_is_deleted_with_its_name(place: Place) -> None:
    place.backed_up()
    place.restore(RecoveryPoint("replicated", place.arn, LATEST, newest=True))
    place.cloud.control.report_database(STANDBY, place.restored, "creation-failed", "checkpoint record is invalid")
    found = place.databases.describe(place.restored)
    assert found is not None
    assert found.status == "failed"
    assert place.backups.rename(place.restored, unique("aside")) is not None, "RDS renames no failed instance"
    assert place.backups.delete(place.restored) is None
    assert place.databases.describe(place.restored) is None


def test_a_snapshot_can_be_restored_once_its_files_are_there(place: Place) -> None:
    place.rds.create_db_instance_read_replica(
        DBInstanceIdentifier=place.name,
        SourceDBInstanceIdentifier=f"arn:aws:rds:{PRIMARY}:123456789012:db:{place.name}",
        SourceRegion=PRIMARY,
    )
    place.cloud.control.report_database(STANDBY, place.name, "created", address=("127.0.0.1", 5432))
    snapshot = unique("before")
    place.rds.create_db_snapshot(DBInstanceIdentifier=place.name, DBSnapshotIdentifier=snapshot)
    assert place.backups.find((place.name,)).snapshots == ()
    place.cloud.control.report_snapshot(STANDBY, place.name, snapshot, LATEST)
    (found,) = place.backups.find((place.name,)).snapshots
    assert (found.identifier, found.at) == (snapshot, LATEST)
    assert place.restore(RecoveryPoint("snapshot", snapshot, LATEST)) is None
    assert place.made_from()["source"] == f"{STANDBY}/{snapshot}"


def test_an_instance_is_set_aside_with_what_it_has_and_protected(place: Place) -> None:
    """It may be all that is left of the newest rows; one that was itself restored has no protection by then."""
    place.backed_up()
    place.restore(RecoveryPoint("replicated", place.arn, LATEST, newest=True))
    place.cloud.control.report_database(STANDBY, place.restored, "created", address=("127.0.0.1", 5432))
    aside = unique("aside")
    assert place.backups.rename(place.restored, aside) is None
    until(lambda: place.databases.describe(aside))
    assert place.databases.describe(place.restored) is None
    (kept,) = place.rds.describe_db_instances(DBInstanceIdentifier=aside)["DBInstances"]
    assert kept["DeletionProtection"] is True


def test_what_a_caller_may_not_do_is_an_error_and_no_refusal(place: Place) -> None:
    with pytest.raises(ClientError):
        place.rds.restore_db_instance_from_db_snapshot(DBInstanceIdentifier="x", DBSnapshotIdentifier=unique("none"))
