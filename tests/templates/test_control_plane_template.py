"""Does template.yaml deploy what the workflow needs, and nothing that AWS would refuse?"""

from __future__ import annotations

import json
import re
import tomllib
from pathlib import Path

import pytest

from dataplane_cdk.config import SERVICE
from failover.domain.plan import SERVICE_PATTERN
from failover.domain.recovery_point import RestoreRequest, requested
from failover.domain.run import Run
from lab.cloud.cloudwatch.alarm_evaluation import ALARM, OK, Condition, evaluate
from lab.documentation.workflow import DEFINITION, REBUILD, REHEARSAL, load, states
from tests.templates.expanded import CONTROL_PLANE, ROOT, WITNESS, expanded, of_type, source, text
from tests.templates.linting import findings

MACHINES = {"FailoverStateMachine": DEFINITION, "RebuildStateMachine": REBUILD, "RehearsalStateMachine": REHEARSAL}
TASKS = sorted(
    {placed.name for path in MACHINES.values() for placed in states(load(path)) if placed.state["Type"] == "Task"}
)
FUNCTIONS = of_type(CONTROL_PLANE, "AWS::Lambda::Function")
RULE = of_type(CONTROL_PLANE, "AWS::Events::Rule")["ReceiveAlarmFunctionAlarmChange"]


def snake(state: str) -> str:
    return re.sub(r"(?<=[a-z0-9])(?=[A-Z])", "_", state).lower()


@pytest.mark.parametrize("path", [CONTROL_PLANE, WITNESS], ids=["control plane", "witness"])
def test_cfn_lint_finds_nothing_in_the_template_as_written(path: Path) -> None:
    assert findings([path]) == []


@pytest.mark.parametrize(
    ("service", "fits"),
    [
        *((one, True) for one in ("app", "a", "my-app-2", "a" * 20)),
        *((one, False) for one in ("", "a" * 21, "App", "1app", "app-", "my--app")),
    ],
)
def test_the_templates_the_plan_and_the_data_plane_take_the_same_names_for_a_service(service: str, fits: bool) -> None:
    """One that only some of them take is found out halfway through a deployment."""
    assert [bool(re.fullmatch(one, service)) for one in (SERVICE, SERVICE_PATTERN)] == [fits, fits]
    for path in (CONTROL_PLANE, WITNESS):
        name = source(path)["Parameters"]["ServiceName"]
        taken = re.fullmatch(name["AllowedPattern"], service) is not None and len(service) <= name["MaxLength"]
        assert taken is fits


def test_cfn_lint_finds_nothing_in_what_aws_would_deploy_in_either_region(tmp_path: Path) -> None:
    """The transform hides mistakes: a property in the wrong place is only seen in what comes out of it."""
    path = tmp_path / "expanded.json"
    path.write_text(json.dumps(expanded(CONTROL_PLANE)))
    assert findings([path], regions=["ap-southeast-2", "us-west-2"]) == []


@pytest.mark.parametrize("state", TASKS)
def test_each_task_state_has_its_function_under_its_own_name(state: str) -> None:
    function = FUNCTIONS[f"{state}Function"]
    assert function["Handler"] == f"handlers.{snake(state)}.handler"
    assert text(function["FunctionName"]) == f"drlab-app-{snake(state).replace('_', '-')}"


@pytest.mark.parametrize("name", MACHINES)
def test_every_substitution_of_a_workflow_is_given_and_none_besides(name: str) -> None:
    machine = of_type(CONTROL_PLANE, "AWS::StepFunctions::StateMachine")[name]
    used = set(re.findall(r"\$\{(\w+)\}", json.dumps(load(MACHINES[name]))))
    assert set(machine["DefinitionSubstitutions"]) == used
    for name, value in machine["DefinitionSubstitutions"].items():
        assert text(value) == f"{name.removesuffix('Arn')}.Arn"


