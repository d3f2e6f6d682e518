"""How many vCPUs may Fargate run? moto knows the quotas of VPC alone; this is the one that readiness asks for.

https://docs.aws.amazon.com/general/latest/gr/ecs-service.html#service-quotas-fargate
"""

from __future__ import annotations

from typing import Any

from moto.servicequotas.models import ServiceQuotasBackend

from lab.cloud.context import CloudContext

# What an account begins with, before AWS raises it by itself.
FARGATE_ON_DEMAND_VCPUS = 6.0
FARGATE = ("fargate", "L-3032A538")


def install(context: CloudContext) -> None:
    """From now on the quota of Fargate is told, in every Region."""
    del context
    plain = ServiceQuotasBackend.get_service_quota

    def get_service_quota(self: Any, service_code: str, quota_code: str) -> dict[str, Any]:
        if (service_code, quota_code) != FARGATE:
            found: dict[str, Any] = plain(self, service_code, quota_code)
            return found
        return {
            "Adjustable": True,
            "GlobalQuota": False,
            "QuotaArn": f"arn:aws:servicequotas:{self.region_name}:{self.account_id}:fargate/{quota_code}",
            "QuotaCode": quota_code,
            "QuotaName": "Fargate On-Demand vCPU resource count",
            "ServiceCode": service_code,
            "ServiceName": "AWS Fargate",
            "Unit": "None",
            "Value": FARGATE_ON_DEMAND_VCPUS,
        }

    ServiceQuotasBackend.get_service_quota = get_service_quota
