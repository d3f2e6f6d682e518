"""What runs as one task of the service, and what may it do?"""

from __future__ import annotations

from pathlib import Path

import aws_cdk as cdk
from aws_cdk import aws_ecr_assets as assets
from aws_cdk import aws_ecs as ecs
from aws_cdk import aws_iam as iam
from aws_cdk import aws_kms as kms
from aws_cdk import aws_logs as logs
from constructs import Construct

from dataplane_cdk.constructs.tiers import SERVICE_PORT
from dataplane_cdk.names import Names

__all__ = ["SERVICE_PORT", "ServiceTask"]

ROOT = Path(__file__).resolve().parents[2]
CPU_UNITS, MEMORY_MIB = 256, 512


class ServiceTask(Construct):
    """`definition`, with a role for ECS (image, log) and one for the service (plan, login, lease, heartbeat)."""

    def __init__(self, scope: Construct, construct_id: str, names: Names, key: kms.IKey) -> None:
        super().__init__(scope, construct_id)
        self._names, self._key = names, key
        self.definition = ecs.FargateTaskDefinition(
            self,
            "Definition",
            family=names.prefix,
            cpu=CPU_UNITS,
            memory_limit_mib=MEMORY_MIB,
            task_role=self._role(),
            runtime_platform=ecs.RuntimePlatform(
                cpu_architecture=ecs.CpuArchitecture.ARM64, operating_system_family=ecs.OperatingSystemFamily.LINUX
            ),
        )
        image = assets.DockerImageAsset(
            self,
            "Image",
            directory=str(ROOT),
            file="webapi/service/Dockerfile",
            platform=assets.Platform.LINUX_ARM64,
            ignore_mode=cdk.IgnoreMode.DOCKER,
        )
        group = logs.LogGroup(
            self,
            "Log",
            log_group_name=names.log_group("service"),
            retention=logs.RetentionDays.ONE_MONTH,
            removal_policy=cdk.RemovalPolicy.DESTROY,
        )
        self.definition.add_container(
            "service",
            image=ecs.ContainerImage.from_docker_image_asset(image),
            logging=ecs.LogDrivers.aws_logs(stream_prefix="service", log_group=group),
            environment={"PLAN_PARAMETER": names.plan_parameter},
            port_mappings=[ecs.PortMapping(container_port=SERVICE_PORT)],
            readonly_root_filesystem=True,
        )

    def _role(self) -> iam.Role:
        role = iam.Role(
            self,
            "Role",
            assumed_by=iam.ServicePrincipal("ecs-tasks.amazonaws.com"),
            description="What the service's own code may do",
        )
        for statement in self._statements():
            role.add_to_policy(statement)
        return role

    def _statements(self) -> list[iam.PolicyStatement]:
        names, stack = self._names, cdk.Stack.of(self)
        config = names.config
        regions = (config.primary.name, config.secondary.name, config.witness_region)
        copies = [names.bucket_arn("control", region) for region in regions]
        here = f"{stack.region}:{config.account}"
        return [
            iam.PolicyStatement(
                sid="ReadPlan",
                actions=["ssm:GetParameter"],
                resources=[f"arn:aws:ssm:{here}:parameter{names.plan_parameter}"],
            ),
            iam.PolicyStatement(
                sid="ReadLogin",
                actions=["secretsmanager:GetSecretValue"],
                # Secrets Manager ends each ARN with six characters of its own choice.
                resources=[f"arn:aws:secretsmanager:{here}:secret:{names.database_secret}-??????"],
            ),
            iam.PolicyStatement(
                sid="DecryptLogin",
                actions=["kms:Decrypt"],
                resources=[self._key.key_arn],
                conditions={"StringEquals": {"kms:ViaService": f"secretsmanager.{stack.region}.amazonaws.com"}},
            ),
            iam.PolicyStatement(
                sid="ReadLease",
                actions=["s3:GetObject"],
                resources=[f"{copy}/leader-record.json" for copy in copies],
            ),
            iam.PolicyStatement(
                sid="Heartbeat",
                actions=["s3:GetObject", "s3:PutObject"],
                resources=[f"{copy}/heartbeat.json" for copy in copies],
            ),
            # Without it an absent object reads as forbidden:
            # https://docs.aws.amazon.com/AmazonS3/latest/API/API_GetObject.html
            iam.PolicyStatement(sid="TellAbsentFromForbidden", actions=["s3:ListBucket"], resources=copies),
        ]
