"""Which databases do the templates create in the lab? DB instances whose servers are real PostgreSQL."""

from __future__ import annotations

from typing import Any

from lab.cloud.cloudformation.resource import Created, Made, Properties, ResourceType, Wanted

# CloudFormation's name for a property -> the API's.
_RENAMED = {"VPCSecurityGroups": "VpcSecurityGroupIds", "PerformanceInsightsKMSKeyId": "PerformanceInsightsKMSKeyId"}
_WHOLE = ("AllocatedStorage", "BackupRetentionPeriod", "MaxAllocatedStorage", "Port", "PromotionTier")
_FLAGS = (
    *("AutoMinorVersionUpgrade", "CopyTagsToSnapshot", "DeletionProtection", "EnableIAMDatabaseAuthentication"),
    *("MultiAZ", "PubliclyAccessible", "StorageEncrypted"),
)
_TEXTS = (
    *("DBClusterIdentifier", "DBInstanceClass", "DBInstanceIdentifier", "DBName", "DBParameterGroupName"),
    "DBSubnetGroupName",
    *("Engine", "EngineVersion", "KmsKeyId", "MasterUserPassword", "MasterUsername", "StorageType"),
)
_OF_A_SOURCE_ONLY = (
    *("AllocatedStorage", "BackupRetentionPeriod", "DBName", "Engine", "EngineVersion"),
    *("MasterUserPassword", "MasterUsername", "MaxAllocatedStorage", "StorageEncrypted"),
)
_NOT_KEPT = "moto does not keep it; tests/dataplane hold the template to it"
_IN_ANY_CASE = "the lab replicates the primary's backups in any case"


def _create_instance(wanted: Wanted) -> Created:
    rds, given = wanted.client("rds"), _arguments(wanted)
    identifier = given["DBInstanceIdentifier"]
    source = wanted.properties.get("SourceDBInstanceIdentifier")
    if source is None:
        rds.create_db_instance(**given)
    else:
        parameters = {name: given[name] for name in ("DBParameterGroupName",) if name in given}
        own = {name: value for name, value in given.items() if name not in (*_OF_A_SOURCE_ONLY, *parameters)}
        rds.create_db_instance_read_replica(SourceDBInstanceIdentifier=source, SourceRegion=source.split(":")[3], **own)
        # A replica begins without backups and with the default parameters, both of which are changed.
        rds.modify_db_instance(
            DBInstanceIdentifier=identifier,
            BackupRetentionPeriod=int(wanted.properties["BackupRetentionPeriod"]),
            ApplyImmediately=True,
            **parameters,
        )
    found = rds.describe_db_instances(DBInstanceIdentifier=identifier)["DBInstances"][0]["Endpoint"]
    return Created(identifier, {"Endpoint.Address": found["Address"], "Endpoint.Port": str(found["Port"])})


def _arguments(wanted: Wanted) -> dict[str, Any]:
    given: dict[str, Any] = {name: wanted.properties[name] for name in _TEXTS if name in wanted.properties}
    given |= {name: int(wanted.properties[name]) for name in _WHOLE if name in wanted.properties}
    given |= {name: wanted.flag(name) for name in _FLAGS if name in wanted.properties}
    groups = wanted.properties.get("VPCSecurityGroups")
    return {**given, "VpcSecurityGroupIds": groups} if groups else given


def _read_instance(made: Made) -> Properties:
    found = made.client("rds").describe_db_instances(DBInstanceIdentifier=made.ref)["DBInstances"][0]
    return {
        **found,
        "SourceDBInstanceIdentifier": found.get("ReadReplicaSourceDBInstanceIdentifier"),
        "VPCSecurityGroups": [one["VpcSecurityGroupId"] for one in found["VpcSecurityGroups"]],
        "DBSubnetGroupName": found.get("DBSubnetGroup", {}).get("DBSubnetGroupName"),
        "DBParameterGroupName": next((one["DBParameterGroupName"] for one in found["DBParameterGroups"]), None),
        "EnableIAMDatabaseAuthentication": found.get("IAMDatabaseAuthenticationEnabled"),
    }


def _create_subnets(wanted: Wanted) -> Created:
    name = wanted.name.lower()
    wanted.client("rds").create_db_subnet_group(
        DBSubnetGroupName=name,
        DBSubnetGroupDescription=wanted.properties["DBSubnetGroupDescription"],
        SubnetIds=wanted.properties["SubnetIds"],
    )
    return Created(name)


def _read_subnets(made: Made) -> Properties:
    found = made.client("rds").describe_db_subnet_groups(DBSubnetGroupName=made.ref)["DBSubnetGroups"][0]
    return {
        "DBSubnetGroupDescription": found["DBSubnetGroupDescription"],
        "SubnetIds": [subnet["SubnetIdentifier"] for subnet in found["Subnets"]],
    }


TYPES = (
    ResourceType(
        "AWS::RDS::DBInstance",
        frozenset(
            {
                *(name for name in (*_TEXTS, *_WHOLE, *_FLAGS) if name != "MasterUserPassword"),
                *("SourceDBInstanceIdentifier", "VPCSecurityGroups"),
            }
            - {"AllocatedStorage", "Port"}
        ),
        _create_instance,
        _read_instance,
        inert={
            "MasterUserPassword": "RDS shows no password; the lab's servers are given it",
            "Port": "the lab's servers listen where there is a free port",
            "AllocatedStorage": _NOT_KEPT,
            "CACertificateIdentifier": "the lab's links carry no TLS",
            "DeleteAutomatedBackups": "the lab keeps what it has backed up",
            "AutomaticBackupReplicationKmsKeyId": _IN_ANY_CASE,
            "AutomaticBackupReplicationRegion": _IN_ANY_CASE,
            "AutomaticBackupReplicationRetentionPeriod": _IN_ANY_CASE,
            "EnableCloudwatchLogsExports": "the servers' logs are files in the lab's state folder",
            "EnablePerformanceInsights": _NOT_KEPT,
            "PerformanceInsightsKMSKeyId": _NOT_KEPT,
            "PerformanceInsightsRetentionPeriod": _NOT_KEPT,
        },
        attributes=frozenset({"Endpoint.Address", "Endpoint.Port"}),
    ),
    ResourceType(
        "AWS::RDS::DBSubnetGroup",
        frozenset({"DBSubnetGroupDescription", "SubnetIds"}),
        _create_subnets,
        _read_subnets,
    ),
)
