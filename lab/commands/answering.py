"""How is a run told what a person answers?"""

from __future__ import annotations

import argparse
from typing import TYPE_CHECKING

from lab.commands.options import add_target, chosen_target
from lab.settings import SECONDARY_REGION, SettingsError

if TYPE_CHECKING:
    from failover.application.answer_approval import AnswerApproval


def add_answer(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("token", help="from the message")
    parser.add_argument("--region", default=SECONDARY_REGION, help=f"where the run waits (default {SECONDARY_REGION})")
    add_target(parser)


def answering(options: argparse.Namespace) -> AnswerApproval:
    """Raises SettingsError, RunRefused or TransientFailure."""
    where = chosen_target(options)
    from failover.domain.approval import read_token
    from failover.domain.leader_record import Refusal

    token = read_token(options.token)
    if isinstance(token, Refusal):
        raise SettingsError(token.reason)
    from failover.wiring.operators import answer_approval
    from lab.operations.operators import sign_in

    me = sign_in(where, (options.region,))
    return answer_approval(me.plan, me.region, me.by)
