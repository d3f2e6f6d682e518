"""Which event does each function of the control plane get, and in which order does a failover by hand send them?"""

from __future__ import annotations

import json
import time
from pathlib import Path
from typing import Any

EVENTS = Path(__file__).parents[2] / "controlplane_sam" / "events"
NAMES = sorted(path.stem for path in EVENTS.glob("*.json") if path.stem != "env")

# The run that stood down must not be taken for the next one, and reopening raised the record's epoch from 1 to 3.
SECOND_RUN, SECOND_EPOCH = "by-hand-again", 3


def event(function: str) -> dict[str, Any]:
    """The committed event of a function, as `sam local invoke -e` sends it."""
    loaded: dict[str, Any] = json.loads((EVENTS / f"{function}.json").read_text())
    return loaded


def of_now(given: dict[str, Any]) -> dict[str, Any]:
    """A request is answered for five minutes: the committed one is sent as if it were made now. Others as they are."""
    if "requestContext" not in given:
        return given
    return {**given, "requestContext": {**given["requestContext"], "timeEpoch": int(time.time() * 1000)}}


def of_second_run(function: str) -> dict[str, Any]:
    """The same call by another run, after the first one stood down."""
    given = event(function)
    given["run"] = SECOND_RUN
    given["state"]["expected_epoch"] = SECOND_EPOCH
    if "health" in given["state"]:
        given["state"]["health"]["epoch"] = SECOND_EPOCH
    return given


REBUILD = (
    *("CheckRebuild", "CreateReplica", "ExportDivergence", "KeepOldPrimary", "InstallReplica"),
    *("ReverseObjectReplication", "VerifyStandby"),
)
# They start, and refuse, with these words: steps of an Aurora global database, of which the lab's plan has none, a restore
# by a run that does not hold the fence, and a rehearsal after the leadership moved. tests/drills restores and rehearses.
REFUSED = {
    "FailoverGlobalCluster": "for a step of a global database",
    "SwitchoverGlobalCluster": "for a step of a global database",
    "RestoreFromLatestSnapshot": "does not hold the fence",
    "RehearseRestore": "nothing further is changed",
}

# A run that is stood down, then one that goes through: every function once, on one lab that is new.
FAILOVER_BY_HAND: tuple[tuple[str, dict[str, Any]], ...] = (
    *((name, event(name)) for name in ("ReceiveAlarm", "ProbeLeader", "CheckPrimaryHealth", "CheckSecondaryReadiness")),
    ("EvaluateReadiness", event("EvaluateReadiness")),
    ("OperatorApi", event("OperatorApi")),
    *((name, event(name)) for name in ("CheckRehearsal", "DeleteRehearsedInstance", "KeepRehearsal")),
    # A rebuild in us-west-2 while ap-southeast-2 leads: the replica stands for what was the primary, and the new one gets a
    # name beside it, so that every step does its work.
    *((name, event(name)) for name in REBUILD),
    ("WarmSecondary", event("WarmSecondary")),
    *((name, event(name)) for name in ("FencePrimary", "ScaleSecondaryECS", "StandDown")),
    *(
        (name, of_second_run(name))
        for name in (
            "FencePrimary",
            "ScaleSecondaryECS",
            "BoundDataLoss",
            "AwaitApproval",
            "PromoteReplica",
            "UpdateSecretsAndRotateAppConfig",
            "VerifyWrites",
            "OpenSecondary",
            "FlipRoute53",
            "PostChecks",
            "RecordOutcome",
            "Notify",
        )
    ),
)
