"""Do the operators' commands tell what is, and change nothing?"""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

import pytest
from control_plane_world import PRIMARY, STANDBY, WITNESS, plan_dict
from emulated_aws import Cloud

from failover.application.errors import TransientFailure
from failover.domain.journal import Event
from failover.domain.leader_record import genesis
from failover.domain.plan import Plan
from failover.wiring import operators
from failover.wiring.register import register_of
from lab import cli
from lab.operations import guard
from lab.operations.target import Target, target
from lab.settings import SettingsError

AWS = Target("aws", 0)
Context = Callable[..., Path]


@pytest.fixture
def context_file(tmp_path: Path) -> Context:
    def write(
        primary: str = PRIMARY,
        secondary: str = STANDBY,
        witness: str = WITNESS,
        account: str = "123456789012",
        lease: object = 15,
    ) -> Path:
        path = tmp_path / "cdk.json"
        regions = {"primaryRegion": primary, "secondaryRegion": secondary, "witnessRegion": witness}
        path.write_text(json.dumps({"context": {**regions, "account": account, "leaseSeconds": lease}}))
        return path

    return write


def record_objects(cloud: Cloud) -> list[bytes]:
    return [
        cloud.client("s3", region).get_object(Bucket=bucket, Key="leader-record.json")["Body"].read()
        for region, bucket in plan_dict()["record_copies"].items()
    ]


def test_the_guard_lets_templates_pass_that_agree_with_the_leader_record(cloud: Cloud, context_file: Context) -> None:
    cloud.add_workflow("failover", PRIMARY)
    answer = guard.ask(AWS, context_file())
    assert (answer.allowed, f"{PRIMARY} leads" in answer.reason) == (True, True)


def test_a_rebuild_is_shown_with_who_began_it_and_nothing_is_deployed_beside_it(
    cloud: Cloud, context_file: Context, capsys: pytest.CaptureFixture[str]
) -> None:
    """Of whatever is not the failover workflow nothing is fenced, so the leader record alone does not tell."""
    cloud.add_workflow("failover", PRIMARY)
    arn = cloud.add_workflow("rebuild-standby", STANDBY)
    cloud.client("stepfunctions").start_execution(stateMachineArn=arn, name="rebuild-e3", input="{}")
    answer = guard.ask(AWS, context_file())
    assert answer.allowed is False
    assert "In progress: rebuild-e3, a rebuild, since " in answer.reason
    operators.journal_in(STANDBY, operators.Plan.parse(json.dumps(plan_dict()))).append(
        Event("run-started", "maria", "A rebuild began.", "rebuild-e3")
    )
    assert cli.main(["status"]) == 0
    assert f"{STANDBY}        runs rebuild-e3, a rebuild, by maria, since " in capsys.readouterr().out


def test_what_a_region_does_not_tell_is_in_progress_is_a_no(cloud: Cloud, context_file: Context) -> None:
    answer = guard.ask(AWS, context_file())
    assert (answer.allowed, "What is in progress is unknown" in answer.reason) == (False, True)


@pytest.mark.scenario("F43")
def test_the_guard_refuses_templates_that_would_undo_a_failover(cloud: Cloud, context_file: Context) -> None:
    plan = Plan.parse(json.dumps(plan_dict()))
    for region, bucket in plan.record_copies.items():
        cloud.client("s3", region).delete_object(Bucket=bucket, Key="leader-record.json")
    register_of(plan).initialise(genesis(STANDBY, datetime.now(UTC)))
    answer = guard.ask(AWS, context_file())
    assert answer.allowed is False
    assert "could undo the failover" in answer.reason


def test_the_guard_refuses_the_two_regions_exchanged(cloud: Cloud, context_file: Context) -> None:
    answer = guard.ask(AWS, context_file(STANDBY, PRIMARY))
    assert answer.allowed is False
    assert "would replace networks, keys and databases" in answer.reason


