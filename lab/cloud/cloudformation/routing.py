"""Which zones, records and health checks do the templates create in the lab?"""

from __future__ import annotations

from typing import Any

from lab.cloud.cloudformation.resource import Created, Made, Properties, ResourceType, Wanted, projected

_WHOLE = ("FailureThreshold", "Port", "RequestInterval")
_FLAGS = ("Inverted", "MeasureLatency", "EnableSNI", "Disabled")


def _create_zone(wanted: Wanted) -> Created:
    found = wanted.client("route53").create_hosted_zone(
        Name=wanted.properties["Name"],
        CallerReference=wanted.name,
        HostedZoneConfig={"Comment": wanted.properties["HostedZoneConfig"]["Comment"]},
    )
    servers = ",".join(found["DelegationSet"]["NameServers"])
    return Created(found["HostedZone"]["Id"].rsplit("/", 1)[-1], {"NameServers": servers})


def _read_zone(made: Made) -> Properties:
    found = made.client("route53").get_hosted_zone(Id=made.ref)["HostedZone"]
    return {"Name": found["Name"], "HostedZoneConfig": {"Comment": found["Config"]["Comment"]}}


def _create_health_check(wanted: Wanted) -> Created:
    config = _config(wanted.properties["HealthCheckConfig"])
    found = wanted.client("route53").create_health_check(
        # What the lab's journal calls it; on AWS it is as good as random.
        CallerReference=config["FullyQualifiedDomainName"],
        HealthCheckConfig=config,
    )
    return Created(found["HealthCheck"]["Id"], {"HealthCheckId": found["HealthCheck"]["Id"]})


def _config(given: Properties) -> dict[str, Any]:
    numbers = {name: int(given[name]) for name in _WHOLE if name in given}
    flags = {name: str(given[name]).lower() == "true" for name in _FLAGS if name in given}
    return {**given, **numbers, **flags}


def _read_health_check(made: Made) -> Properties:
    found = made.client("route53").get_health_check(HealthCheckId=made.ref)["HealthCheck"]["HealthCheckConfig"]
    return {"HealthCheckConfig": projected(made.properties["HealthCheckConfig"], found)}


_RECORD = ("Failover", "HealthCheckId", "Name", "SetIdentifier", "Type")


def _create_record(wanted: Wanted) -> Created:
    given = wanted.properties
    record = {name: given[name] for name in _RECORD if name in given}
    alias = given["AliasTarget"]
    record["AliasTarget"] = {
        "DNSName": alias["DNSName"],
        "HostedZoneId": alias["HostedZoneId"],
        "EvaluateTargetHealth": str(alias.get("EvaluateTargetHealth", False)).lower() == "true",
    }
    wanted.client("route53").change_resource_record_sets(
        HostedZoneId=given["HostedZoneId"],
        ChangeBatch={"Changes": [{"Action": "CREATE", "ResourceRecordSet": record}]},
    )
    return Created(given["Name"])


def _read_record(made: Made) -> Properties:
    zone, name = made.properties["HostedZoneId"], made.properties["Name"]
    listed = made.client("route53").list_resource_record_sets(HostedZoneId=zone)["ResourceRecordSets"]
    for found in listed:
        same = found["Name"].rstrip(".") == name.rstrip(".")
        if same and found.get("SetIdentifier") == made.properties.get("SetIdentifier"):
            alias = projected(made.properties["AliasTarget"], found.get("AliasTarget"))
            return {**found, "Name": name, "HostedZoneId": zone, "AliasTarget": alias}
    return {}


TYPES = (
    ResourceType(
        "AWS::Route53::HostedZone",
        frozenset({"HostedZoneConfig", "Name"}),
        _create_zone,
        _read_zone,
        attributes=frozenset({"NameServers"}),
    ),
    ResourceType(
        "AWS::Route53::HealthCheck",
        frozenset({"HealthCheckConfig"}),
        _create_health_check,
        _read_health_check,
        attributes=frozenset({"HealthCheckId"}),
    ),
    ResourceType(
        "AWS::Route53::RecordSet",
        frozenset({"AliasTarget", "HostedZoneId", *_RECORD}),
        _create_record,
        _read_record,
        inert={"Comment": "Route 53 keeps it with the change, not with the record"},
    ),
)
