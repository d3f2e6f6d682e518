"""Did a function of the control plane answer sensibly, and did the lab's emulated cloud change as it says?"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from typing import Any

from lab.laboratory import Laboratory
from lab.settings import PRIMARY_REGION, SECONDARY_REGION

Seen = Mapping[str, Any]
Judgement = Callable[[Seen, Seen, Seen], bool]

TOLD_WITHIN_SECONDS = 10

# Of a function's answer, what was seen before the call, and what is seen after it.
JUDGEMENTS: Mapping[str, Judgement] = {
    # The recorded alarm is old, and the leader is well.
    "ReceiveAlarm": lambda answer, _, __: answer["started"] is False and "fresh" in answer["reason"],
    "ProbeLeader": lambda answer, _, __: answer["started"] is False and bool(answer["reason"]),
    # Nothing has been drilled on a new lab, and that is said. The way of containers to a lab's database changes plan and login.
    "EvaluateReadiness": lambda answer, _, __: (
        answer["standby"] == SECONDARY_REGION
        and {"last-drill", "last-rehearsal"}
        <= {one["name"] for one in answer["checks"] if one["verdict"] == "not ok"}
        <= {"last-drill", "last-rehearsal", "plan", "secret"}
    ),
    "OperatorApi": lambda answer, _, __: (
        answer["statusCode"] == 200 and json.loads(answer["body"])["record"]["leader"] == PRIMARY_REGION
    ),
    "CheckPrimaryHealth": lambda answer, _, __: answer["down"] is False and answer["leader"] == PRIMARY_REGION,
    "CheckSecondaryReadiness": lambda answer, _, __: answer["ready"] is True and answer["tasks"] == 1,
    "WarmSecondary": lambda answer, before, now: (
        (before["desired"], now["desired"]) == (1, 2) and answer["healthy"] >= 2 and answer["behind_seconds"] >= 0
    ),
    "FencePrimary": lambda answer, before, now: (
        answer["held"] is True and now["record"] == ("fenced", PRIMARY_REGION) and now["epoch"] == before["epoch"] + 1
    ),
    "ScaleSecondaryECS": lambda answer, before, now: (
        before["desired"] in (1, 2) and now["desired"] == 2 and answer["healthy"] >= 2
    ),
    "StandDown": lambda answer, before, now: (
        answer["reopened"] is True
        and now["record"] == ("open", PRIMARY_REGION)
        and (before["desired"], now["desired"]) == (2, 1)
    ),
    "CheckRebuild": lambda answer, _, __: answer["allowed"] is False and "replicates from" in answer["reason"],
    "CreateReplica": lambda answer, before, now: (
        now["instances"] - before["instances"] == {answer["instance"]} and answer["port"] > 0
    ),
    "ExportDivergence": lambda answer, before, now: (
        (answer["exported"], answer["rows"], now["divergences"]) == (True, 0, before["divergences"] + 1)
    ),
    "KeepOldPrimary": lambda answer, before, now: (
        answer["kept_as"] == f"app-{SECONDARY_REGION}" and now["instances"] == before["instances"]
    ),
    "InstallReplica": lambda answer, before, now: now["instances"] - before["instances"] == {answer["instance"]},
    "ReverseObjectReplication": lambda answer, _, __: (answer["replicates"], answer["changed"]) == (True, False),
    "VerifyStandby": lambda answer, _, __: answer["follows"] is True and answer["behind_seconds"] < 60,
    # A lab that is new may have no backup yet.
    "CheckRehearsal": lambda answer, _, __: (
        answer["leader"] == PRIMARY_REGION and (answer["allowed"] is True or "no recovery point" in answer["reason"])
    ),
    "DeleteRehearsedInstance": lambda answer, before, now: (
        answer["gone"] is True and now["instances"] == before["instances"]
    ),
    "KeepRehearsal": lambda answer, _, __: (
        answer["passed"] is False and answer["after"]["answered_by"] == PRIMARY_REGION and answer["price_usd"] > 0
    ),
    "BoundDataLoss": lambda answer, _, __: answer["known"] is True and answer["accepted"] is True,
    "AwaitApproval": lambda answer, before, now: (
        bool(answer["asked_until"]) and any("WAITS FOR YOU" in told for told in now["told"][len(before["told"]) :])
    ),
    "PromoteReplica": lambda _, before, now: (before["is_replica"], now["is_replica"]) == (True, False),
    "UpdateSecretsAndRotateAppConfig": lambda answer, before, now: (
        answer["changed"] is True and before["parameter"] != now["parameter"]
    ),
    "VerifyWrites": lambda answer, _, __: answer["read_back"] is True and answer["region"] == SECONDARY_REGION,
    "OpenSecondary": lambda _, __, now: now["record"] == ("open", SECONDARY_REGION),
    "FlipRoute53": lambda answer, _, __: answer["answered_by"] == SECONDARY_REGION,
    "PostChecks": lambda answer, _, __: answer["read_back"] is True and answer["region"] == SECONDARY_REGION,
    "RecordOutcome": lambda answer, before, now: (
        answer["result"] == "failed-over" and now["outcomes"] == before["outcomes"] + 1
    ),
    "Notify": lambda answer, before, now: (
        now["told"][: len(before["told"])] == before["told"] and answer["subject"] in now["told"][len(before["told"]) :]
    ),
}


def judge(lab: Laboratory, function: str, answer: Seen, before: Seen) -> None:
    """Raises AssertionError with all that was seen. `before` is `observed(lab)` before the call."""
    if function in ("Notify", "AwaitApproval"):
        lab.webhook.wait_for(len(before["told"]) + 1, TOLD_WITHIN_SECONDS)
    now = observed(lab)
    assert JUDGEMENTS[function](answer, before, now), {"answer": answer, "before": before, "now": now}


def observed(lab: Laboratory) -> dict[str, Any]:
    """What the functions can change, as it is now in us-west-2."""
    record = lab.leader_record()
    rds, ssm, s3, ecs = (lab.client(service, SECONDARY_REGION) for service in ("rds", "ssm", "s3", "ecs"))
    instances = {one["DBInstanceIdentifier"]: one for one in rds.describe_db_instances()["DBInstances"]}
    instance = instances[f"app-{SECONDARY_REGION}"]
    outcomes = s3.list_objects_v2(Bucket=lab.plan["record_copies"][SECONDARY_REGION], Prefix="runs/by-hand")
    divergences = s3.list_objects_v2(Bucket=lab.plan["record_copies"][SECONDARY_REGION], Prefix="divergence/")
    parameters = ssm.get_parameters(Names=["/drlab/app/database"])["Parameters"]
    return {
        "record": (record.state.value, record.leader),
        "epoch": record.epoch,
        "desired": ecs.describe_services(cluster="app", services=["app"])["services"][0]["desiredCount"],
        "is_replica": bool(instance.get("ReadReplicaSourceDBInstanceIdentifier")),
        "parameter": parameters[0]["Value"] if parameters else None,
        "outcomes": outcomes["KeyCount"],
        "divergences": divergences["KeyCount"],
        "instances": {one["DBInstanceIdentifier"] for one in rds.describe_db_instances()["DBInstances"]},
        "told": [message.get("Subject") for message in lab.webhook.received()],
    }
