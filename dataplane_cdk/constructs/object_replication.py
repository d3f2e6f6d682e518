"""How do a Region's objects reach the other Region?

By S3 replication with replication time control, which measures what is pending
(https://docs.aws.amazon.com/AmazonS3/latest/userguide/replication-time-control.html). The other Region's bucket
and key are named, not looked up: nothing here needs the other Region's answer.
"""

from __future__ import annotations

from aws_cdk import aws_iam as iam
from aws_cdk import aws_s3 as s3
from constructs import Construct

from dataplane_cdk.config import RegionConfig
from dataplane_cdk.names import Names

REPLICATED_PREFIX = "app-data/"
RULE_ID = "app-data-to-the-other-region"
# The one value that S3 knows: https://docs.aws.amazon.com/AmazonS3/latest/API/API_ReplicationTimeValue.html
REPLICATION_MINUTES = 15


class ObjectReplication(Construct):
    """The role that S3 takes on for `here` -> `there`, and the configuration for the bucket here.

    The role is made in both Regions, so that turning the direction after a failover is one setting.
    """

    def __init__(
        self, scope: Construct, construct_id: str, names: Names, here: RegionConfig, there: RegionConfig
    ) -> None:
        super().__init__(scope, construct_id)
        self._names, self._there = names, there
        self.role = iam.Role(
            self,
            "Role",
            # A name that can be told: after a failover S3 is given the other Region's role (rebuild_standby).
            role_name=names.replication_role(here.name),
            assumed_by=iam.ServicePrincipal("s3.amazonaws.com"),
            description=f"S3 replicates {REPLICATED_PREFIX} from {here.name} to {there.name}",
            inline_policies={"replicate": iam.PolicyDocument(statements=self._statements(here))},
        )

    def configuration(self, replicate_deletes: bool) -> s3.CfnBucket.ReplicationConfigurationProperty:
        """For the bucket here. Replicas are never replicated again, so two directions make no circle.

        https://docs.aws.amazon.com/AmazonS3/latest/userguide/replication-what-is-isnot-replicated.html
        """
        time = s3.CfnBucket.ReplicationTimeValueProperty(minutes=REPLICATION_MINUTES)
        there = self._there.name
        return s3.CfnBucket.ReplicationConfigurationProperty(
            role=self.role.role_arn,
            rules=[
                s3.CfnBucket.ReplicationRuleProperty(
                    id=RULE_ID,
                    status="Enabled",
                    priority=1,
                    filter=s3.CfnBucket.ReplicationRuleFilterProperty(prefix=REPLICATED_PREFIX),
                    delete_marker_replication=s3.CfnBucket.DeleteMarkerReplicationProperty(
                        status="Enabled" if replicate_deletes else "Disabled"
                    ),
                    # Without this, objects under a KMS key are left out.
                    source_selection_criteria=s3.CfnBucket.SourceSelectionCriteriaProperty(
                        sse_kms_encrypted_objects=s3.CfnBucket.SseKmsEncryptedObjectsProperty(status="Enabled")
                    ),
                    destination=s3.CfnBucket.ReplicationDestinationProperty(
                        bucket=self._names.bucket_arn("app-data", there),
                        encryption_configuration=s3.CfnBucket.EncryptionConfigurationProperty(
                            replica_kms_key_id=self._alias_arn(there)
                        ),
                        replication_time=s3.CfnBucket.ReplicationTimeProperty(status="Enabled", time=time),
                        metrics=s3.CfnBucket.MetricsProperty(status="Enabled", event_threshold=time),
                    ),
                )
            ],
        )

    def _statements(self, here: RegionConfig) -> list[iam.PolicyStatement]:
        """https://docs.aws.amazon.com/AmazonS3/latest/userguide/setting-repl-config-perm-overview.html

        S3 opens the destination's bucket key, too, before it encrypts a replica with it:
        https://docs.aws.amazon.com/AmazonS3/latest/userguide/replication-config-for-kms-objects.html#bk-replication
        """
        source = self._names.bucket_arn("app-data", here.name)
        target = self._names.bucket_arn("app-data", self._there.name)
        return [
            iam.PolicyStatement(
                sid="ReadConfiguration", actions=["s3:GetReplicationConfiguration", "s3:ListBucket"], resources=[source]
            ),
            iam.PolicyStatement(
                sid="ReadVersions",
                actions=["s3:GetObjectVersionForReplication", "s3:GetObjectVersionAcl", "s3:GetObjectVersionTagging"],
                resources=[f"{source}/{REPLICATED_PREFIX}*"],
            ),
            iam.PolicyStatement(
                sid="WriteReplicas",
                actions=["s3:ReplicateObject", "s3:ReplicateDelete", "s3:ReplicateTags"],
                resources=[f"{target}/{REPLICATED_PREFIX}*"],
            ),
            self._use_key("DecryptHere", here.name, "kms:Decrypt"),
            self._use_key("EncryptThere", self._there.name, "kms:Encrypt", "kms:Decrypt"),
        ]

    def _use_key(self, sid: str, region: str, *actions: str) -> iam.PolicyStatement:
        """A key's id cannot be told beforehand, its alias can.

        https://docs.aws.amazon.com/kms/latest/developerguide/alias-authorization.html
        """
        return iam.PolicyStatement(
            sid=sid,
            actions=list(actions),
            resources=[f"arn:aws:kms:{region}:{self._names.config.account}:key/*"],
            conditions={
                "StringEquals": {"kms:ViaService": f"s3.{region}.amazonaws.com"},
                "ForAnyValue:StringEquals": {"kms:ResourceAliases": self._names.key_alias},
            },
        )

    def _alias_arn(self, region: str) -> str:
        return f"arn:aws:kms:{region}:{self._names.config.account}:{self._names.key_alias}"
