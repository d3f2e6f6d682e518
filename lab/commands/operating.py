"""As whom does a person change what holds runs back?"""

from __future__ import annotations

import argparse
from typing import TYPE_CHECKING

from lab.commands.options import chosen_target

if TYPE_CHECKING:
    from failover.application.operate import Operate


def operating(options: argparse.Namespace) -> Operate:
    """Raises SettingsError, RunRefused or TransientFailure."""
    where = chosen_target(options)
    from failover.wiring.operators import operate
    from lab.operations.operators import sign_in

    me = sign_in(where)
    return operate(me.plan, me.region, me.by)
