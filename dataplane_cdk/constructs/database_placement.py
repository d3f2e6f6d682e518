"""Where does a Region's database belong? Written down for whoever makes it anew of a backup.

RDS would put a restored instance into the account's default network, with the default parameters:
https://docs.aws.amazon.com/AmazonRDS/latest/APIReference/API_RestoreDBInstanceToPointInTime.html
"""

from __future__ import annotations

import aws_cdk as cdk
from aws_cdk import aws_rds as rds
from aws_cdk import aws_ssm as ssm
from constructs import Construct

from dataplane_cdk.database_price import hourly_price
from dataplane_cdk.names import Names


class DatabasePlacement(Construct):
    """The parameter `/drlab/<service>/database-placement`, of the same words as `instance` itself.

    One that is restored to be looked at gets `rehearsal_group` in place of the instance's security groups, and has a price.
    """

    def __init__(
        self,
        scope: Construct,
        construct_id: str,
        names: Names,
        instance: rds.CfnDBInstance,
        rehearsal_group: str,
    ) -> None:
        super().__init__(scope, construct_id)
        price = hourly_price(names.config.database_class, cdk.Stack.of(self).region)
        ssm.StringParameter(
            self,
            "Parameter",
            parameter_name=names.database_placement_parameter,
            description=f"{names.prefix}: where this Region's database belongs",
            string_value=cdk.Stack.of(self).to_json_string(
                {
                    "instance_class": instance.db_instance_class,
                    "subnet_group": instance.db_subnet_group_name,
                    "parameter_group": instance.db_parameter_group_name,
                    "security_groups": instance.vpc_security_groups,
                    "rehearsal_security_groups": [rehearsal_group],
                    **price,
                }
            ),
        )
