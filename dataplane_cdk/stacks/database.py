"""Where are a Region's rows, and how are they found? RDS for PostgreSQL: a primary, and its read replica.

The replica is named by its source's ARN, which can be told beforehand: the standby's stack needs nothing of the primary
Region. Removing SourceDBInstanceIdentifier from a deployed template promotes the replica, and giving one to a deployed
instance, or taking its MasterUsername, DBName or StorageEncrypted, replaces it
(https://docs.aws.amazon.com/AWSCloudFormation/latest/TemplateReference/aws-resource-rds-dbinstance.html). So each Region's
template keeps its kind for life, whoever leads: CloudFormation compares it with the one that it deployed last, and not with
what a failover has made of the instance.
"""

from __future__ import annotations

from typing import Any

import aws_cdk as cdk
from aws_cdk import aws_ec2 as ec2
from aws_cdk import aws_kms as kms
from aws_cdk import aws_rds as rds
from aws_cdk import aws_secretsmanager as secretsmanager

from dataplane_cdk.config import Config, RegionConfig
from dataplane_cdk.constructs import database_logs
from dataplane_cdk.constructs.database_login import DatabaseLogin, shared_credentials
from dataplane_cdk.constructs.database_placement import DatabasePlacement
from dataplane_cdk.stacks.network import ISOLATED, NetworkStack
from dataplane_cdk.stacks.regional import RegionalStack

# As RDS lists it (cfn-lint keeps the list), newer than this library's own names.
ENGINE = rds.DatabaseInstanceEngine.postgres(version=rds.PostgresEngineVersion.of("16.14", "16"))
# RDS adds storage when a tenth is left, six hours apart at the least, and never takes it back.
# https://docs.aws.amazon.com/AmazonRDS/latest/UserGuide/USER_PIOPS.Autoscaling.html
STORAGE_GIB, LARGEST_STORAGE_GIB = 50, 200
BACKUP_DAYS = 7
EXPORTED_LOGS = ("postgresql", "upgrade")
# A replica in another Region is kept up by its slot alone, and the slot of one that is away keeps every log since, by
# default without end: a standby that is dark for days would stop the leader. Rather the replica is lost, and built anew.
# Half of the storage that there is from the first, since more comes too slowly for it. RDS switches a log file of 64 MiB every
# five minutes, so that an idle leader fills this in a day and a third.
# https://docs.aws.amazon.com/AmazonRDS/latest/UserGuide/USER_PostgreSQL.Replication.ReadReplicas.Mechanisms-versions.html
# https://www.artie.com/docs/guides/database/preventing-postgres-wal-growth-on-rds
# https://www.postgresql.org/docs/16/runtime-config-replication.html#GUC-MAX-SLOT-WAL-KEEP-SIZE
LARGEST_KEPT_LOG_MIB = STORAGE_GIB * 1024 // 2
PARAMETERS = {
    "rds.force_ssl": "1",
    # A replica must not lose a query to the primary's vacuum in the minutes in which it decides a failover.
    "hot_standby_feedback": "1",
    "max_slot_wal_keep_size": str(LARGEST_KEPT_LOG_MIB),
    **database_logs.PARAMETERS,
}


