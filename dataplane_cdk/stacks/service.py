"""Where does the service run, and who sends it requests?

The load balancer asks /livez, so a standby's tasks are healthy targets although they refuse writes; the failover records
ask /healthz. The template sets no desired count: on an update ECS keeps the present one
(https://docs.aws.amazon.com/AWSCloudFormation/latest/TemplateReference/aws-resource-ecs-service.html), so no later
deploy takes back what a failover scaled up. Autoscaling holds the lower limit.
"""

from __future__ import annotations

import aws_cdk as cdk
from aws_cdk import aws_certificatemanager as acm
from aws_cdk import aws_ecs as ecs
from aws_cdk import aws_elasticloadbalancingv2 as elbv2
from aws_cdk import aws_kms as kms

from dataplane_cdk.config import Config, RegionConfig
from dataplane_cdk.constructs.buckets import BALANCER_PREFIX
from dataplane_cdk.constructs.service_task import SERVICE_PORT, ServiceTask
from dataplane_cdk.stacks.network import PRIVATE, PUBLIC, NetworkStack
from dataplane_cdk.stacks.regional import RegionalStack

CPU_PERCENT = 60


class ServiceStack(RegionalStack):
    """`balancer`, `targets`, `cluster` and `service` of one Region."""

    def __init__(
        self, app: cdk.App, config: Config, region: RegionConfig, network: NetworkStack, key: kms.IKey
    ) -> None:
        super().__init__(app, config, region.name, "service", f"the service in {region.name}")
        self.cluster = ecs.Cluster(
            self,
            "Cluster",
            vpc=network.vpc,
            cluster_name=self.names.cluster,
            container_insights_v2=ecs.ContainerInsights.ENABLED,
        )
        self.task = ServiceTask(self, "Task", self.names, key)
        self.service = self._service(region, network)
        self.balancer = self._balancer(network)
        self.targets = self._targets(network)
        self._listen(region)

    def _service(self, region: RegionConfig, network: NetworkStack) -> ecs.FargateService:
        service = ecs.FargateService(
            self,
            "Service",
            service_name=self.names.cluster,
            cluster=self.cluster,
            task_definition=self.task.definition,
            vpc_subnets=PRIVATE,
            security_groups=[network.tiers.service],
            min_healthy_percent=100,
            max_healthy_percent=200,
            circuit_breaker=ecs.DeploymentCircuitBreaker(rollback=True),
            health_check_grace_period=cdk.Duration.seconds(60),
            enable_ecs_managed_tags=True,
            propagate_tags=ecs.PropagatedTagSource.SERVICE,
        )
        # Or ECS might start the first tasks before it may pull their image, and the circuit breaker count them as failed:
        # https://docs.aws.amazon.com/AWSCloudFormation/latest/TemplateReference/aws-resource-iam-role.html ("external policy")
        service.node.add_dependency(self.task.definition.obtain_execution_role())
        scaling = service.auto_scale_task_count(
            min_capacity=region.tasks, max_capacity=max(4, 2 * self.config.primary_tasks)
        )
        # An idle standby's alarm for scaling in is in ALARM all the time: it would take back, within minutes, the tasks
        # that a failover has just started.
        scaling.scale_on_cpu_utilization(
            "Cpu", target_utilization_percent=CPU_PERCENT, disable_scale_in=not region.is_primary
        )
        return service

    def _balancer(self, network: NetworkStack) -> elbv2.ApplicationLoadBalancer:
        balancer = elbv2.ApplicationLoadBalancer(
            self,
            "Balancer",
            load_balancer_name=self.names.prefix,
            vpc=network.vpc,
            vpc_subnets=PUBLIC,
            internet_facing=True,
            security_group=network.tiers.edge,
            drop_invalid_header_fields=True,
            deletion_protection=True,
        )
        balancer.set_attribute("access_logs.s3.enabled", "true")
        balancer.set_attribute("access_logs.s3.bucket", self.names.bucket("logs", self.region))
        balancer.set_attribute("access_logs.s3.prefix", BALANCER_PREFIX)
        return balancer

    def _targets(self, network: NetworkStack) -> elbv2.ApplicationTargetGroup:
        return elbv2.ApplicationTargetGroup(
            self,
            "Targets",
            target_group_name=self.names.prefix,
            vpc=network.vpc,
            port=SERVICE_PORT,
            protocol=elbv2.ApplicationProtocol.HTTP,
            targets=[self.service],
            deregistration_delay=cdk.Duration.seconds(15),
            health_check=elbv2.HealthCheck(
                path="/livez",
                interval=cdk.Duration.seconds(10),
                timeout=cdk.Duration.seconds(5),
                healthy_threshold_count=2,
                unhealthy_threshold_count=2,
            ),
        )

    def _listen(self, region: RegionConfig) -> None:
        """Port 80 keeps its listener, by its logical id, when a certificate comes later: another would be made before it goes.

        https://github.com/aws/aws-cdk/issues/34235
        """
        if region.certificate_arn is None:
            self.balancer.add_listener("Http", port=80, open=False, default_target_groups=[self.targets])
            return
        certificate = acm.Certificate.from_certificate_arn(self, "Certificate", region.certificate_arn)
        self.balancer.add_listener(
            "Https",
            port=443,
            open=False,
            certificates=[certificate],
            ssl_policy=elbv2.SslPolicy.RECOMMENDED_TLS,
            default_target_groups=[self.targets],
        )
        encrypted = elbv2.ListenerAction.redirect(protocol="HTTPS", port="443", permanent=True)
        self.balancer.add_listener("Http", port=80, open=False, default_action=encrypted)
