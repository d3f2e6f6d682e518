"""Which clusters do the templates create in the lab? An Aurora global database's; real PostgreSQL stands in for them."""

from __future__ import annotations

from typing import Any

from lab.cloud.cloudformation.resource import Created, Made, Properties, ResourceType, Wanted

_TEXTS = (
    *("DBClusterIdentifier", "DBClusterParameterGroupName", "DBSubnetGroupName", "DatabaseName", "Engine"),
    *("EngineVersion", "GlobalClusterIdentifier", "KmsKeyId", "MasterUserPassword", "MasterUsername"),
)
_WHOLE = ("BackupRetentionPeriod", "Port")
_FLAGS = ("CopyTagsToSnapshot", "DeletionProtection", "EnableIAMDatabaseAuthentication", "StorageEncrypted")
# https://docs.aws.amazon.com/AWSCloudFormation/latest/TemplateReference/aws-resource-rds-dbcluster.html (Return values)
_ATTRIBUTES = frozenset({"Endpoint.Address", "Endpoint.Port", "ReadEndpoint.Address"})


def _create_global(wanted: Wanted) -> Created:
    name = wanted.properties["GlobalClusterIdentifier"]
    wanted.client("rds").create_global_cluster(
        GlobalClusterIdentifier=name,
        Engine=wanted.properties["Engine"],
        EngineVersion=wanted.properties["EngineVersion"],
        StorageEncrypted=wanted.flag("StorageEncrypted"),
        DeletionProtection=wanted.flag("DeletionProtection"),
    )
    return Created(name)


def _read_global(made: Made) -> Properties:
    listed = made.client("rds").describe_global_clusters(GlobalClusterIdentifier=made.ref)["GlobalClusters"]
    (found,) = (one for one in listed if one["GlobalClusterIdentifier"] == made.ref)
    return dict(found)


def _create_cluster(wanted: Wanted) -> Created:
    given: dict[str, Any] = {name: wanted.properties[name] for name in _TEXTS if name in wanted.properties}
    given |= {name: int(wanted.properties[name]) for name in _WHOLE if name in wanted.properties}
    given |= {name: wanted.flag(name) for name in _FLAGS if name in wanted.properties}
    groups = wanted.properties.get("VpcSecurityGroupIds")
    rds, name = wanted.client("rds"), given["DBClusterIdentifier"]
    rds.create_db_cluster(**given, **({"VpcSecurityGroupIds": groups} if groups else {}))
    found = rds.describe_db_clusters(DBClusterIdentifier=name)["DBClusters"][0]
    return Created(
        name,
        {
            "Endpoint.Address": found["Endpoint"],
            "Endpoint.Port": str(found["Port"]),
            "ReadEndpoint.Address": found["ReaderEndpoint"],
        },
    )


def _read_cluster(made: Made) -> Properties:
    rds = made.client("rds")
    found = rds.describe_db_clusters(DBClusterIdentifier=made.ref)["DBClusters"][0]
    databases = rds.describe_global_clusters()["GlobalClusters"]
    return {
        **found,
        "DBClusterParameterGroupName": found["DBClusterParameterGroup"],
        "DBSubnetGroupName": found["DBSubnetGroup"],
        "EnableIAMDatabaseAuthentication": found.get("IAMDatabaseAuthenticationEnabled"),
        "VpcSecurityGroupIds": [one["VpcSecurityGroupId"] for one in found["VpcSecurityGroups"]],
        "GlobalClusterIdentifier": next(
            (
                one["GlobalClusterIdentifier"]
                for one in databases
                if found["DBClusterArn"] in [member["DBClusterArn"] for member in one["GlobalClusterMembers"]]
            ),
            None,
        ),
    }


TYPES = (
    ResourceType(
        "AWS::RDS::GlobalCluster",
        frozenset({"DeletionProtection", "Engine", "EngineVersion", "GlobalClusterIdentifier", "StorageEncrypted"}),
        _create_global,
        _read_global,
    ),
    ResourceType(
        "AWS::RDS::DBCluster",
        frozenset({*_TEXTS, *_WHOLE, *_FLAGS, "VpcSecurityGroupIds"}) - {"MasterUserPassword", "Port"},
        _create_cluster,
        _read_cluster,
        inert={
            "MasterUserPassword": "RDS shows no password; the lab's servers are given it",
            "Port": "the lab's servers listen where there is a free port",
            "SourceRegion": "CloudFormation signs the request for that Region; the lab's RDS asks for no signature",
            "EnableCloudwatchLogsExports": "the servers' logs are files in the lab's state folder",
        },
        attributes=_ATTRIBUTES,
    ),
)
