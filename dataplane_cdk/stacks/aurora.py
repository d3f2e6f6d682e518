"""Where are a Region's rows with dbMode=aurora-global? In a global database: a writer, and a cluster that follows it.

https://docs.aws.amazon.com/AmazonRDS/latest/AuroraUserGuide/aurora-global-database.html
"""

from __future__ import annotations

import aws_cdk as cdk
from aws_cdk import aws_ec2 as ec2
from aws_cdk import aws_kms as kms
from aws_cdk import aws_rds as rds

from dataplane_cdk.config import Config, RegionConfig
from dataplane_cdk.constructs import database_logs
from dataplane_cdk.constructs.database_login import DatabaseLogin, shared_credentials
from dataplane_cdk.stacks.network import ISOLATED, NetworkStack
from dataplane_cdk.stacks.regional import RegionalStack

VERSION, MAJOR = "16.11", "16"
ENGINE = rds.DatabaseClusterEngine.aurora_postgres(version=rds.AuroraPostgresEngineVersion.of(VERSION, MAJOR))
# The smallest Graviton class that a global database takes:
# https://docs.aws.amazon.com/AmazonRDS/latest/AuroraUserGuide/aurora-global-database.configuration.requirements.html
INSTANCE = ec2.InstanceType.of(ec2.InstanceClass.R6G, ec2.InstanceSize.LARGE)
BACKUP_DAYS = 7
EXPORTED_LOGS = ("postgresql",)


class AuroraStack(RegionalStack):
    """In the primary Region the first cluster, with its writer; in the other one the second, with one reader."""

    def __init__(
        self,
        app: cdk.App,
        config: Config,
        region: RegionConfig,
        network: NetworkStack,
        key: kms.IKey,
    ) -> None:
        super().__init__(app, config, region.name, "database", f"Aurora PostgreSQL in {region.name}")
        cluster = self._first(network, key) if region.is_primary else self._second(network, key)
        login = DatabaseLogin(
            self,
            "Login",
            self.names,
            key,
            self.names.database(region.name),
            # A secondary's writer endpoint is there and inactive:
            # https://aws.amazon.com/blogs/database/introducing-aurora-global-database-failover/
            cluster.cluster_endpoint if region.is_primary else cluster.cluster_read_endpoint,
            region.is_primary,
        )
        login.node.add_dependency(cluster)

    def _first(self, network: NetworkStack, key: kms.IKey) -> rds.DatabaseCluster:
        shared = rds.CfnGlobalCluster(
            self,
            "Global",
            global_cluster_identifier=self.names.prefix,
            engine="aurora-postgresql",
            engine_version=VERSION,
            storage_encrypted=True,
            deletion_protection=True,
        )
        credentials = shared_credentials(self, self.names, key)
        cluster = self._cluster(
            network, key, rds.Credentials.from_password("app", credentials.secret_value_from_json("password"))
        )
        resource = _resource(cluster)
        resource.database_name = "app"
        resource.add_resource_dependency(shared)
        resource.node.add_dependency(credentials)
        return cluster

    def _second(self, network: NetworkStack, key: kms.IKey) -> rds.DatabaseCluster:
        cluster = self._cluster(network, key, rds.Credentials.from_generated_secret("app"))
        resource = _resource(cluster)
        # CloudFormation has the request signed for that Region, without which RDS refused a cluster of encrypted storage.
        # https://github.com/aws-cloudformation/cloudformation-coverage-roadmap/issues/719
        resource.source_region = self.config.primary.name
        # It takes users and passwords from the first cluster, and refuses its own.
        resource.master_username = None
        resource.master_user_password = None
        cluster.node.try_remove_child("Secret")
        return cluster

    def _cluster(self, network: NetworkStack, key: kms.IKey, credentials: rds.Credentials) -> rds.DatabaseCluster:
        parameters = rds.ParameterGroup(
            self,
            "Parameters",
            engine=ENGINE,
            description=self.names.prefix,
            parameters={"rds.force_ssl": "1", **database_logs.PARAMETERS},
        )
        database_logs.keep_logs(self, self.names.database_logs(self.region), EXPORTED_LOGS)
        cluster = rds.DatabaseCluster(
            self,
            "Database",
            engine=ENGINE,
            cluster_identifier=self.names.database(self.region),
            credentials=credentials,
            writer=rds.ClusterInstance.provisioned(
                "Instance",
                instance_identifier=f"{self.names.database(self.region)}-1",
                instance_type=INSTANCE,
                enable_performance_insights=True,
                performance_insight_encryption_key=key,
                auto_minor_version_upgrade=False,
            ),
            vpc=network.vpc,
            vpc_subnets=ISOLATED,
            security_groups=[network.tiers.database],
            parameter_group=parameters,
            port=5432,
            storage_encrypted=True,
            storage_encryption_key=key,
            backup=rds.BackupProps(retention=cdk.Duration.days(BACKUP_DAYS)),
            cloudwatch_logs_exports=list(EXPORTED_LOGS),
            iam_authentication=True,
            copy_tags_to_snapshot=True,
            deletion_protection=True,
            removal_policy=cdk.RemovalPolicy.RETAIN,
        )
        _resource(cluster).global_cluster_identifier = self.names.prefix
        return cluster


def _resource(cluster: rds.DatabaseCluster) -> rds.CfnDBCluster:
    resource = cluster.node.default_child
    assert isinstance(resource, rds.CfnDBCluster)  # noqa: S101 -- for the type alone
    return resource
