"""How long does the intake of an alarm take in the lab when its function is warm, and how many calls to AWS is that?

A lab comes up, one alarm starts a run (which stands down: the leader is well), and copies of the same event follow: each goes
the whole way, to the StartExecution that names the run again. The time is what the emulated Lambda noted of the invocation;
beside it stands one call to the emulated AWS, which on AWS takes longer or shorter than here.
"""

from __future__ import annotations

import json
import statistics
import time
from datetime import UTC, datetime, timedelta
from typing import Any

from lab.laboratory import Laboratory
from lab.region.postgresql_replication import eventually
from lab.settings import SECONDARY_REGION, LabSettings

FUNCTION = "drlab-app-receive-alarm"
COPIES = 100
TARGET_MS = 50.0


def main() -> None:
    with Laboratory(LabSettings(), lambda _: None) as lab:
        functions = lab.client("lambda", SECONDARY_REGION)
        # An alarm that turns OK after the event, as they all do when a lab has just come up, is the end of its story: a copy
        # that comes when the run has ended is then told so, and names no run.
        if not eventually(lambda: _is_ok(lab), timedelta(minutes=1)):
            raise SystemExit("The lab's alarm is not OK a minute after the lab came up: its service is not well.")
        event = json.dumps(_alarm(lab.plan)).encode()
        answers = [
            json.loads(functions.invoke(FunctionName=FUNCTION, Payload=event)["Payload"].read())
            for _ in range(COPIES + 1)
        ]
        # Of this function, in this Region, the newest: the lab's own alarms may have asked it too.
        took = [
            entry["ms"]
            for entry in lab.cloud.journal()["entries"]
            if entry["kind"] == "lambda" and (entry["function"], entry["region"]) == (FUNCTION, SECONDARY_REGION)
        ][-COPIES:]
        one_call = _one_call_ms(lab)
    started = sum(answer.get("started") is True for answer in answers)
    runs = {answer["execution_arn"] for answer in answers if answer.get("execution_arn")}
    others = sorted({str(answer.get("reason")) for answer in answers if not answer.get("execution_arn")})
    print(f"{len(answers)} copies of one event: {started} started a run, {len(runs)} execution is named.")
    for reason in others:
        print(f"a copy that named none: {reason}")
    middle, slow = statistics.median(took), sorted(took)[int(len(took) * 0.95)]
    print(
        f"warm intake: {middle:.1f} ms (median of {len(took)}), 95% within {slow:.1f} ms; one call to the emulated AWS: "
        f"{one_call:.1f} ms, so {middle / one_call:.1f} x  {'ok' if middle <= TARGET_MS else f'over {TARGET_MS:.0f} ms'}"
    )


def _is_ok(lab: Laboratory) -> bool:
    arn = lab.plan["alarms"][0]["arn"].split(":")
    found = lab.client("cloudwatch", arn[3]).describe_alarms(AlarmNames=[arn[6]])["MetricAlarms"]
    return [one["StateValue"] for one in found] == ["OK"]


def _one_call_ms(lab: Laboratory) -> float:
    client, took = lab.client("ssm", SECONDARY_REGION), []
    for _ in range(COPIES):
        began = time.perf_counter()
        client.get_parameter(Name="/drlab/app/plan")
        took.append((time.perf_counter() - began) * 1000)
    return statistics.median(took)


def _alarm(plan: dict[str, Any]) -> dict[str, Any]:
    """As EventBridge delivers it: https://docs.aws.amazon.com/AmazonCloudWatch/latest/monitoring/cloudwatch-and-eventbridge.html"""
    arn = plan["alarms"][0]["arn"]
    at = datetime.now(UTC).strftime("%Y-%m-%dT%H:%M:%S.%f")[:-3] + "+0000"
    return {
        "version": "0",
        "id": "c4c1c1c9-6542-e61b-6ef0-8c4d36933a92",
        "detail-type": "CloudWatch Alarm State Change",
        "source": "aws.cloudwatch",
        "account": arn.split(":")[4],
        "time": at,
        "region": arn.split(":")[3],
        "resources": [arn],
        "detail": {
            "alarmName": arn.split(":")[6],
            "state": {"value": "ALARM", "reason": "Threshold Crossed: bench", "timestamp": at},
            "previousState": {"value": "OK", "timestamp": at},
        },
    }
