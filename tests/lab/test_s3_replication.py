"""Are replication rules told as they were written, with the parts that decide which objects go, and under which key?"""

from __future__ import annotations

import pytest
from botocore.exceptions import ClientError

from tests.lab.emulated_cloud import EmulatedCloud, unique

HERE, THERE = "ap-southeast-2", "us-west-2"


def test_what_was_put_is_what_is_told(cloud: EmulatedCloud) -> None:
    s3 = cloud.client("s3", HERE)
    bucket, target = unique("source"), unique("target")
    for name, region in ((bucket, HERE), (target, THERE)):
        own = cloud.client("s3", region)
        own.create_bucket(Bucket=name, CreateBucketConfiguration={"LocationConstraint": region})
        own.put_bucket_versioning(Bucket=name, VersioningConfiguration={"Status": "Enabled"})
    with pytest.raises(ClientError, match="ReplicationConfigurationNotFound"):
        s3.get_bucket_replication(Bucket=bucket)
    wanted = {
        "Role": "arn:aws:iam::123456789012:role/replicate",
        "Rules": [
            {
                "ID": "objects",
                "Priority": 1,
                "Status": "Enabled",
                "Filter": {"Prefix": "app-data/"},
                "DeleteMarkerReplication": {"Status": "Disabled"},
                "SourceSelectionCriteria": {"SseKmsEncryptedObjects": {"Status": "Enabled"}},
                "Destination": {
                    "Bucket": f"arn:aws:s3:::{target}",
                    "EncryptionConfiguration": {"ReplicaKmsKeyID": "alias/key"},
                    "ReplicationTime": {"Status": "Enabled", "Time": {"Minutes": 15}},
                    "Metrics": {"Status": "Enabled", "EventThreshold": {"Minutes": 15}},
                },
            }
        ],
    }
    s3.put_bucket_replication(Bucket=bucket, ReplicationConfiguration=wanted)
    assert s3.get_bucket_replication(Bucket=bucket)["ReplicationConfiguration"] == wanted