@pytest.mark.parametrize(("key", "named"), [("secondary", "secondaryRegion"), ("witness", "witnessRegion")])
def test_the_guard_refuses_another_place_for_a_copy_of_the_record(
    cloud: Cloud, context_file: Context, key: str, named: str
) -> None:
    """The Region that was named has no plan, and that is not a first deployment."""
    cloud.client("ssm", PRIMARY).put_parameter(Name="/drlab/app/plan", Value=json.dumps(plan_dict()), Type="String")
    answer = guard.ask(AWS, context_file(**{key: "eu-west-1"}))
    assert answer.allowed is False
    assert answer.reason.startswith(f"dataplane_cdk/cdk.json has eu-west-1 for {named}, but ")


def test_the_guard_does_not_go_by_the_plan_of_another_account(cloud: Cloud, context_file: Context) -> None:
    """The deployment that follows may have a profile of its own: what leads there was never asked."""
    answer = guard.ask(AWS, context_file(account="210987654321"))
    assert answer == guard.Answer(
        False,
        "cdk.json deploys to account 210987654321, and the plan that was read is of 123456789012: sign in to that account, and"
        " ask again.",
    )


def test_a_shorter_lease_is_refused_until_no_alarm_can_start_a_run(cloud: Cloud, context_file: Context) -> None:
    cloud.add_workflow("failover", PRIMARY)
    answer = guard.ask(AWS, context_file(lease=5))
    assert answer.allowed is False
    assert "Disarm first" in answer.reason
    assert cli.main(["disarm", "--for", "1h", "--reason", "another lease"]) == 0
    assert guard.ask(AWS, context_file(lease=5)).allowed is True
    with pytest.raises(SettingsError, match=r"cdk\.json has soon for leaseSeconds"):
        guard.ask(AWS, context_file(lease="soon"))


def test_the_guard_lets_the_first_deployment_pass(cloud: Cloud, context_file: Context) -> None:
    cloud.client("ssm").delete_parameter(Name="/drlab/app/plan")
    cloud.client("s3", WITNESS).delete_object(Bucket=plan_dict()["record_copies"][WITNESS], Key="leader-record.json")
    nothing = guard.Answer(True, "There is no plan in either Region yet: nothing is deployed that could be undone.")
    assert guard.ask(AWS, context_file()) == nothing
    assert guard.ask(replace(AWS, service="another"), context_file()) == nothing, "without its buckets"


def test_two_other_regions_are_no_first_deployment_where_the_witness_has_a_record(
    cloud: Cloud, context_file: Context
) -> None:
    """Neither has a plan, and the name, the alarms and the witness's copy of the record are those of what is deployed."""
    answer = guard.ask(AWS, context_file("eu-west-1", "eu-central-1"))
    assert answer == guard.Answer(
        False,
        "Neither eu-west-1 nor eu-central-1 has a plan, and us-east-1 holds the leader record of an installation of app: put"
        " primaryRegion and secondaryRegion back as they were. Where that one was taken down, deploy as the first time, without"
        " this command.",
    )


def test_a_witness_that_does_not_answer_is_no_first_deployment(
    cloud: Cloud, context_file: Context, monkeypatch: pytest.MonkeyPatch
) -> None:
    def silent(*_: object) -> None:
        raise TransientFailure("Reading it: no answer from AWS (ReadTimeoutError).")

    cloud.client("ssm").delete_parameter(Name="/drlab/app/plan")
    monkeypatch.setattr(guard.S3Outcomes, "read", silent)
    assert guard.ask(AWS, context_file()) == guard.Answer(
        False,
        "Whether us-east-1 holds a leader record of app is unknown: Reading it: no answer from AWS (ReadTimeoutError).",
    )


@pytest.mark.parametrize("witness", [True, False], ids=["", "before the witness"])
def test_between_the_plan_and_the_first_record_the_guard_says_no(
    cloud: Cloud, context_file: Context, witness: bool
) -> None:
    """So it is for later deployments, as dataplane_cdk/deploy.md says."""
    for region, bucket in plan_dict()["record_copies"].items():
        cloud.client("s3", region).delete_object(Bucket=bucket, Key="leader-record.json")
    if not witness:
        cloud.publish_plan(lambda plan: plan["record_copies"].update({WITNESS: "not-there"}))
    answer = guard.ask(AWS, context_file())
    assert (answer.allowed, answer.reason.startswith("Who leads is unknown: ")) == (False, True)


