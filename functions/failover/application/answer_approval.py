"""Does a person's answer reach the run that waits for it, once?"""

from __future__ import annotations

import json
from dataclasses import dataclass

from failover.application.errors import RunRefused
from failover.application.operate import Operated
from failover.application.ports import Clock, Journal, Outcomes, WaitingRuns
from failover.application.remembering import remember
from failover.domain.approval import ApprovalRequest, Token, answer_key, judge, read_token, request_key, shown, told_key
from failover.domain.journal import Event
from failover.domain.leader_record import Refusal


@dataclass(frozen=True)
class AnswerApproval:
    """For `by`, in the Region of the run. Whatever is refused is recorded as well."""

    outcomes: Outcomes
    waiting: WaitingRuns
    journal: Journal
    clock: Clock
    by: str

    def approve(self, token: str, accepted_seconds: str, run: str | None = None) -> Operated:
        """Accept a loss of up to `accepted_seconds`, as the message has it. Raises TransientFailure or RunRefused.

        With `run`, a token of another run is refused.
        """
        return self._answer(token, accepted_seconds, run)

    def refuse(self, token: str, run: str | None = None) -> Operated:
        """The run stands down. Raises TransientFailure or RunRefused."""
        return self._answer(token, None, run)

    def _answer(self, text: str, accepted_seconds: str | None, run: str | None) -> Operated:
        token = read_token(text)
        if isinstance(token, Refusal):
            return self._refused(token.reason, run)
        if run is not None and token.run != run:
            return self._refused(f"The token is of another run than {run}.", run)
        request = self._request(token)
        if isinstance(request, Refusal):
            return self._refused(request.reason, token.run)
        if refusal := judge(request, token, accepted_seconds, self.clock.now()):
            return self._refused(refusal.reason, token.run)
        if refusal := self._take(token, accepted_seconds) or self._tell(request, accepted_seconds):
            return self._refused(refusal.reason, token.run)
        self.outcomes.put_once(told_key(token.run, token.digest), json.dumps({"at": self.clock.now().isoformat()}))
        figure = shown(request.bound_seconds)
        told = f"A loss of up to {figure} s is {'accepted' if accepted_seconds is not None else 'refused'}."
        kind = "loss-accepted" if accepted_seconds is not None else "loss-refused"
        return Operated(True, told, remember(self.journal, Event(kind, self.by, told, token.run)))

    def _request(self, token: Token) -> ApprovalRequest | Refusal:
        text = self.outcomes.read(request_key(token.run, token.digest))
        if text is None:
            return Refusal("No request has this token: it was altered, or it belongs to the other Region.")
        try:
            return ApprovalRequest.from_dict(json.loads(text))
        except (ValueError, KeyError, TypeError) as error:
            raise RunRefused(f"{request_key(token.run, token.digest)} is no request: {error}.") from error

    def _take(self, token: Token, accepted_seconds: str | None) -> Refusal | None:
        """The first answer stays; the same person's same answer may be repeated, for it may not have reached the run."""
        mine = json.dumps({"accepted_seconds": accepted_seconds, "by": self.by}, sort_keys=True)
        stored = self.outcomes.put_once(answer_key(token.run, token.digest), mine)
        told = self.outcomes.read(told_key(token.run, token.digest))
        if stored == mine and told is None:
            return None
        try:
            first = json.loads(stored)
            word = "accepted" if first["accepted_seconds"] is not None else "refused"
            return Refusal(f"The token has been used: {first['by']} {word} the loss.")
        except (ValueError, KeyError, TypeError) as error:
            raise RunRefused(f"{answer_key(token.run, token.digest)} is no answer: {error}.") from error

    def _tell(self, request: ApprovalRequest, accepted_seconds: str | None) -> Refusal | None:
        accepted = accepted_seconds is not None
        figure = shown(request.bound_seconds)
        reason = f"{self.by} {'accepted' if accepted else 'refused'} a loss of up to {figure} s."
        return self.waiting.answer(
            request.task_token, {"accepted": accepted, "by": self.by, "reason": reason, "bound_seconds": figure}
        )

    def _refused(self, reason: str, run: str | None) -> Operated:
        return Operated(False, reason, remember(self.journal, Event("approval-refused", self.by, reason, run)))
