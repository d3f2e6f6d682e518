"""What are a service's tasks made of, which image is that, and how many more may there be?

https://docs.aws.amazon.com/AmazonECS/latest/APIReference/API_DescribeTaskDefinition.html
https://docs.aws.amazon.com/AmazonECR/latest/APIReference/API_DescribeImages.html
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

from botocore.exceptions import ClientError

from failover.adapters.aws_errors import code_of, told_in_a_sentence
from failover.adapters.metrics import Metric, newest
from failover.application.errors import RunRefused
from failover.domain.readiness.parity import TaskShape

# 123456789012.dkr.ecr.us-west-2.amazonaws.com/repository:tag, or @sha256:...
IMAGE = re.compile(r"(\d{12})\.dkr\.ecr\.[a-z0-9-]+\.amazonaws\.com(?:\.cn)?/([^:@]+)(?::([^@]+)|@(sha256:.+))")
CPU_UNITS_IN_A_VCPU = 1024
COMPARED = ("command", "entryPoint", "environment", "portMappings", "readonlyRootFilesystem", "secrets", "user")
# "Fargate On-Demand vCPU resource count": https://docs.aws.amazon.com/general/latest/gr/ecs-service.html#service-quotas-fargate
QUOTA = ("fargate", "L-3032A538")
# https://docs.aws.amazon.com/AmazonECS/latest/developerguide/monitoring-fargate-usage.html
USAGE = Metric(
    "AWS/Usage",
    "ResourceCount",
    {"Service": "Fargate", "Type": "Resource", "Resource": "vCPU", "Class": "Standard/OnDemand"},
    timedelta(minutes=5),
)
USAGE_LOOK_BACK = timedelta(minutes=15)


@dataclass(frozen=True)
class EcsTaskShapes:
    """ECS in the client's Region."""

    client: Any
    region: str

    def shape(self, cluster: str, service: str) -> TaskShape | None:
        """Raises TransientFailure or RunRefused. What names the Region does not count as a difference."""
        with told_in_a_sentence(f"Describing what ECS service {cluster}/{service} runs"):
            try:
                found = self.client.describe_services(cluster=cluster, services=[service])["services"]
            except ClientError as error:
                if code_of(error) == "ClusterNotFoundException":
                    return None
                raise
            active = [one for one in found if one["status"] == "ACTIVE"]
            if not active:
                return None
            described = self.client.describe_task_definition(taskDefinition=active[0]["taskDefinition"])
        definition = described["taskDefinition"]
        container = definition["containerDefinitions"][0]
        settings: dict[str, Any] = {name: self._without_region(container.get(name)) for name in COMPARED}
        for name in ("cpu", "memory", "networkMode", "runtimePlatform"):
            settings[name] = definition.get(name)
        settings["containers"] = [one["name"] for one in definition["containerDefinitions"]]
        return TaskShape(container["image"], int(definition.get("cpu") or 0) / CPU_UNITS_IN_A_VCPU, settings)

    def _without_region(self, value: Any) -> str:
        return repr(value).replace(self.region, "<region>") if value else ""


@dataclass(frozen=True)
class EcrImages:
    """ECR in the client's Region."""

    client: Any

    def digest(self, image: str) -> str | None:
        """Raises TransientFailure, or RunRefused when the image is not in ECR at all."""
        found = IMAGE.fullmatch(image)
        if found is None:
            raise RunRefused(f"The image {image} is not in ECR, whose digests are compared.")
        registry, repository, tag, digest = found.groups()
        wanted = {"imageTag": tag} if tag else {"imageDigest": digest}
        with told_in_a_sentence(f"Looking for {repository}"):
            try:
                images = self.client.describe_images(registryId=registry, repositoryName=repository, imageIds=[wanted])[
                    "imageDetails"
                ]
            except ClientError as error:
                if code_of(error) in ("ImageNotFoundException", "RepositoryNotFoundException"):
                    return None
                raise
        return str(images[0]["imageDigest"]) if images else None


@dataclass(frozen=True)
class FargateCapacity:
    """The account's, in the clients' Region."""

    quotas: Any
    cloudwatch: Any

    def quota(self) -> float | None:
        """Raises TransientFailure or RunRefused. None: Service Quotas does not know it here."""
        service, code = QUOTA
        with told_in_a_sentence("Asking for the quota of Fargate"):
            try:
                found = self.quotas.get_service_quota(ServiceCode=service, QuotaCode=code)["Quota"]
            except ClientError as error:
                if code_of(error) == "NoSuchResourceException":
                    return None
                raise
        return float(found["Value"])

    def used(self) -> float | None:
        """The most in the last quarter of an hour. Raises TransientFailure or RunRefused."""
        with told_in_a_sentence("Asking how much of Fargate's quota is used"):
            found = newest(self.cloudwatch, {"used": USAGE}, datetime.now(UTC), USAGE_LOOK_BACK)
        return found["used"].value if "used" in found else None
