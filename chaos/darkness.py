"""What happens while Regions are dark: what still works, and who is told by which alarm of the templates?

A dark Region's calls get no answer, its tasks and its database are dead, and none of its functions runs. Alarms are
evaluated as CloudWatch does, in the Regions that are left, over minutes in which everything that is left is called.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import timedelta
from functools import cache
from pathlib import Path
from typing import Any

from chaos.clock import CaseClock
from chaos.faults import ALL_STATES, Fault, OfRegion
from chaos.gate import Gate
from chaos.history import Darkness, History
from chaos.installation import PRIMARY, STANDBY, WITNESS
from chaos.service import Service
from lab.cloud.cloudformation import sam_templates
from lab.cloud.cloudwatch.alarm_evaluation import ALARM, OK, Condition, evaluate

ROOT = Path(__file__).resolve().parents[1]
MINUTE = timedelta(minutes=1)
# Time for the probe to open an incident, for its run, and for every alarm below to fire.
MINUTES = 10
PROBE_SILENT = "ProbeSilentAlarm"
NOBODY_SERVES = "NobodyServesAlarm"
SILENT = {PRIMARY: "PrimarySilentAlarm", STANDBY: "SecondarySilentAlarm"}


@dataclass
class Night:
    """`probe` calls a Region's ProbeLeader, and tells whether it answered. `alarm` hears of the primary's health check."""

    clock: CaseClock
    gate: Gate
    history: History
    service: Service
    probe: Callable[[str], bool]
    alarm: Callable[[bool], None]
    dark: frozenset[str] = frozenset()
    _answers: dict[str, list[float | None]] = field(default_factory=dict)
    _status: dict[str, list[float | None]] = field(default_factory=dict)

    def fall(self, regions: tuple[str, ...]) -> None:
        """From now on these Regions are dark."""
        self.dark |= set(regions)
        self.gate.faults += tuple(Fault(ALL_STATES, OfRegion.SILENT, region) for region in regions)
        for region in regions:
            self.service.die(region)

    def watch(self, regions: tuple[str, ...]) -> None:
        """Minutes go by, each with its probes and its health checks."""
        told = len(self.history.told)
        for _ in range(MINUTES):
            self.clock.sleep(MINUTE)
            if WITNESS not in self.dark:
                # Its event is lost: the probe must do.
                self.alarm(self.service.serves(PRIMARY))
            for region in (PRIMARY, STANDBY):
                if region not in self.dark:
                    self._answers.setdefault(region, []).append(1.0 if self.probe(region) else None)
                self._status.setdefault(region, []).append(float(self.service.serves(region)))
        found = self.history.darkness
        if found is not None and found.regions == regions:
            found.ended = self.clock.now()
            found.messages += self.history.told[told:]
            found.alarms += self._alarms()

    def lift(self) -> None:
        """All is light again, and whoever was dead is back."""
        for region in self.dark:
            self.service.dead.discard(region)
        self.dark = frozenset()
        self.gate.faults = tuple(
            one for one in self.gate.faults if not (one.state == ALL_STATES and isinstance(one.kind, OfRegion))
        )

    def _alarms(self) -> list[str]:
        """Those whose action has told people by now."""
        control, witness = (_alarms_of(name) for name in ("template.yaml", "controlplane_sam/witness.yaml"))
        fired = [
            f"{PROBE_SILENT} in {region}"
            for region, answers in self._answers.items()
            if _tells(control[PROBE_SILENT]) and _fires(control[PROBE_SILENT], answers)
        ]
        silent = all(_fires(witness[name], self._status[region]) for region, name in SILENT.items())
        if WITNESS not in self.dark and silent and _tells(witness[NOBODY_SERVES]):
            fired.append(f"{NOBODY_SERVES} in {WITNESS}")
        return fired


def begin(regions: tuple[str, ...], night: Night) -> Darkness:
    """The account of what is about to happen."""
    return Darkness(regions, night.clock.now(), night.clock.now())


def somebody_hears(metric: str, machine: str) -> bool:
    """Whether an alarm of the control plane tells people of a workflow's executions that `metric` counts."""
    dimensions = [{"Name": "StateMachineArn", "Value": {"Ref": machine}}]
    return any(
        one.get("MetricName") == metric and one["Dimensions"] == dimensions and _tells(one)
        for one in _alarms_of("template.yaml").values()
        if one.get("Namespace") == "AWS/States"
    )


def _tells(alarm: dict[str, Any]) -> bool:
    return bool(alarm.get("AlarmActions"))


def _fires(alarm: dict[str, Any], minutes: list[float | None]) -> bool:
    """Whether it was in ALARM at the end of any of these minutes."""
    condition = Condition(
        alarm["ComparisonOperator"],
        float(alarm["Threshold"]),
        int(alarm.get("DatapointsToAlarm", alarm["EvaluationPeriods"])),
        int(alarm["EvaluationPeriods"]),
        alarm.get("TreatMissingData", "missing"),
    )
    ends = range(1, len(minutes) + 1)
    looks = [minutes[max(0, end - condition.evaluation_range) : end] for end in ends]
    return any(evaluate(look, condition, OK).state == ALARM for look in looks if len(look) >= condition.periods)


@cache
def _alarms_of(template: str) -> dict[str, dict[str, Any]]:
    resources = sam_templates.load(ROOT / template)["Resources"]
    return {name: one["Properties"] for name, one in resources.items() if "Alarm" in one["Type"]}
