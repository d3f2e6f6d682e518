"""Which rows has only the old primary, and are they written down?

Compared in this Region, between the old primary and the new replica, which has all that the leader has: no other Region
needs to answer.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from failover.application.database_login import login_for
from failover.application.errors import DatabaseUnavailable, RunRefused, StillInProgress
from failover.application.ports import DatabaseLogin, DatabaseSessions, Outcomes, Secrets
from failover.application.rebuild_ports import Instances, LedgerRows
from failover.application.rebuilding import accepts_unknown, names_of
from failover.domain.digest import digest_of
from failover.domain.divergence import LedgerRow, as_lines, looked_at_since
from failover.domain.plan import Plan
from failover.domain.rebuild import divergence_key
from failover.domain.run import Run


@dataclass(frozen=True)
class ExportDivergence:
    """Answers `{exported, accepted, rows, key, sha256, since, reason}`; `rows` None is unknown, never zero.

    What was exported first stays: the old primary takes no writes any more, so that a second look finds the same.
    """

    plan: Plan
    region: str
    instances: Instances
    secrets: Secrets
    sessions: DatabaseSessions
    ledger: LedgerRows
    exports: Outcomes

    def __call__(self, run: Run) -> dict[str, Any]:
        """Raises StillInProgress while the replica does not answer; TransientFailure, RunRefused."""
        names = names_of(run)
        old = self.instances.describe(names.kept_as) or self.instances.describe(names.instance)
        new = self.instances.describe(run.text("replica", "instance"))
        if old is None or new is None or old.identifier == new.identifier:
            raise RunRefused(f"{self.region} has not both: the old primary, and a replica to compare it with.")
        secret = self.secrets.read(self.plan.region(self.region).database_secret)
        replica = login_for(new, secret)
        try:
            since = looked_at_since(self.sessions.position(replica, self.region).heartbeat)
        except DatabaseUnavailable as error:
            raise StillInProgress(f"{new.identifier} does not answer: {error}") from error
        try:
            rows = self.ledger.since(login_for(old, secret), since)
        except (DatabaseUnavailable, RunRefused) as error:
            told = f"{old.identifier} does not tell its rows: {error}"
            return _answer(run, None, None, None, since.isoformat(), told)
        text = as_lines(found := self._lacking(replica, rows))
        key = divergence_key(names.kept_as)
        stored = self.exports.put_once(key, text)
        count = len(stored.splitlines())
        told = f"{old.identifier} has {count} rows that the leader lacks; {len(found)} were found by this look."
        return _answer(run, count, key, digest_of(stored), since.isoformat(), told)

    def _lacking(self, replica: DatabaseLogin, rows: Sequence[LedgerRow]) -> Sequence[LedgerRow]:
        try:
            return self.ledger.lacking(replica, rows)
        except DatabaseUnavailable as error:
            raise StillInProgress(f"The replica does not answer: {error}") from error


def _answer(run: Run, rows: int | None, key: str | None, sha256: str | None, since: str, reason: str) -> dict[str, Any]:
    return {
        "exported": rows is not None,
        "accepted": rows is None and accepts_unknown(run),
        "rows": rows,
        "key": key,
        "sha256": sha256,
        "since": since,
        "reason": reason,
    }
