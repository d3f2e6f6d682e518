"""What are people told of a run, at three in the morning?"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from failover.application.ports import Notifications
from failover.application.subject_line import subject_line
from failover.domain.approval import shown
from failover.domain.object_backlog import objects_told
from failover.domain.outcome import Outcome, Result, bound_seconds, recorded
from failover.domain.outcomes import derive
from failover.domain.plan import Plan
from failover.domain.rebuild_outcome import divergence
from failover.domain.recovery_point import Path
from failover.domain.run import Run

NEXT_STEPS = {
    Result.FAILED_OVER: (
        "Nothing is urgent. No alarm starts another run until the hold has passed and a person has acknowledged this "
        "failover. Rebuild the standby in the old Region; going back is a planned run."
    ),
    Result.UNVERIFIED: (
        "Look at the public name now: the Region below leads, but users may not reach it. Check its /healthz, the "
        "health checks of both failover records, and the load balancer. Do not fail back."
    ),
    Result.STOOD_DOWN: (
        "Nothing changed hands. If users are affected, the cause is still there: read the reason, then repair it or "
        "start a run by hand."
    ),
    Result.HELD: (
        "Act now: writes may be refused everywhere. Read the leader record and the state of the replica, then either "
        "finish by the runbook or, if nothing was promoted, reopen the old leader. Never open both."
    ),
    Result.REBUILT: (
        "Nothing is urgent. Read the rows that only the old primary has, and decide what becomes of them. Going back is a "
        "switchover; staying is as good. Let the old primary go when nobody needs it: it costs as much as a running one."
    ),
    Result.NOT_REBUILT: (
        "Users are served, but nothing can take over: read the reason, mend it, and ask for the rebuild again, which goes "
        "on where this one ended."
    ),
    Result.REHEARSED: "Nothing. What was restored is deleted again; the next rehearsal comes by its schedule.",
    Result.NOT_REHEARSED: (
        "Users are served, but nobody knows whether the newest backup can be restored: read the reason, mend it, and rehearse "
        "again. If an instance that it made is left, delete it."
    ),
}

# The runbook page that helps with each end.
PAGES = {
    Result.FAILED_OVER: "runbooks/acknowledge_and_rearm.md",
    Result.UNVERIFIED: "runbooks/unplanned_failover.md",
    Result.STOOD_DOWN: "runbooks/unplanned_failover.md",
    Result.HELD: "runbooks/abandoned_run.md",
    Result.REBUILT: "runbooks/failback.md",
    Result.NOT_REBUILT: "runbooks/failback.md",
    Result.REHEARSED: "runbooks/db_restore.md",
    Result.NOT_REHEARSED: "runbooks/db_restore.md",
}

# Where a switchover leaves another situation than a failover does.
SWITCHOVER_NEXT_STEPS = {
    Result.FAILED_OVER: (
        "Nothing is urgent. The database in the old Region is no replica of the new one: until the standby is rebuilt there, "
        "nothing can take over. Acknowledge, so that alarms count again once the hold has passed."
    ),
    Result.STOOD_DOWN: (
        "Nothing changed hands, and the leader serves. Read the reason, mend it, and start the switchover again when it suits."
    ),
}


@dataclass(frozen=True)
class Notify:
    """Answers `{message_id, subject}`."""

    plan: Plan
    region: str
    notifications: Notifications

    def __call__(self, run: Run) -> dict[str, Any]:
        """Raises TransientFailure or RunRefused."""
        outcome = recorded(run) or derive(run, self.plan.service)
        subject = subject_of(outcome, self.plan.service, run.name, run.planned)
        message_id = self.notifications.publish(subject, text_of(outcome, run, self.region))
        return {"message_id": message_id, "subject": subject}


def subject_of(outcome: Outcome, service: str, run: str, planned: bool) -> str:
    """One line of printable ASCII that fits SNS."""
    did, do = ("switched", "switch") if planned else ("failed", "fail")
    told = {
        Result.FAILED_OVER: f"{service} {did} over: {outcome.leader} leads",
        Result.UNVERIFIED: f"{service} {did} over to {outcome.leader}, TRAFFIC NOT PROVEN",
        Result.STOOD_DOWN: f"{service} did not {do} over: {outcome.leader} leads as before",
        Result.HELD: f"{service} HELD: nobody may be leading, act now",
        Result.REBUILT: f"{service}: the standby of {outcome.leader} is rebuilt",
        Result.NOT_REBUILT: f"{service}: the standby was NOT rebuilt",
        Result.REHEARSED: f"{service}: a restore was rehearsed",
        Result.NOT_REHEARSED: f"{service}: the rehearsal of a restore did NOT pass",
    }[outcome.result]
    return subject_line(told, run)


def text_of(outcome: Outcome, run: Run, region: str) -> str:
    """The message itself: what happened, who leads, what may be lost, what to do."""
    trigger = run.value("trigger", "reason")
    key = run.value("outcome", "key")
    lines = [
        outcome.summary,
        "",
        f"Result:      {outcome.result}",
        f"Leader:      {outcome.leader or 'nobody, or not known'}",
        f"Epoch:       {outcome.epoch if outcome.epoch is not None else 'not known'}",
        f"Data loss:   {_loss(run)}",
        *([] if run.rehearsing else [f"Objects:     {objects_told(run)}"]),
        f"Trigger:     {run.kind}: {trigger if isinstance(trigger, str) else 'no reason given'}",
        f"Run:         {run.name}, in {region}, started {run.started_at:%Y-%m-%d %H:%M:%S} UTC",
        f"Recorded:    {key or 'NOT RECORDED: this message and the execution history are all there is'}",
        "",
        "What to do next",
        SWITCHOVER_NEXT_STEPS.get(outcome.result, NEXT_STEPS[outcome.result])
        if run.planned
        else NEXT_STEPS[outcome.result],
        f"Runbook: {PAGES[outcome.result]}",
    ]
    return "\n".join(lines)


def _loss(run: Run) -> str:
    if run.rehearsing:
        return "none: a rehearsal touches no row of production"
    if run.rebuilding:
        return divergence(run)
    if run.planned and run.value("stood_down") is not None:
        return "none: nothing was promoted"
    if run.planned and run.value("prepared", "loss", "bound_seconds") == 0:
        return "none: the replica held every acknowledged write"
    if run.value("prepared", "loss", "known") is None:
        return "not assessed: the run did not come so far"
    bound = bound_seconds(run)
    if bound is None:
        return "unknown"
    taken = run.value("opened") is not None
    restoring = run.value("readiness", "path") == Path.RESTORE
    if_so = " if the backup is restored" if restoring else " if the replica is promoted"
    by = f", accepted by {run.value('approval', 'by')}" if run.value("approval", "accepted") is True else ""
    return f"at most {shown(bound)} s of acknowledged writes{'' if taken else if_so}{by}"
