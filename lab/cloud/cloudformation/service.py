"""Which services and load balancers do the templates create in the lab? Their tasks and sockets are real."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from lab.cloud.cloudformation.resource import Created, Made, Properties, ResourceType, Wanted, projected

_NOT_KEPT = "moto does not keep it; tests/dataplane hold the template to it"
_NOT_SCALED = "the lab's tasks are not scaled by load"


def _lower(value: Any) -> Any:
    """ECS writes CloudFormation's names with a small first letter."""
    return _renamed(value, lambda name: name[0].lower() + name[1:])


def _upper(value: Any) -> Any:
    return _renamed(value, lambda name: name[0].upper() + name[1:])


def _renamed(value: Any, rename: Callable[[str], str]) -> Any:
    if isinstance(value, dict):
        # The names of a log driver's options are the driver's own.
        return {
            rename(name): item if name.lower() == "options" else _renamed(item, rename) for name, item in value.items()
        }
    return [_renamed(item, rename) for item in value] if isinstance(value, list) else value


def _numbers(value: Any, names: frozenset[str]) -> Any:
    if isinstance(value, dict):
        return {key: int(item) if key in names else _numbers(item, names) for key, item in value.items()}
    return [_numbers(item, names) for item in value] if isinstance(value, list) else value


_WHOLE = frozenset(
    {"containerPort", "hostPort", "maximumPercent", "minimumHealthyPercent", "healthCheckGracePeriodSeconds"}
)


def _create_cluster(wanted: Wanted) -> Created:
    name = wanted.properties["ClusterName"]
    settings = _lower(wanted.properties.get("ClusterSettings", []))
    arn = wanted.client("ecs").create_cluster(clusterName=name, settings=settings)["cluster"]["clusterArn"]
    return Created(name, {"Arn": arn})


def _read_cluster(made: Made) -> Properties:
    found = made.client("ecs").describe_clusters(clusters=[made.ref], include=["SETTINGS"])["clusters"][0]
    return {"ClusterName": found["clusterName"], "ClusterSettings": _upper(found.get("settings", []))}


_TASK = ("ContainerDefinitions", "Cpu", "ExecutionRoleArn", "Family", "Memory", "NetworkMode")
_TASK_MORE = ("RequiresCompatibilities", "RuntimePlatform", "TaskRoleArn")


def _create_task_definition(wanted: Wanted) -> Created:
    given = {name: wanted.properties[name] for name in (*_TASK, *_TASK_MORE) if name in wanted.properties}
    arguments = _typed_containers(_numbers(_lower(given), _WHOLE))
    arn = wanted.client("ecs").register_task_definition(**arguments)["taskDefinition"]["taskDefinitionArn"]
    return Created(arn)


def _typed_containers(arguments: dict[str, Any]) -> dict[str, Any]:
    for container in arguments["containerDefinitions"]:
        for flag in ("essential", "readonlyRootFilesystem"):
            if flag in container:
                container[flag] = str(container[flag]).lower() == "true"
    return arguments


def _read_task_definition(made: Made) -> Properties:
    found = _upper(made.client("ecs").describe_task_definition(taskDefinition=made.ref)["taskDefinition"])
    return {name: projected(made.properties.get(name), found.get(name)) for name in (*_TASK, *_TASK_MORE)}


_SERVICE = (
    *("Cluster", "DeploymentConfiguration", "EnableECSManagedTags", "HealthCheckGracePeriodSeconds"),
    *("LaunchType", "LoadBalancers", "NetworkConfiguration", "PropagateTags", "ServiceName", "TaskDefinition"),
)

# Taken by CreateService, and shown by no answer of moto's.
_SERVICE_DROPPED = frozenset({"DeploymentConfiguration", "EnableECSManagedTags", "HealthCheckGracePeriodSeconds"})


