"""In which hosted zone do the names live? In the one that hostedZoneId names, or else in one that is made here."""

from __future__ import annotations

import aws_cdk as cdk
from aws_cdk import aws_route53 as route53

from dataplane_cdk.config import Config
from dataplane_cdk.stacks.regional import RegionalStack


class ZoneStack(RegionalStack):
    """`zone_id` and `zone`'s name. Deployed in us-east-1, where Route 53's own API is; needed on no failover day."""

    def __init__(self, app: cdk.App, config: Config) -> None:
        super().__init__(app, config, config.witness_region, "zone", f"the hosted zone of {config.domain_name}")
        zone = route53.PublicHostedZone(
            self, "Zone", zone_name=config.domain_name, comment="drlab: delegate the domain to these name servers"
        )
        zone.apply_removal_policy(cdk.RemovalPolicy.RETAIN)
        self.zone_id = zone.hosted_zone_id
        name_servers = cdk.Fn.join(",", zone.hosted_zone_name_servers or [])
        cdk.CfnOutput(self, "NameServers", value=name_servers)
