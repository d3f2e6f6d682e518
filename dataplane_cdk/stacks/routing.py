"""Which Region answers the public name?

Both failover records carry a health check on /healthz: a record without one always counts as healthy, and then traffic
would move before the standby leads
(https://docs.aws.amazon.com/Route53/latest/DeveloperGuide/health-checks-how-route-53-chooses-records.html). A failover
changes nothing here: /healthz follows the leader record, and the answer follows /healthz.
"""

from __future__ import annotations

import aws_cdk as cdk
from aws_cdk import aws_elasticloadbalancingv2 as elbv2
from aws_cdk import aws_route53 as route53
from aws_cdk import aws_route53_targets as targets

from dataplane_cdk.config import Config, RegionConfig
from dataplane_cdk.stacks.regional import RegionalStack

REQUEST_INTERVAL = cdk.Duration.seconds(10)
FAILURE_THRESHOLD = 3


class RoutingStack(RegionalStack):
    """One Region's names. Each Region's is a stack of its own, so that neither waits for the other."""

    def __init__(
        self,
        app: cdk.App,
        config: Config,
        region: RegionConfig,
        zone_id: str,
        balancer: elbv2.ApplicationLoadBalancer,
    ) -> None:
        super().__init__(app, config, region.name, "routing", f"the names of {region.name}")
        self._zone = route53.HostedZone.from_hosted_zone_attributes(
            self, "Zone", hosted_zone_id=zone_id, zone_name=config.domain_name
        )
        self._balancer = balancer
        self._target = route53.RecordTarget.from_alias(targets.LoadBalancerTarget(balancer))
        route53.ARecord(
            self,
            "RegionName",
            zone=self._zone,
            record_name=self.names.region_domain(region.name),
            target=self._target,
            comment="The Region itself, whoever leads",
        )
        self.health_check = self._health_check(region)
        if config.routing == "failover":
            self._failover_record(region)
        elif region.is_primary:
            route53.ARecord(
                self,
                "PublicName",
                zone=self._zone,
                record_name=config.domain_name,
                target=self._target,
                comment="Changed by the workflow's FlipRoute53",
            )
        cdk.CfnOutput(self, "HealthCheckId", value=self.health_check.health_check_id)

    def _health_check(self, region: RegionConfig) -> route53.HealthCheck:
        encrypted = self.config.encrypted
        return route53.HealthCheck(
            self,
            "HealthCheck",
            type=route53.HealthCheckType.HTTPS if encrypted else route53.HealthCheckType.HTTP,
            fqdn=self.names.region_domain(region.name),
            port=443 if encrypted else 80,
            resource_path="/healthz",
            request_interval=REQUEST_INTERVAL,
            failure_threshold=FAILURE_THRESHOLD,
        )

    def _failover_record(self, region: RegionConfig) -> None:
        """The L2 insists on evaluating the targets' health as well; /healthz says all of that, and who leads besides."""
        route53.CfnRecordSet(
            self,
            "PublicName",
            hosted_zone_id=self._zone.hosted_zone_id,
            name=f"{self.config.domain_name}.",
            type="A",
            set_identifier=region.name,
            failover="PRIMARY" if region.is_primary else "SECONDARY",
            health_check_id=self.health_check.health_check_id,
            alias_target=route53.CfnRecordSet.AliasTargetProperty(
                dns_name=f"dualstack.{self._balancer.load_balancer_dns_name}",
                hosted_zone_id=self._balancer.load_balancer_canonical_hosted_zone_id,
                evaluate_target_health=False,
            ),
        )
