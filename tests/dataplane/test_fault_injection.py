"""Which faults can a game day inject on AWS, and under which role?"""

from __future__ import annotations

import json

from lab.cloud.cloudformation.coverage import unsupported
from tests.dataplane.conftest import Synthesis
from tests.dataplane.templates import ACCOUNT, PRIMARY
from tests.dataplane.test_choices import resources


def test_by_default_no_fault_can_be_injected(synthesized: dict[str, str]) -> None:
    assert "AWS::FIS::" not in "".join(synthesized.values())


def test_faults_are_injected_on_request_under_a_role_that_reaches_nothing_else(synthesis: Synthesis) -> None:
    files = synthesis({"faultInjection": True})
    templates = {
        one["Tags"]["Name"]: one for one in resources(files, PRIMARY, "faults", "AWS::FIS::ExperimentTemplate")
    }
    assert {
        name: sorted(action["ActionId"] for action in one["Actions"].values()) for name, one in templates.items()
    } == {
        "drlab-app-primary-outage": ["aws:ecs:stop-task", "aws:network:disrupt-connectivity"],
        "drlab-app-split-brain": ["aws:network:disrupt-connectivity"],
        "drlab-app-database-reboot": ["aws:rds:reboot-db-instances"],
    }
    alarm = f"arn:aws:cloudwatch:{PRIMARY}:{ACCOUNT}:alarm:data-at-risk-of-drlab-app"
    for one in templates.values():
        assert one["StopConditions"] == [{"Source": "aws:cloudwatch:alarm", "Value": alarm}]
        for action in one["Actions"].values():
            assert set(action["Targets"].values()) <= set(one["Targets"])
    assert templates["drlab-app-database-reboot"]["Actions"]["reboot"]["Parameters"] == {"forceFailover": "false"}
    alarms = {
        one.get("AlarmName") for one in resources(files, PRIMARY, "observability", "AWS::CloudWatch::CompositeAlarm")
    }
    assert "data-at-risk-of-drlab-app" in alarms, "FIS stops by an alarm that there is"
    (policy,) = resources(files, PRIMARY, "faults", "AWS::IAM::Policy")
    everything = [one for one in policy["PolicyDocument"]["Statement"] if one["Resource"] == "*"]
    (looking,) = everything
    assert all(action.split(":")[1].startswith(("Describe", "Get")) for action in looking["Action"])
    (role,) = resources(files, PRIMARY, "faults", "AWS::IAM::Role")
    (trusted,) = role["AssumeRolePolicyDocument"]["Statement"]
    assert trusted["Condition"]["StringEquals"] == {"aws:SourceAccount": ACCOUNT}
    (template,) = (text for name, text in files.items() if "faults" in name)
    assert unsupported(json.loads(template)) == [], "the lab knows it, and leaves the experiments out with a reason"


def test_a_forced_failover_is_asked_of_a_database_that_has_a_second_zone(synthesis: Synthesis) -> None:
    files = synthesis({"faultInjection": True, "databaseMultiAz": True})
    forced = [
        action["Parameters"]["forceFailover"]
        for one in resources(files, PRIMARY, "faults", "AWS::FIS::ExperimentTemplate")
        for action in one["Actions"].values()
        if action["ActionId"] == "aws:rds:reboot-db-instances"
    ]
    assert forced == ["true"]
