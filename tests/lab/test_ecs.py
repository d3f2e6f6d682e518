"""Services: what is wanted goes to the lab, and what runs comes from it."""

from __future__ import annotations

from typing import Any

import pytest

from tests.lab.emulated_cloud import EmulatedCloud, unique

REGION = "us-west-2"


class Running:
    """A service with two wanted tasks, of which none runs yet."""

    def __init__(self, cloud: EmulatedCloud, image: str = "service", role: str | None = None) -> None:
        self.cloud, self.name = cloud, unique("app")
        self.ecs = cloud.client("ecs", REGION)
        self.ecs.create_cluster(clusterName=self.name)
        definition = self.ecs.register_task_definition(
            family=self.name,
            containerDefinitions=[{"name": "service", "image": image, "memory": 512}],
            **({"executionRoleArn": role} if role else {}),
        )["taskDefinition"]["taskDefinitionArn"]
        self.ecs.create_service(cluster=self.name, serviceName=self.name, taskDefinition=definition, desiredCount=2)

    def update(self, desired: int) -> dict[str, Any]:
        answer: dict[str, Any] = self.ecs.update_service(cluster=self.name, service=self.name, desiredCount=desired)
        return answer["service"]

    def describe(self) -> dict[str, Any]:
        found: dict[str, Any] = self.ecs.describe_services(cluster=self.name, services=[self.name])["services"][0]
        return found

    def counts(self) -> tuple[int, int, int]:
        found = self.describe()
        return found["desiredCount"], found["runningCount"], found["pendingCount"]

    def report(self, running: int) -> None:
        self.cloud.control.report_tasks(REGION, self.name, self.name, running)

    def desired(self) -> dict[str, Any]:
        services = self.cloud.control.desired()["services"]
        return next(one for one in services if (one["region"], one["service"]) == (REGION, self.name))


@pytest.fixture
def running(cloud: EmulatedCloud) -> Running:
    return Running(cloud)


def test_tasks_run_when_they_have_started_and_not_when_they_are_wanted(running: Running) -> None:
    """https://docs.aws.amazon.com/AmazonECS/latest/APIReference/API_Service.html"""
    assert running.counts() == (2, 0, 2)
    running.report(1)
    assert running.counts() == (2, 1, 1)
    running.report(2)
    assert running.counts() == (2, 2, 0)
    answer = running.update(5)
    assert (answer["desiredCount"], answer["runningCount"], answer["pendingCount"]) == (5, 2, 3)


def test_what_the_api_wants_reaches_whoever_waits_for_it(running: Running) -> None:
    version = running.cloud.control.desired()["version"]
    running.update(4)
    heard = running.cloud.control.desired(after=version, wait_seconds=5)
    assert heard["version"] > version
    assert running.desired()["desired"] == 4
    running.ecs.delete_service(cluster=running.name, service=running.name, force=True)
    assert running.desired()["desired"] == 0


def test_the_services_deployment_is_complete_from_its_first_steady_state_on(running: Running) -> None:
    """Scaling is no deployment: `services-stable` waits for one deployment, and running equal to desired.

    https://docs.aws.amazon.com/AmazonECS/latest/APIReference/API_Deployment.html
    """
    deployments = running.describe()["deployments"]
    assert [(one["status"], one["rolloutState"]) for one in deployments] == [("PRIMARY", "IN_PROGRESS")]
    running.report(2)
    first = running.describe()["deployments"]
    assert (first[0]["rolloutState"], first[0]["runningCount"], first[0]["pendingCount"]) == ("COMPLETED", 2, 0)
    running.update(3)
    second = running.describe()["deployments"]
    assert [one["id"] for one in second] == [one["id"] for one in first]
    assert (second[0]["rolloutState"], second[0]["desiredCount"], second[0]["pendingCount"]) == ("COMPLETED", 3, 1)


def test_a_cluster_counts_the_tasks_of_its_services(running: Running) -> None:
    running.report(1)
    running.update(4)
    cluster = running.ecs.describe_clusters(clusters=[running.name])["clusters"][0]
    assert (cluster["runningTasksCount"], cluster["pendingTasksCount"]) == (1, 3)


def test_targets_are_the_reported_ones_and_two_ports_of_one_address_are_two_targets(cloud: EmulatedCloud) -> None:
    """https://docs.aws.amazon.com/elasticloadbalancing/latest/APIReference/API_TargetDescription.html"""
    elb, ec2 = cloud.client("elbv2", REGION), cloud.client("ec2", REGION)
    group = elb.create_target_group(
        Name=unique("app"), Protocol="HTTP", Port=8080, VpcId=ec2.describe_vpcs()["Vpcs"][0]["VpcId"], TargetType="ip"
    )["TargetGroups"][0]["TargetGroupArn"]

    def healthy() -> set[tuple[str, int]]:
        found = elb.describe_target_health(TargetGroupArn=group)["TargetHealthDescriptions"]
        return {
            (one["Target"]["Id"], one["Target"]["Port"]) for one in found if one["TargetHealth"]["State"] == "healthy"
        }

    cloud.control.set_targets(REGION, group, [("127.0.0.1", 8081), ("127.0.0.1", 8082)])
    assert healthy() == {("127.0.0.1", 8081), ("127.0.0.1", 8082)}
    cloud.control.set_targets(REGION, group, [("127.0.0.1", 8082)])
    assert healthy() == {("127.0.0.1", 8082)}


REPOSITORY = f"arn:aws:ecr:{REGION}:123456789012:repository/app"
LOGIN, PULL = ("ecr:GetAuthorizationToken", "*"), ("ecr:Batch*", REPOSITORY)


@pytest.mark.parametrize(
    ("allowed", "lacking"),
    [
        ([LOGIN, PULL], f"no policy allows ecr:GetDownloadUrlForLayer on {REPOSITORY}"),
        ([LOGIN, PULL, ("ecr:GetDownloadUrlForLayer", REPOSITORY)], None),
        (None, "it has no execution role, and needs ecr:GetAuthorizationToken on *"),
    ],
)
def test_no_task_is_started_whose_image_the_execution_role_may_not_pull(
    cloud: EmulatedCloud, allowed: list[tuple[str, str]] | None, lacking: str | None
) -> None:
    """https://docs.aws.amazon.com/AmazonECS/latest/developerguide/task_execution_IAM_role.html"""
    role = None if allowed is None else cloud.role("ecs-tasks", *allowed)
    service = Running(cloud, f"123456789012.dkr.ecr.{REGION}.amazonaws.com/app:v1", role)
    assert service.desired()["desired"] == (0 if lacking else 2)
    assert service.counts() == (2, 0, 2)
    found = cloud.control.permissions()[f"arn:aws:ecs:{REGION}:123456789012:task-definition/{service.name}"]
    assert found["denied"] == ([lacking] if lacking else [])
