"""Was this very request made before, and what was it told?

A caller numbers each change with a key of its own. The first request with a key claims it before anything is changed, so
a second one, by accident or by somebody who recorded the first, finds the claim and changes nothing.
"""

from __future__ import annotations

import json
import logging
from collections.abc import Callable
from dataclasses import asdict, dataclass

from failover.application.errors import RunRefused, TransientFailure
from failover.application.operate import Operated
from failover.application.ports import Clock, Outcomes
from failover.domain.digest import digest_of
from failover.domain.leader_record import Refusal

LOG = logging.getLogger(__name__)


@dataclass(frozen=True)
class Repeated:
    """The request was made before, and this was its answer. Nothing was done this time."""

    answer: Operated


@dataclass(frozen=True)
class Undecided:
    """The request was made before, and it is not known what became of it: it is under way, or broke off."""

    reason: str


@dataclass(frozen=True)
class OnlyOnce:
    """The changes of `by`. Claims are kept in the Region that is asked: a request is signed for one Region."""

    outcomes: Outcomes
    clock: Clock
    by: str

    def __call__(
        self, key: str, request: str, act: Callable[[], Operated]
    ) -> Operated | Repeated | Undecided | Refusal:
        """What `act` answers, the first time. A Refusal: `key` was used for another request than `request`.

        Raises TransientFailure or RunRefused, as `act` does; whether something was changed is then not known.
        """
        claim_key = f"requests/{digest_of(json.dumps([self.by, key]))}"
        mine = json.dumps({"request": digest_of(request), "at": self.clock.now().isoformat(), "by": self.by})
        stored = self.outcomes.put_once(f"{claim_key}.json", mine)
        if stored != mine:
            return self._again(claim_key, stored, digest_of(request))
        answer = act()
        try:
            self.outcomes.put_once(f"{claim_key}-answer.json", json.dumps(asdict(answer)))
        except (RunRefused, TransientFailure) as error:
            # It is done, and its caller is told; only whoever repeats it will not be.
            LOG.warning("the answer to a request was not kept: %s", error)
        return answer

    def _again(self, claim_key: str, stored: str, request: str) -> Repeated | Undecided | Refusal:
        try:
            if json.loads(stored)["request"] != request:
                return Refusal("This key was used for another request: a change needs a key of its own.")
            told = self.outcomes.read(f"{claim_key}-answer.json")
            if told is not None:
                return Repeated(Operated(**json.loads(told)))
        except (ValueError, KeyError, TypeError) as error:
            raise RunRefused(f"{claim_key} holds something that is no request: {error}.") from error
        return Undecided(
            "This request was made before and has no answer yet: look at the status and the journal. Where they show that"
            " nothing was done, ask again with a key that is new."
        )
