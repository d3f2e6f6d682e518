"""Do scheduled rules fire at their rate, in scaled time, and only while their Region lives?"""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import pytest
from botocore.exceptions import ClientError

from tests.lab.emulated_cloud import EmulatedCloud, unique

HERE = "us-west-2"


@contextmanager
def schedule(cloud: EmulatedCloud, expression: str, target: str) -> Iterator[str]:
    events, name = cloud.client("events", HERE), unique("every")
    events.put_rule(Name=name, ScheduleExpression=expression)
    events.put_targets(Rule=name, Targets=[{"Id": "queue", "Arn": target}])
    try:
        yield name
    finally:
        events.remove_targets(Rule=name, Ids=["queue"])
        events.delete_rule(Name=name)


def received(cloud: EmulatedCloud, url: str) -> dict[str, Any]:
    body: dict[str, Any] = json.loads(cloud.receive(HERE, url)["Body"])
    return body


def test_a_rate_fires_again_and_again_with_the_scheduled_event(cloud: EmulatedCloud) -> None:
    """https://docs.aws.amazon.com/eventbridge/latest/userguide/eb-run-lambda-schedule.html"""
    url, arn = cloud.queue(HERE)
    with schedule(cloud, "rate(1 minute)", arn) as name:
        first, second = received(cloud, url), received(cloud, url)
    assert (first["source"], first["detail-type"], first["detail"]) == ("aws.events", "Scheduled Event", {})
    assert first["resources"][0].endswith(f":rule/{name}")
    assert first["id"] != second["id"]


def test_a_dark_regions_schedules_do_not_fire_until_it_is_back(cloud: EmulatedCloud) -> None:
    url, arn = cloud.queue(HERE)
    with schedule(cloud, "rate(1 minute)", arn):
        received(cloud, url)
        cloud.control.set_dark(HERE, True)
        try:
            before = cloud.last()
            with pytest.raises(AssertionError, match="no journal entry"):
                cloud.wait_for("event", before, within=1.5, source="aws.events", region=HERE, outcome="delivered")
        finally:
            cloud.control.set_dark(HERE, False)
        assert received(cloud, url)


@pytest.mark.parametrize("expression", ["cron(0 12 * * ? *)", "rate(0.5 minutes)"])
def test_what_the_lab_does_not_emulate_is_refused(cloud: EmulatedCloud, expression: str) -> None:
    with pytest.raises(ClientError, match=r"rate|valid"):
        cloud.client("events", HERE).put_rule(Name=unique("never"), ScheduleExpression=expression)


def test_what_eventbridge_scheduler_starts_gets_its_input_as_it_stands(cloud: EmulatedCloud) -> None:
    url, arn = cloud.queue(HERE)
    scheduler, name = cloud.client("scheduler", HERE), unique("weekly")
    target = {"Arn": arn, "RoleArn": "arn:aws:iam::123456789012:role/scheduler", "Input": '{"to": "latest"}'}
    given = {"Name": name, "FlexibleTimeWindow": {"Mode": "OFF"}, "Target": target}
    with pytest.raises(ClientError, match="rate"):
        scheduler.create_schedule(**given, ScheduleExpression="cron(0 3 ? * SUN *)")
    scheduler.create_schedule(**given, ScheduleExpression="rate(1 minute)")
    try:
        assert received(cloud, url) == {"to": "latest"}
        assert received(cloud, url) == {"to": "latest"}
    finally:
        scheduler.delete_schedule(Name=name)