def test_no_log_holds_the_token_that_lets_a_waiting_run_go_on() -> None:
    """Whoever has Step Functions' token and may send it answers for a person. With its data a log shows every input."""
    machines = of_type(CONTROL_PLANE, "AWS::StepFunctions::StateMachine")
    waiting = {name for name, path in MACHINES.items() if "$$.Task.Token" in path.read_text()}
    assert waiting == {"FailoverStateMachine"}
    for name in waiting:
        assert machines[name]["LoggingConfiguration"]["IncludeExecutionData"] is False


def test_functions_run_on_one_runtime_and_report_a_timeout_themselves() -> None:
    for name, function in FUNCTIONS.items():
        assert (function["Runtime"], text(function["Architectures"][0])) == ("python3.13", "arm64"), name
        # The gateway in front of the operators' API gives up before.
        assert function["Timeout"] == (29 if name == "OperatorApiFunction" else 60), name
        assert text(function["LoggingConfig"]["LogGroup"]) == "FunctionLogGroup"


def test_no_run_waits_for_the_concurrency_that_others_in_the_account_use_up() -> None:
    """In the outage of a Region everybody's functions are busy in the next one; all of it fits into a small quota."""
    reserved = {name: function["ReservedConcurrentExecutions"] for name, function in FUNCTIONS.items()}
    assert min(reserved.values()) >= 1
    assert {reserved[f"{state}Function"] for state in TASKS} == {2}, "one would make two runs fail each other"
    unreserved = 100
    assert unreserved + sum(reserved.values()) <= 180


def test_every_log_group_forgets() -> None:
    groups = of_type(CONTROL_PLANE, "AWS::Logs::LogGroup")
    assert set(groups) == {"FunctionLogGroup", "OperatorApiLogGroup", "StateMachineLogGroup"}
    assert all("RetentionInDays" in group for group in groups.values())


def test_every_function_is_told_where_its_plan_is_and_none_an_address_by_default() -> None:
    """An address that stands in the template as a default would send a deployment's calls to a laptop."""
    for function in FUNCTIONS.values():
        variables = function["Environment"]["Variables"]
        assert text(variables["PLAN_PARAMETER"]) == "/drlab/app/plan"
        assert variables["AWS_ENDPOINT_URL"] == {"Ref": "AwsEndpointUrl"}
    assert source(CONTROL_PLANE)["Parameters"]["AwsEndpointUrl"]["Default"] == ""


def test_only_the_functions_that_open_the_database_can_be_put_in_a_vpc() -> None:
    within = {name for name, function in FUNCTIONS.items() if "VpcConfig" in function}
    opening = ("WarmSecondary", "BoundDataLoss", "PromoteReplica", "CheckRebuild", "ExportDivergence", "VerifyStandby")
    rehearsing = ("CheckRehearsal", "RehearseRestore", "KeepRehearsal")
    assert within == {
        f"{name}Function"
        for name in (
            *opening,
            *rehearsing,
            "RestoreFromLatestSnapshot",
            "FailoverGlobalCluster",
            "SwitchoverGlobalCluster",
        )
    }


@pytest.mark.scenario("F06")
def test_the_rule_passes_on_our_alarms_of_this_account_and_no_others() -> None:
    pattern = RULE["EventPattern"]
    assert pattern["source"] == ["aws.cloudwatch"]
    assert pattern["account"] == [{"Ref": "AWS::AccountId"}]
    assert pattern["detail-type"] == ["CloudWatch Alarm State Change"]
    assert [text(item["prefix"]) for item in pattern["detail"]["alarmName"]] == ["drlab-app-"]


def test_an_alarm_that_cannot_be_delivered_or_decided_is_kept() -> None:
    target = RULE["Targets"][0]
    assert text(target["DeadLetterConfig"]["Arn"]) == "UndecidedAlarmsQueue.Arn"
    assert target["RetryPolicy"]["MaximumRetryAttempts"] > 0
    receiver = FUNCTIONS["ReceiveAlarmFunction"]
    assert text(receiver["DeadLetterConfig"]["TargetArn"]) == "UndecidedAlarmsQueue.Arn"
    assert receiver["ReservedConcurrentExecutions"] > 0
    assert text(receiver["Environment"]["Variables"]["UNDECIDED_ALARMS_QUEUE"]) == "UndecidedAlarmsQueue"


