"""Do the leader's objects reach the new standby by the rules that led the other way, and is nothing turned twice?"""

from __future__ import annotations

import copy
import json
from pathlib import Path
from typing import Any

import pytest
from botocore.exceptions import ClientError
from control_plane_world import plan_with
from rebuild_world import HERE, LEADER, RebuildWorld, checked

from failover.adapters.s3_replication_rules import S3Replication
from failover.application.errors import RunRefused
from failover.application.reverse_object_replication import ReverseObjectReplication


def rules(source: str, target: str) -> dict[str, Any]:
    """As dataplane_cdk writes them."""
    return {
        "Role": f"arn:aws:iam::123456789012:role/drlab-app-replicate-{source}",
        "Rules": [
            {
                "ID": "app-data-to-the-other-region",
                "Destination": {
                    "Bucket": f"arn:aws:s3:::drlab-app-app-data-123456789012-{target}",
                    "EncryptionConfiguration": {
                        "ReplicaKmsKeyID": f"arn:aws:kms:{target}:123456789012:alias/drlab-app"
                    },
                },
            }
        ],
    }


class Buckets:
    """S3 in one Region, which keeps the rules of one bucket."""

    def __init__(self, found: dict[str, Any] | None) -> None:
        self.found, self.puts = found, 0

    def get_bucket_replication(self, Bucket: str) -> dict[str, Any]:
        if self.found is None:
            error = {"Error": {"Code": "ReplicationConfigurationNotFoundError", "Message": Bucket}}
            raise ClientError(error, "GetBucketReplication")
        return {"ReplicationConfiguration": copy.deepcopy(self.found)}

    def put_bucket_replication(self, Bucket: str, ReplicationConfiguration: dict[str, Any]) -> None:
        assert Bucket.endswith(LEADER)
        self.found, self.puts = ReplicationConfiguration, self.puts + 1


def reverse(world: RebuildWorld, here: Buckets, there: Buckets) -> dict[str, Any]:
    clients = {HERE: here, LEADER: there}
    objects = S3Replication(clients, world.plan.objects_bucket)
    return ReverseObjectReplication(*world.at, world.register, objects)(checked())


def test_the_rules_lead_the_other_way_with_the_regions_exchanged_and_are_written_once() -> None:
    world, here, there = RebuildWorld(), Buckets(rules(HERE, LEADER)), Buckets(None)
    first, again = reverse(world, here, there), reverse(world, here, there)
    assert there.found == rules(LEADER, HERE)
    assert (first["replicates"], first["changed"], again["changed"], there.puts) == (True, True, False, 1)
    assert "S3 Batch Replication" in first["reason"], "what was written meanwhile is not replicated by itself"
    assert here.puts == 0


def test_where_nothing_is_replicated_nothing_is_turned() -> None:
    world, here, there = RebuildWorld(), Buckets(None), Buckets(None)
    answer = reverse(world, here, there)
    assert (answer["replicates"], answer["changed"], there.puts) == (False, False, 0)


def test_nothing_is_turned_once_a_run_moves_the_leadership() -> None:
    world, there = RebuildWorld(), Buckets(None)
    world.register.fenced_by("failover-e3-ffff0000")
    with pytest.raises(RunRefused):
        reverse(world, Buckets(rules(HERE, LEADER)), there)
    assert there.puts == 0


@pytest.mark.parametrize("region", [HERE, LEADER])
def test_the_control_plane_and_the_templates_call_bucket_and_role_alike(region: str) -> None:
    root = Path(__file__).parents[3] / "dataplane_cdk" / "synthesized"
    resources = json.loads((root / f"drlab-app-{region}-storage.template.json").read_text())["Resources"].values()
    named = {one["Properties"].get("BucketName") for one in resources if one["Type"] == "AWS::S3::Bucket"}
    roles = {one["Properties"].get("RoleName") for one in resources if one["Type"] == "AWS::IAM::Role"}
    assert plan_with().objects_bucket(region) in named
    assert f"drlab-app-replicate-{region}" in roles
