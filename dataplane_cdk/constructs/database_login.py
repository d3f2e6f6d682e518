"""How does a Region find its own database? By its own secret and parameter, which a failover there rewrites."""

from __future__ import annotations

import aws_cdk as cdk
from aws_cdk import aws_kms as kms
from aws_cdk import aws_rds as rds
from aws_cdk import aws_secretsmanager as secretsmanager
from aws_cdk import aws_ssm as ssm
from constructs import Construct

from dataplane_cdk.names import Names


class DatabaseLogin(Construct):
    """The secret `drlab/<service>/database` and the parameter `/drlab/<service>/database`.

    The password is resolved from the Region's copy of the credentials when the stack is deployed:
    https://docs.aws.amazon.com/AWSCloudFormation/latest/UserGuide/dynamic-references-secretsmanager.html
    """

    def __init__(
        self,
        scope: Construct,
        construct_id: str,
        names: Names,
        key: kms.IKey,
        identifier: str,
        database: rds.IDatabaseInstance,
        is_primary: bool,
    ) -> None:
        super().__init__(scope, construct_id)
        stack, port = cdk.Stack.of(self), 5432
        host = database.db_instance_endpoint_address
        credentials = f"{{{{resolve:secretsmanager:{names.credentials_secret}:SecretString:password}}}}"
        secret = secretsmanager.CfnSecret(
            self,
            "Secret",
            name=names.database_secret,
            description=f"{names.prefix}: how this Region reaches its database",
            kms_key_id=key.key_arn,
            secret_string=stack.to_json_string(
                {
                    "engine": "postgres",
                    "host": host,
                    "port": port,
                    "username": "app",
                    "password": credentials,
                    "dbname": "app",
                }
            ),
        )
        secret.apply_removal_policy(cdk.RemovalPolicy.RETAIN)
        ssm.StringParameter(
            self,
            "Parameter",
            parameter_name=names.database_parameter,
            description=f"{names.prefix}: what this Region's database is",
            string_value=stack.to_json_string(
                {
                    "instance": identifier,
                    "endpoint": host,
                    "port": port,
                    "role": "writer" if is_primary else "replica",
                }
            ),
        )
