"""Where are a Region's objects and logs?"""

from __future__ import annotations

import aws_cdk as cdk
from aws_cdk import aws_kms as kms
from aws_cdk import aws_s3 as s3

from dataplane_cdk.config import Config, RegionConfig
from dataplane_cdk.constructs.buckets import data_bucket, logs_bucket
from dataplane_cdk.constructs.object_replication import ObjectReplication
from dataplane_cdk.constructs.replication_events import ReplicationEvents
from dataplane_cdk.stacks.regional import RegionalStack


class StorageStack(RegionalStack):
    """`data` and `logs`. Objects go from the primary to the secondary; s3ReplicateBack adds the way back.

    S3 takes no replication to a bucket that is not there yet, so the way back is for a later deployment.
    """

    def __init__(self, app: cdk.App, config: Config, region: RegionConfig, key: kms.IKey) -> None:
        super().__init__(app, config, region.name, "storage", f"objects and access logs of {region.name}")
        self.logs = logs_bucket(self, self.names, region.name)
        self.data = data_bucket(self, self.names, region.name, key, self.logs)
        replication = ObjectReplication(self, "Replication", self.names, region, config.other(region))
        if region.is_primary or config.s3_replicate_back:
            bucket = self.data.node.default_child
            assert isinstance(bucket, s3.CfnBucket)  # noqa: S101 -- for the type alone
            bucket.replication_configuration = replication.configuration(config.s3_replicate_deletes)
            bucket.node.add_dependency(replication)
            events = ReplicationEvents(self, "Events", self.names, self.names.bucket_arn("app-data", region.name))
            bucket.notification_configuration = events.configuration()
            bucket.node.add_dependency(events)
