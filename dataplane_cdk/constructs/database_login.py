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
        endpoint: rds.Endpoint,
        is_primary: bool,
    ) -> None:
        super().__init__(scope, construct_id)
        stack, host, port = cdk.Stack.of(self), endpoint.hostname, endpoint.port
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


def shared_credentials(scope: Construct, names: Names, key: kms.IKey) -> secretsmanager.Secret:
    """User and password alone, copied to the other Region: a promoted replica keeps its source's roles.

    A copy cannot be changed where it lies
    (https://docs.aws.amazon.com/secretsmanager/latest/userguide/replicate-secrets.html), so what differs between
    the Regions, the endpoint, is in each Region's own secret.
    """
    secret = secretsmanager.Secret(
        scope,
        "Credentials",
        secret_name=names.credentials_secret,
        description=f"{names.prefix}: the database's user, in both Regions",
        encryption_key=key,
        generate_secret_string=secretsmanager.SecretStringGenerator(
            secret_string_template='{"username":"app"}',  # noqa: S106 -- the password is generated
            generate_string_key="password",
            exclude_punctuation=True,
            password_length=40,
        ),
        removal_policy=cdk.RemovalPolicy.RETAIN,
    )
    resource = secret.node.default_child
    assert isinstance(resource, secretsmanager.CfnSecret)  # noqa: S101 -- for the type alone
    other = names.config.secondary.name
    resource.replica_regions = [
        secretsmanager.CfnSecret.ReplicaRegionProperty(region=other, kms_key_id=names.key_alias)
    ]
    return secret
