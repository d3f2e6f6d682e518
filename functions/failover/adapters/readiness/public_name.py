"""Which failover records does the public name have, and on what do they depend?

Route 53's control plane answers in us-east-1 alone; nothing but readiness asks it.
https://docs.aws.amazon.com/Route53/latest/APIReference/API_ListResourceRecordSets.html
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from botocore.exceptions import ClientError

from failover.adapters.aws_errors import code_of, told_in_a_sentence
from failover.domain.readiness.routing import FailoverRecord, HealthCheckSeen


@dataclass(frozen=True)
class Route53Names:
    """Route 53."""

    client: Any

    def records(self, name: str) -> Sequence[FailoverRecord] | None:
        """The A records of `name`, in the public hosted zone that is closest to it. Raises TransientFailure or RunRefused."""
        labels = name.rstrip(".").split(".")
        with told_in_a_sentence(f"Looking for the records of {name}"):
            for parent in (".".join(labels[start:]) + "." for start in range(len(labels) - 1)):
                zones = self.client.list_hosted_zones_by_name(DNSName=parent, MaxItems="10")["HostedZones"]
                for zone in (one for one in zones if one["Name"] == parent and not _private(one)):
                    return self._of(zone["Id"].rpartition("/")[2], ".".join(labels) + ".")
        return None

    def _of(self, zone: str, name: str) -> tuple[FailoverRecord, ...]:
        """Records come in the order of their names, so those of `name` come first."""
        found = self.client.list_resource_record_sets(
            HostedZoneId=zone, StartRecordName=name, StartRecordType="A", MaxItems="10"
        )["ResourceRecordSets"]
        return tuple(
            FailoverRecord(one.get("SetIdentifier"), one.get("Failover"), one.get("HealthCheckId"))
            for one in found
            if one["Name"] == name and one["Type"] == "A"
        )

    def health_check(self, check_id: str) -> HealthCheckSeen | None:
        """https://docs.aws.amazon.com/Route53/latest/APIReference/API_GetHealthCheck.html

        Raises TransientFailure or RunRefused.
        """
        with told_in_a_sentence(f"Looking at the health check {check_id}"):
            try:
                found = self.client.get_health_check(HealthCheckId=check_id)["HealthCheck"]["HealthCheckConfig"]
            except ClientError as error:
                if code_of(error) == "NoSuchHealthCheck":
                    return None
                raise
        return HealthCheckSeen(
            found.get("ResourcePath"), bool(found.get("Disabled", False)), bool(found.get("Inverted", False))
        )


def _private(zone: Mapping[str, Any]) -> bool:
    """Of the same name there may be one for a VPC, whose records no user of the service is answered with."""
    return bool((zone.get("Config") or {}).get("PrivateZone"))