def _create_service(wanted: Wanted) -> Created:
    given = {name: wanted.properties[name] for name in _SERVICE if name in wanted.properties}
    arguments = _numbers(_lower(given), _WHOLE)
    arguments["enableECSManagedTags"] = wanted.flag("EnableECSManagedTags")
    breaker = arguments["deploymentConfiguration"]["deploymentCircuitBreaker"]
    for name in breaker:
        breaker[name] = str(breaker[name]).lower() == "true"
    # The template leaves the count to ECS: CloudFormation begins with one, and autoscaling raises it to its minimum.
    # https://docs.aws.amazon.com/AWSCloudFormation/latest/TemplateReference/aws-resource-ecs-service.html
    found = wanted.client("ecs").create_service(desiredCount=1, **arguments)["service"]
    return Created(found["serviceArn"], {"Name": found["serviceName"], "ServiceArn": found["serviceArn"]})


def _read_service(made: Made) -> Properties:
    cluster, name = made.properties["Cluster"], made.properties["ServiceName"]
    found = _upper(made.client("ecs").describe_services(cluster=cluster, services=[name])["services"][0])
    compared = {key: projected(made.properties.get(key), found.get(key)) for key in _SERVICE}
    return {**compared, "Cluster": str(found["ClusterArn"]).rsplit("/", 1)[-1]}


_SCALED = ("MaxCapacity", "MinCapacity", "ResourceId", "ScalableDimension", "ServiceNamespace")


def _create_scaled(wanted: Wanted) -> Created:
    """A service below the minimum is scaled out to it.

    https://docs.aws.amazon.com/autoscaling/application/userguide/application-auto-scaling-target-tracking-how-it-works.html
    """
    given = {name: wanted.properties[name] for name in _SCALED}
    least = int(given["MinCapacity"])
    wanted.client("application-autoscaling").register_scalable_target(
        **{**given, "MinCapacity": least, "MaxCapacity": int(given["MaxCapacity"])}
    )
    _, cluster, service = given["ResourceId"].split("/")
    wanted.client("ecs").update_service(cluster=cluster, service=service, desiredCount=least)
    return Created(f"{given['ResourceId']}|{given['ScalableDimension']}|{given['ServiceNamespace']}")


def _read_scaled(made: Made) -> Properties:
    scaling, resource = made.client("application-autoscaling"), made.properties["ResourceId"]
    found: list[Properties] = scaling.describe_scalable_targets(
        ServiceNamespace=made.properties["ServiceNamespace"], ResourceIds=[resource]
    )["ScalableTargets"]
    return found[0] if found else {}


def _create_balancer(wanted: Wanted) -> Created:
    elb, given = wanted.client("elbv2"), wanted.properties
    names = ("Name", "Scheme", "SecurityGroups", "Subnets", "Type")
    found = elb.create_load_balancer(**{name: given[name] for name in names})["LoadBalancers"][0]
    elb.modify_load_balancer_attributes(
        LoadBalancerArn=found["LoadBalancerArn"], Attributes=given["LoadBalancerAttributes"]
    )
    arn = found["LoadBalancerArn"]
    attributes = {
        "DNSName": found["DNSName"],
        "CanonicalHostedZoneID": found["CanonicalHostedZoneId"],
        "LoadBalancerFullName": arn.partition(":loadbalancer/")[2],
    }
    return Created(arn, attributes)


def _read_balancer(made: Made) -> Properties:
    elb = made.client("elbv2")
    found = elb.describe_load_balancers(LoadBalancerArns=[made.ref])["LoadBalancers"][0]
    attributes = elb.describe_load_balancer_attributes(LoadBalancerArn=made.ref)["Attributes"]
    wanted = {one["Key"] for one in made.properties["LoadBalancerAttributes"]}
    return {
        **found,
        "Name": found["LoadBalancerName"],
        "Subnets": [zone["SubnetId"] for zone in found["AvailabilityZones"]],
        "LoadBalancerAttributes": [one for one in attributes if one["Key"] in wanted],
    }


_TARGETS = (
    *("HealthCheckIntervalSeconds", "HealthCheckPath", "HealthCheckTimeoutSeconds", "HealthyThresholdCount"),
    *("Port", "Protocol", "TargetType", "UnhealthyThresholdCount", "VpcId"),
)