def test_only_the_rule_may_fill_the_queue_of_undecided_alarms() -> None:
    policy = of_type(CONTROL_PLANE, "AWS::SQS::QueuePolicy")["UndecidedAlarmsQueuePolicy"]
    (statement,) = policy["PolicyDocument"]["Statement"]
    source_arn = text(statement["Condition"]["ArnEquals"]["aws:SourceArn"])
    assert source_arn.endswith(f":rule/{text(RULE['Name'])}")


ALARMS = of_type(CONTROL_PLANE, "AWS::CloudWatch::Alarm")


def test_what_the_control_plane_cannot_report_about_itself_is_alarmed_on() -> None:
    watched = {(alarm["MetricName"], text(alarm["Dimensions"][0]["Value"])) for alarm in ALARMS.values()}
    assert watched == {
        ("ApproximateNumberOfMessagesVisible", "UndecidedAlarmsQueue.QueueName"),
        ("ApproximateNumberOfMessagesVisible", "UndeliveredNotificationsQueue.QueueName"),
        ("Errors", "ReceiveAlarmFunction"),
        ("Throttles", "ReceiveAlarmFunction"),
        ("ProbeStartedRun", "drlab-app"),
        ("ReadinessNotOk", "drlab-app"),
        ("ExecutionsFailed", "FailoverStateMachine"),
        ("ExecutionsTimedOut", "FailoverStateMachine"),
        ("ExecutionsAborted", "FailoverStateMachine"),
        ("ExecutionsFailed", "RebuildStateMachine"),
        ("ExecutionsTimedOut", "RebuildStateMachine"),
        ("ExecutionsAborted", "RebuildStateMachine"),
        ("ExecutionsFailed", "RehearsalStateMachine"),
        ("ExecutionsTimedOut", "RehearsalStateMachine"),
        ("ExecutionsAborted", "RehearsalStateMachine"),
    }


def test_a_probe_that_is_not_called_at_all_is_told_of() -> None:
    """A schedule that somebody switched off makes no errors. What is counted is what the function counts by itself."""
    alarm = ALARMS["ProbeSilentAlarm"]
    assert f'name="{alarm["MetricName"]}"' in (ROOT / "functions" / "handlers" / "probe_leader.py").read_text()
    never = Condition(
        alarm["ComparisonOperator"],
        alarm["Threshold"],
        alarm["EvaluationPeriods"],
        alarm["EvaluationPeriods"],
        alarm["TreatMissingData"],
    )
    assert evaluate([None] * never.evaluation_range, never, OK).state == ALARM
    assert evaluate([1.0] * never.evaluation_range, never, OK).state == OK


@pytest.mark.parametrize("name", ALARMS)
def test_an_alarm_on_the_control_plane_tells_people_and_does_not_feed_itself(name: str) -> None:
    """Under the rule's prefix, its own change would go to the function whose failure it reports."""
    alarm = ALARMS[name]
    assert not text(alarm["AlarmName"]).startswith("drlab-app-")
    assert [text(action) for action in alarm["AlarmActions"]] == ["NotificationTopic"]
    # Silence is health here: none of these metrics exists before something happens, but for what is counted on a schedule.
    scheduled = alarm["Namespace"] == "drlab"
    assert alarm["TreatMissingData"] == ("breaching" if scheduled else "notBreaching")


def test_every_function_and_every_workflow_is_traced() -> None:
    assert {function["TracingConfig"]["Mode"] for function in FUNCTIONS.values()} == {"Active"}
    machines = of_type(CONTROL_PLANE, "AWS::StepFunctions::StateMachine")
    assert set(machines) == set(MACHINES)
    for machine in machines.values():
        assert machine["TracingConfiguration"] == {"Enabled": True}


