"""Which key encrypts a Region's data?

One key a Region for database, objects and secrets: each more is one dollar a month and one more thing that must be
there on failover day. With useMultiRegionKms the secondary's key is a replica of the primary's, so that what one
Region encrypted can be read in the other:
https://docs.aws.amazon.com/kms/latest/developerguide/multi-region-keys-overview.html
"""

from __future__ import annotations

import aws_cdk as cdk
from aws_cdk import aws_iam as iam
from aws_cdk import aws_kms as kms

from dataplane_cdk.config import Config, RegionConfig
from dataplane_cdk.stacks.regional import RegionalStack

KEY_ID = "KeyId"
PENDING = cdk.Duration.days(30)


class KeysStack(RegionalStack):
    """`key` is handed to other stacks by its ARN: their grants then never change the key's own policy."""

    def __init__(self, app: cdk.App, config: Config, region: RegionConfig, primary: KeysStack | None = None) -> None:
        """`primary` is the stack whose key is replicated here, if any."""
        self.key: kms.IKey
        super().__init__(app, config, region.name, "keys", f"the key of {region.name}")
        arn, key_id = self._own() if primary is None else self._replica(primary.key.key_arn)
        self.key = kms.Key.from_key_arn(self, "Reference", arn)
        cdk.CfnOutput(self, KEY_ID, value=key_id)
        kms.CfnAlias(self, "Alias", alias_name=self.names.key_alias, target_key_id=arn)

    @property
    def key_id(self) -> str:
        return self.told(KEY_ID)

    def _own(self) -> tuple[str, str]:
        key = kms.Key(
            self,
            "Key",
            description=f"{self.names.prefix}: database, objects and secrets",
            multi_region=self.config.use_multi_region_kms,
            enable_key_rotation=True,
            pending_window=PENDING,
            removal_policy=cdk.RemovalPolicy.RETAIN,
        )
        return key.key_arn, key.key_id

    def _replica(self, primary_key_arn: str) -> tuple[str, str]:
        replica = kms.CfnReplicaKey(
            self,
            "Key",
            description=f"{self.names.prefix}: database, objects and secrets",
            primary_key_arn=primary_key_arn,
            pending_window_in_days=int(PENDING.to_days()),
            # The account's own IAM policies decide, as for the primary key.
            key_policy=iam.PolicyDocument(
                statements=[
                    iam.PolicyStatement(
                        actions=["kms:*"], resources=["*"], principals=[iam.AccountPrincipal(self.config.account)]
                    )
                ]
            ),
        )
        replica.apply_removal_policy(cdk.RemovalPolicy.RETAIN)
        return replica.attr_arn, replica.ref
