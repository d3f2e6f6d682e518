"""What do the network, the load balancers and the names cost?"""

from __future__ import annotations

from decimal import Decimal

from lab.cost.charge import ONE, Charge, Rules
from lab.cost.errors import CostError
from lab.cost.load import GIB, Load
from lab.cost.resources import Resource

FAST_SECONDS = 10
# https://docs.aws.amazon.com/Route53/latest/APIReference/API_HealthCheckConfig.html
CHECK_FEATURES = {"HTTP": 0, "TCP": 0, "HTTPS": 1, "HTTP_STR_MATCH": 1, "HTTPS_STR_MATCH": 2}


def _nat_gateway(gateway: Resource, load: Load) -> list[Charge]:
    """The lease's calls to the other Regions' buckets leave through it; those to the Region's own skip it."""
    region, usage = gateway.region, load.usage
    calls = load.lease_calls_elsewhere(region)
    sent, answered = (calls * usage[name] / GIB for name in ("lease_call_bytes", "lease_answer_bytes"))
    return [
        Charge("nat.hour", load.hours),
        Charge("nat.gb", sent + answered + usage["nat_other_gb"]),
        Charge("transfer.region", sent),
    ]


def _address(_of: Resource, load: Load) -> list[Charge]:
    return [Charge("ipv4.hour", load.hours)]


def _load_balancer(balancer: Resource, load: Load) -> list[Charge]:
    """One that faces the internet has an address in each of its subnets.

    https://aws.amazon.com/blogs/aws/new-aws-public-ipv4-address-charge-public-ip-insights/
    """
    if balancer["Type"] != "application":
        raise CostError(f"{balancer} is of type {balancer['Type']!r}; only application load balancers have a price.")
    addresses = len(balancer["Subnets"]) if balancer["Scheme"] == "internet-facing" else 0
    return [
        Charge("alb.hour", load.hours),
        Charge("alb.lcu", load.hours * load.capacity_units(balancer.region)),
        Charge("ipv4.hour", load.hours * addresses),
        Charge("transfer.internet", load.answered_gb(balancer.region)),
    ]


def _health_check(check: Resource, _load: Load) -> list[Charge]:
    """Of an AWS endpoint; the fast interval, HTTPS, a text and the latency are a feature each."""
    config = check["HealthCheckConfig"]
    if config["Type"] not in CHECK_FEATURES:
        raise CostError(f"{check} is of type {config['Type']!r}, which has no price.")
    features = CHECK_FEATURES[config["Type"]] + int(bool(config.get("MeasureLatency")))
    features += int(int(config.get("RequestInterval", 30)) == FAST_SECONDS)
    return [Charge("route53.check", ONE), Charge("route53.feature", Decimal(features))]


def _record(record: Resource, _load: Load) -> list[Charge]:
    """Queries of an alias to a load balancer are free: https://aws.amazon.com/route53/pricing/"""
    if "AliasTarget" not in record.properties:
        raise CostError(f"{record} is no alias; queries of it have no price here.")
    return []


def _zone(_of: Resource, _load: Load) -> list[Charge]:
    return [Charge("route53.zone", ONE)]


def _endpoint(endpoint: Resource, _load: Load) -> list[Charge]:
    """Gateway endpoints are free: https://docs.aws.amazon.com/vpc/latest/privatelink/gateway-endpoints.html"""
    if endpoint["VpcEndpointType"] != "Gateway":
        raise CostError(f"{endpoint} is of type {endpoint['VpcEndpointType']!r}; only gateway endpoints have a price.")
    return []


RULES: Rules = {
    "AWS::EC2::NatGateway": _nat_gateway,
    "AWS::EC2::EIP": _address,
    "AWS::EC2::VPCEndpoint": _endpoint,
    "AWS::ElasticLoadBalancingV2::LoadBalancer": _load_balancer,
    "AWS::Route53::HealthCheck": _health_check,
    "AWS::Route53::HostedZone": _zone,
    "AWS::Route53::RecordSet": _record,
}