def test_a_restore_is_rehearsed_weekly_by_what_starts_that_workflow_alone() -> None:
    (schedule,) = of_type(CONTROL_PLANE, "AWS::Scheduler::Schedule").values()
    target = schedule["Target"]
    assert text(target["Arn"]) == "RehearsalStateMachine"
    run = Run.parse({"run": "r", "started_at": "2026-11-24T03:00:00Z", "state": json.loads(target["Input"])})
    assert (run.rehearsing, run.kind, requested(run, "rehearsal")) == (True, "schedule", RestoreRequest(None))
    assert source(CONTROL_PLANE)["Parameters"]["RehearsalSchedule"]["Default"] == "rate(7 days)"
    role = of_type(CONTROL_PLANE, "AWS::IAM::Role")["RehearsalScheduleRole"]
    (statement,) = role["Policies"][0]["PolicyDocument"]["Statement"]
    assert (statement["Action"], text(statement["Resource"])) == ("states:StartExecution", "RehearsalStateMachine")


def test_an_empty_schedule_and_an_aurora_global_database_take_the_schedule_away() -> None:
    resources, source_of = expanded(CONTROL_PLANE)["Resources"], source(CONTROL_PLANE)
    for name in ("RehearsalScheduleRule", "RehearsalScheduleRole"):
        assert resources[name]["Condition"] == "RehearsesBySchedule"
    pattern = source_of["Parameters"]["RehearsalSchedule"]["AllowedPattern"]
    fits = [one for one in ("", "rate(7 days)", "cron(0 3 ? * SUN *)", "weekly") if re.fullmatch(pattern, one)]
    assert fits == ["", "rate(7 days)", "cron(0 3 ? * SUN *)"]


def test_notifications_are_optional() -> None:
    resources = expanded(CONTROL_PLANE)["Resources"]
    assert resources["EmailSubscription"]["Condition"] == "TellsByEmail"
    assert resources["WebhookSubscription"]["Condition"] == "TellsByWebhook"
    for name in ("NotificationEmail", "WebhookUrl"):
        assert source(CONTROL_PLANE)["Parameters"][name]["Default"] == ""


@pytest.mark.scenario("F38")
@pytest.mark.parametrize(("path", "topic"), [(CONTROL_PLANE, "NotificationTopic"), (WITNESS, "WitnessTopic")])
def test_what_a_webhook_does_not_take_is_kept_and_told_of(path: Path, topic: str) -> None:
    """SNS discards what it could not deliver, unless the subscription names a queue whose policy lets the topic send."""
    resources, queue = expanded(path)["Resources"], "UndeliveredNotificationsQueue"
    (webhook,) = [one for one in of_type(path, "AWS::SNS::Subscription").values() if one["Protocol"] != "email"]
    assert text(webhook["RedrivePolicy"]["deadLetterTargetArn"]) == f"{queue}.Arn"
    assert webhook["TopicArn"] == {"Ref": topic}
    policy = resources[f"{queue}Policy"]["Properties"]
    (statement,) = policy["PolicyDocument"]["Statement"]
    assert policy["Queues"] == [{"Ref": queue}]
    assert (statement["Principal"], statement["Action"]) == ({"Service": "sns.amazonaws.com"}, "sqs:SendMessage")
    assert statement["Condition"] == {"ArnEquals": {"aws:SourceArn": {"Ref": topic}}}
    assert resources[queue]["Properties"]["SqsManagedSseEnabled"] is True
    alarm = resources["UndeliveredNotificationsAlarm"]["Properties"]
    assert [text(one["Value"]) for one in alarm["Dimensions"]] == [f"{queue}.QueueName"]
    assert alarm["AlarmActions"] == [{"Ref": topic}]
    made = {name: one.get("Condition") for name, one in resources.items() if name.startswith("Undelivered")}
    assert (len(made), set(made.values())) == (3, {"TellsByWebhook"})


def test_the_record_outlives_the_stack() -> None:
    for path in (CONTROL_PLANE, WITNESS):
        bucket = expanded(path)["Resources"]["ControlBucket"]
        assert (bucket["DeletionPolicy"], bucket["UpdateReplacePolicy"]) == ("Retain", "Retain")


