"""Who is asked to accept a loss that the policy does not, and what are they told?

The run waits by a task token, until it is answered or its state's time is up:
https://docs.aws.amazon.com/step-functions/latest/dg/connect-to-resource.html#connect-wait-token
"""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from failover.application.errors import RunRefused
from failover.application.ports import Clock, Notifications, Outcomes
from failover.application.subject_line import subject_line
from failover.domain.approval import ApprovalRequest, request_key, shown, token_for
from failover.domain.digest import digest_of
from failover.domain.object_backlog import objects_told
from failover.domain.plan import Plan
from failover.domain.recovery_point import Path, restore_estimate
from failover.domain.run import Run


@dataclass(frozen=True)
class AwaitApproval:
    """The run waits after this for a person, or for its own end. Each call asks anew, with a token of its own.

    `draw` makes a secret of at least 20 characters that nobody can guess. Answers `{asked_until}`, which the workflow
    does not wait for.
    """

    plan: Plan
    region: str
    outcomes: Outcomes
    notifications: Notifications
    clock: Clock
    draw: Callable[[], str]

    def __call__(self, run: Run) -> dict[str, Any]:
        """Raises TransientFailure or RunRefused."""
        bound = run.value("prepared", "loss", "bound_seconds")
        if run.value("prepared", "loss", "known") is not True or not isinstance(bound, int | float):
            raise RunRefused("The loss is unknown: nobody can accept it.")
        if run.task_token is None:
            raise RunRefused("The call is malformed: it has no task token, so no answer could reach the run.")
        token = token_for(run.name, self.draw())
        request = ApprovalRequest(
            run.name, digest_of(token), float(bound), self.clock.now() + self.plan.timing.approval, run.task_token
        )
        self.outcomes.put_once(request_key(run.name, request.digest), json.dumps(request.to_dict(), sort_keys=True))
        self.notifications.publish(*message(request, token, run, self.plan.service, self.region))
        return {"asked_until": request.expires_at.isoformat()}


def message(request: ApprovalRequest, token: str, run: Run, service: str, region: str) -> tuple[str, str]:
    """Subject and text."""
    figure = shown(request.bound_seconds)
    subject = subject_line(f"{service} WAITS FOR YOU: accept a loss of up to {figure} s?", run.name)
    reason = run.value("prepared", "loss", "reason")
    lines = [
        f"{service}: {run.value('fence', 'leader')} is down and fenced; nobody accepts writes. {region} could take over,",
        f"and up to {figure} s of acknowledged writes would be lost. {reason if isinstance(reason, str) else ''}",
        *_restore_told(run),
        objects_told(run),
        "",
        f"Until {request.expires_at:%Y-%m-%d %H:%M:%S} UTC one answer counts. Without one the old leader is reopened.",
        "",
        "To accept that loss and fail over:",
        f"  drlab approve {token} --accept-loss {figure} --region {region}",
        "To refuse, and give the old leader back its writes:",
        f"  drlab refuse {token} --region {region}",
        "Runbook: runbooks/approve_or_refuse.md",
    ]
    return subject, "\n".join(lines)


def _restore_told(run: Run) -> list[str]:
    """How long writes would go on being refused, where the database is to be made of a backup."""
    if run.value("readiness", "path") != Path.RESTORE:
        return []
    seconds = run.value("readiness", "restore_seconds")
    return [restore_estimate(timedelta(seconds=seconds) if isinstance(seconds, int | float) else None)]