class DatabaseStack(RegionalStack):
    """`instance`. Without `source` it is the primary; with it, the replica of that stack's instance."""

    def __init__(
        self,
        app: cdk.App,
        config: Config,
        region: RegionConfig,
        network: NetworkStack,
        key: kms.IKey,
        key_id: str,
        source: DatabaseStack | None = None,
    ) -> None:
        super().__init__(app, config, region.name, "database", f"PostgreSQL in {region.name}")
        common = self._common(network, key)
        self.instance: rds.IDatabaseInstance
        if source is None:
            credentials = shared_credentials(self, self.names, key)
            self.instance = self._primary(credentials, common, key_id)
        else:
            self.instance = self._replica(source.instance, common)
        login = DatabaseLogin(
            self,
            "Login",
            self.names,
            key,
            self.names.database(region.name),
            self.instance.instance_endpoint,
            region.is_primary,
        )
        if source is None:
            login.node.add_dependency(credentials)
        resource = self.instance.node.default_child
        assert isinstance(resource, rds.CfnDBInstance)  # noqa: S101 -- for the type alone
        DatabasePlacement(self, "Placement", self.names, resource, network.rehearsal_group_id)

    def _common(self, network: NetworkStack, key: kms.IKey) -> dict[str, Any]:
        name = self.names.database(self.region)
        parameters = rds.ParameterGroup(
            self, "Parameters", engine=ENGINE, description=f"{self.names.prefix}", parameters=PARAMETERS
        )
        database_logs.keep_logs(self, self.names.database_logs(self.region), EXPORTED_LOGS)
        return {
            "instance_identifier": name,
            "instance_type": ec2.InstanceType(self.config.database_class.removeprefix("db.")),
            "vpc": network.vpc,
            "vpc_subnets": ISOLATED,
            "security_groups": [network.tiers.database],
            "parameter_group": parameters,
            "storage_type": rds.StorageType.GP3,
            "storage_encryption_key": key,
            "max_allocated_storage": LARGEST_STORAGE_GIB,
            "multi_az": self.config.database_multi_az,
            "publicly_accessible": False,
            "iam_authentication": True,
            "auto_minor_version_upgrade": False,
            "copy_tags_to_snapshot": True,
            "delete_automated_backups": False,
            "deletion_protection": True,
            "enable_performance_insights": True,
            "performance_insight_encryption_key": key,
            "performance_insight_retention": rds.PerformanceInsightRetention.DEFAULT,
            "cloudwatch_logs_exports": list(EXPORTED_LOGS),
            "ca_certificate": rds.CaCertificate.RDS_CA_RSA2048_G1,
            "removal_policy": cdk.RemovalPolicy.RETAIN,
        }

    def _primary(
        self, credentials: secretsmanager.Secret, common: dict[str, Any], key_id: str
    ) -> rds.IDatabaseInstance:
        instance = rds.DatabaseInstance(
            self,
            "Database",
            engine=ENGINE,
            database_name="app",
            port=5432,
            allocated_storage=STORAGE_GIB,
            credentials=rds.Credentials.from_password("app", credentials.secret_value_from_json("password")),
            backup_retention=cdk.Duration.days(BACKUP_DAYS),
            **common,
        )
        resource = instance.node.default_child
        assert isinstance(resource, rds.CfnDBInstance)  # noqa: S101 -- for the type alone
        # Snapshots and logs in the other Region, for the day on which a bad write has reached the replica as well.
        # https://docs.aws.amazon.com/AmazonRDS/latest/UserGuide/USER_ReplicateBackups.html
        resource.automatic_backup_replication_region = self.config.secondary.name
        resource.automatic_backup_replication_retention_period = BACKUP_DAYS
        resource.automatic_backup_replication_kms_key_id = self._key_of_the_other_region(key_id)
        return instance

    def _key_of_the_other_region(self, key_id: str) -> str:
        """AWS documents a key's ARN here and no alias's, and a multi-Region key has one id in all of its Regions.

        That of a key of its own could be had by a reference into the other Region alone.
        https://docs.aws.amazon.com/AmazonRDS/latest/APIReference/API_StartDBInstanceAutomatedBackupsReplication.html
        https://docs.aws.amazon.com/kms/latest/developerguide/multi-region-keys-overview.html
        """
        own = f"key/{key_id}" if self.config.use_multi_region_kms else self.names.key_alias
        return f"arn:aws:kms:{self.config.secondary.name}:{self.config.account}:{own}"

    def _replica(self, source: rds.IDatabaseInstance, common: dict[str, Any]) -> rds.IDatabaseInstance:
        replica = rds.DatabaseInstanceReadReplica(
            self, "Database", source_database_instance=source, port=5432, **common
        )
        resource = replica.node.default_child
        assert isinstance(resource, rds.CfnDBInstance)  # noqa: S101 -- for the type alone
        # With its own backups it can be restored from as soon as it is promoted; the L2 refuses them for PostgreSQL.
        resource.backup_retention_period = BACKUP_DAYS
        # It takes after the source; the key alone says that it is encrypted.
        resource.storage_encrypted = None
        return replica