def test_the_guard_does_not_take_another_account_for_a_first_deployment(cloud: Cloud, context_file: Context) -> None:
    """Signed in elsewhere, there is no plan to be found, and the deployment that follows may have a profile of its own."""
    cloud.client("ssm").delete_parameter(Name="/drlab/app/plan")
    answer = guard.ask(AWS, context_file(account="210987654321"))
    assert answer.allowed is False
    assert answer.reason.startswith("cdk.json deploys to account 210987654321, and you are arn:aws:sts::123456789012:")


def test_the_guard_asks_of_the_service_that_would_be_deployed(
    cloud: Cloud, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """Asked of one that is not there it would find no plan, and let a deployment pass that undoes a failover."""
    asked: list[str] = []

    def ask(where: Target) -> guard.Answer:
        asked.append(where.service)
        return guard.Answer(False, "It leads elsewhere.")

    monkeypatch.setattr(guard, "ask", ask)
    monkeypatch.setattr("lab.commands.options.configured", lambda name: ["shop"])
    for more in ([], ["--service", "other"], ["--target", "lab"]):
        assert cli.main(["guard", *more]) == 1
    assert asked == ["shop", "other", "app"]


def test_the_guard_takes_an_unreadable_record_for_a_no(cloud: Cloud, context_file: Context) -> None:
    for region in (STANDBY, WITNESS):
        bucket = plan_dict()["record_copies"][region]
        cloud.client("s3", region).put_object(Bucket=bucket, Key="leader-record.json", Body=b"{")
    answer = guard.ask(AWS, context_file())
    assert answer.allowed is False
    assert "Who leads is unknown" in answer.reason


def test_a_context_without_regions_and_an_unknown_target_are_refused_in_a_sentence(tmp_path: Path) -> None:
    with pytest.raises(SettingsError, match=r"cdk\.json names no primaryRegion"):
        guard.ask(AWS, tmp_path / "cdk.json")
    with pytest.raises(SettingsError, match="--target 'moon' is not one of lab, aws"):
        target("moon", 0)


def test_a_preview_names_every_state_says_what_is_in_the_way_and_changes_nothing(
    cloud: Cloud, capsys: pytest.CaptureFixture[str]
) -> None:
    before = record_objects(cloud)
    assert cli.main(["failover", "--plan-only"]) == 1
    said = capsys.readouterr().out
    assert "CheckSecondaryReadiness" in said
    assert "CheckSecondaryReadiness          STOPS" in said
    assert "A run would stand down at CheckPrimaryHealth" in said
    assert said.index("FencePrimary") < said.index("PromoteReplica") < said.index("Notify")
    assert record_objects(cloud) == before


def test_a_new_installation_gets_its_first_record_and_a_second_call_changes_nothing(
    cloud: Cloud, capsys: pytest.CaptureFixture[str]
) -> None:
    for region, bucket in plan_dict()["record_copies"].items():
        cloud.client("s3", region).delete_object(Bucket=bucket, Key="leader-record.json")
    assert cli.main(["initialise", "--region", STANDBY]) == 0
    assert f"{PRIMARY} leads in epoch 1" in capsys.readouterr().out
    before = record_objects(cloud)
    assert cli.main(["initialise", "--region", STANDBY]) == 0
    assert f"{PRIMARY} leads in epoch 1" in capsys.readouterr().out
    assert [json.loads(one)["value"] for one in record_objects(cloud)] == [json.loads(one)["value"] for one in before]


def test_a_first_record_is_not_written_while_a_copy_is_silent(cloud: Cloud, capsys: pytest.CaptureFixture[str]) -> None:
    """The silent one might hold the record that the others have lost."""
    buckets = plan_dict()["record_copies"]
    for region in (PRIMARY, STANDBY):
        cloud.client("s3", region).delete_object(Bucket=buckets[region], Key="leader-record.json")
    cloud.client("s3", WITNESS).put_object(Bucket=buckets[WITNESS], Key="leader-record.json", Body=b"{")
    assert cli.main(["initialise", "--region", STANDBY]) == 1
    assert "was not written" in capsys.readouterr().out


def test_a_failover_is_not_started_by_the_preview_command(cloud: Cloud, capsys: pytest.CaptureFixture[str]) -> None:
    assert cli.main(["failover"]) == 2
    assert "--plan-only" in capsys.readouterr().err