def test_the_template_uses_no_yaml_aliases() -> None:
    """SAM, cfn-lint and CloudFormation each read the file with a parser of their own."""
    for path in (CONTROL_PLANE, WITNESS):
        assert not re.findall(r"(?m)^\s*(?:- |\w+: )[&*][A-Za-z]\w*", path.read_text())


def test_samconfig_names_the_regions_and_templates_that_exist() -> None:
    config = tomllib.loads((ROOT / "samconfig.toml").read_text())
    defaults = {name: value["Default"] for name, value in source(CONTROL_PLANE)["Parameters"].items()}
    deployed = {name: config[name]["deploy"]["parameters"] for name in ("primary", "secondary", "witness")}
    for name, parameter in (
        ("primary", "PrimaryRegion"),
        ("secondary", "SecondaryRegion"),
        ("witness", "WitnessRegion"),
    ):
        assert deployed[name]["region"] == defaults[parameter]
        assert deployed[name]["capabilities"] == "CAPABILITY_IAM"
    assert (ROOT / deployed["witness"]["template_file"]) == WITNESS


@pytest.mark.parametrize(
    ("makefile", "target", "lock", "needed"),
    [
        (
            "controlplane_sam/layer/Makefile",
            "build-DependenciesLayer:",
            "controlplane_sam/layer/requirements.txt",
            {"aws-lambda-powertools", "psycopg", "psycopg-binary"},
        ),
        (
            "webapi/Makefile",
            "build-OperatorLayer:",
            "webapi/operator/requirements.txt",
            {"fastapi", "mangum", "pydantic"},
        ),
    ],
)
def test_a_layer_brings_the_versions_that_were_tested(makefile: str, target: str, lock: str, needed: set[str]) -> None:
    assert target in (ROOT / makefile).read_text()
    tested = pinned(ROOT / "requirements" / "runtime.lock")
    brought = pinned(ROOT / lock)
    assert needed <= set(brought)
    assert "boto3" not in brought
    assert brought.items() <= tested.items()


def test_only_the_operators_api_has_the_web_framework() -> None:
    with_it = {
        name for name, function in FUNCTIONS.items() if any("OperatorLayer" in str(one) for one in function["Layers"])
    }
    assert with_it == {"OperatorApiFunction"}
    assert all(any("DependenciesLayer" in str(one) for one in function["Layers"]) for function in FUNCTIONS.values())


def test_every_request_to_the_operators_api_is_signed_and_goes_to_its_function() -> None:
    """Without a default authorizer, SAM makes a route that anybody may call."""
    (api,) = of_type(CONTROL_PLANE, "AWS::ApiGatewayV2::Api").values()
    schemes = api["Body"]["components"]["securitySchemes"]
    assert schemes["AWS_IAM"]["x-amazon-apigateway-authtype"] == "awsSigv4"
    operations = [one for path in api["Body"]["paths"].values() for one in path.values()]
    assert operations
    for operation in operations:
        assert operation["security"] == [{"AWS_IAM": []}]
        integration = operation["x-amazon-apigateway-integration"]
        assert integration["payloadFormatVersion"] == "2.0"
        assert "${OperatorApiFunction.Arn}" in str(integration["uri"])
        assert integration["timeoutInMillis"] <= FUNCTIONS["OperatorApiFunction"]["Timeout"] * 1000
    assert "CorsConfiguration" not in api


def test_who_is_turned_away_by_the_gateway_is_in_a_log_of_its_own() -> None:
    (stage,) = of_type(CONTROL_PLANE, "AWS::ApiGatewayV2::Stage").values()
    settings = stage["AccessLogSettings"]
    assert text(settings["DestinationArn"]) == "OperatorApiLogGroup.Arn"
    assert {"by", "status", "error", "integration"} <= set(json.loads(settings["Format"]))
    assert "authorization" not in settings["Format"].lower()
    assert stage["DefaultRouteSettings"]["ThrottlingRateLimit"] > 0


def pinned(lock: Path) -> dict[str, str]:
    return dict(re.findall(r"(?m)^([\w-]+)(?:\[\w+\])?==(\S+)", lock.read_text()))