def _create_targets(wanted: Wanted) -> Created:
    elb, given = wanted.client("elbv2"), wanted.properties
    whole = {"HealthCheckIntervalSeconds", "HealthCheckTimeoutSeconds", "HealthyThresholdCount", "Port"}
    whole.add("UnhealthyThresholdCount")
    arguments = {name: int(given[name]) if name in whole else given[name] for name in _TARGETS}
    arn = elb.create_target_group(Name=given["Name"], **arguments)["TargetGroups"][0]["TargetGroupArn"]
    elb.modify_target_group_attributes(TargetGroupArn=arn, Attributes=given["TargetGroupAttributes"])
    return Created(arn, {"TargetGroupFullName": arn.split(":")[-1]})


def _read_targets(made: Made) -> Properties:
    elb = made.client("elbv2")
    found = elb.describe_target_groups(TargetGroupArns=[made.ref])["TargetGroups"][0]
    attributes = elb.describe_target_group_attributes(TargetGroupArn=made.ref)["Attributes"]
    wanted = {one["Key"] for one in made.properties["TargetGroupAttributes"]}
    return {
        **found,
        "Name": found["TargetGroupName"],
        "TargetGroupAttributes": [one for one in attributes if one["Key"] in wanted],
    }


def _create_listener(wanted: Wanted) -> Created:
    given = wanted.properties
    names = ("Certificates", "DefaultActions", "LoadBalancerArn", "Protocol", "SslPolicy")
    arguments = {name: given[name] for name in names if name in given}
    arn = wanted.client("elbv2").create_listener(Port=int(given["Port"]), **arguments)["Listeners"][0]["ListenerArn"]
    return Created(arn)


def _read_listener(made: Made) -> Properties:
    found = made.client("elbv2").describe_listeners(ListenerArns=[made.ref])["Listeners"][0]
    return {**found, "DefaultActions": projected(made.properties["DefaultActions"], found["DefaultActions"])}


TYPES = (
    ResourceType(
        "AWS::ECS::Cluster",
        frozenset({"ClusterName", "ClusterSettings"}),
        _create_cluster,
        _read_cluster,
        attributes=frozenset({"Arn"}),
    ),
    ResourceType(
        "AWS::ECS::TaskDefinition", frozenset({*_TASK, *_TASK_MORE}), _create_task_definition, _read_task_definition
    ),
    ResourceType(
        "AWS::ECS::Service",
        frozenset(_SERVICE) - _SERVICE_DROPPED,
        _create_service,
        _read_service,
        inert=dict.fromkeys(_SERVICE_DROPPED, _NOT_KEPT),
        attributes=frozenset({"Name", "ServiceArn"}),
    ),
    ResourceType(
        "AWS::ElasticLoadBalancingV2::LoadBalancer",
        frozenset({"LoadBalancerAttributes", "Name", "Scheme", "SecurityGroups", "Subnets", "Type"}),
        _create_balancer,
        _read_balancer,
        attributes=frozenset({"CanonicalHostedZoneID", "DNSName", "LoadBalancerFullName"}),
    ),
    ResourceType(
        "AWS::ElasticLoadBalancingV2::TargetGroup",
        frozenset({"Name", "TargetGroupAttributes", *_TARGETS}),
        _create_targets,
        _read_targets,
        attributes=frozenset({"TargetGroupFullName"}),
    ),
    ResourceType(
        "AWS::ElasticLoadBalancingV2::Listener",
        frozenset({"Certificates", "DefaultActions", "LoadBalancerArn", "Port", "Protocol", "SslPolicy"}),
        _create_listener,
        _read_listener,
    ),
    ResourceType(
        "AWS::ApplicationAutoScaling::ScalableTarget",
        frozenset(_SCALED),
        _create_scaled,
        _read_scaled,
        inert={"RoleARN": "the lab enforces no permissions"},
    ),
    ResourceType("AWS::ApplicationAutoScaling::ScalingPolicy", inert={"*": _NOT_SCALED}),
)
