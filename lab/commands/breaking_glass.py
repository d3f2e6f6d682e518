"""With which options does a person break the glass, and what are they told?"""

from __future__ import annotations

import argparse
import json
import re
import sys

from rich.console import Console

from lab.commands.options import FAILED, PASSED, chosen_target, require_a_reason
from lab.settings import SettingsError, within

DAY_SECONDS = 86_400


def add_break_glass(parser: argparse.ArgumentParser) -> None:
    glass = parser.add_argument_group("with --break-glass")
    glass.add_argument("--reason", help="is kept with the run")
    glass.add_argument("--accept-loss", type=float, metavar="SECONDS", help="accept a loss of up to so much, unasked")
    glass.add_argument("--take-over", metavar="RUN", help="that holds the fence and that nothing drives any more")
    glass.add_argument("--resume", metavar="RUN", help="go on with a run that was begun here and broken off")
    glass.add_argument(
        "--stand-down", action="store_true", help="with --resume: undo it, as long as nothing is promoted"
    )
    glass.add_argument("--print-policy", action="store_true", help="only print the IAM policy that this needs")


def require_nothing_of_it(options: argparse.Namespace) -> None:
    """Raises SettingsError for an option that means nothing without --break-glass."""
    for name in ("reason", "accept_loss", "take_over", "resume", "stand_down", "print_policy"):
        if (given := getattr(options, name)) is not None and given is not False:
            raise SettingsError(f"--{name.replace('_', '-')} goes with --break-glass alone: add that, or leave it out")


def break_glass(options: argparse.Namespace, console: Console) -> int:
    """Exit status 0 only when the new leader serves, 1 when it was refused, stood down or is not proven."""
    _check(options)
    where = chosen_target(options)
    from failover.application.by_hand_runs import ENDS
    from failover.application.errors import RunRefused, TransientFailure
    from failover.application.kept_steps import DrivenElsewhere
    from failover.wiring.journal import journal_in
    from failover.wiring.operators import outcomes_of
    from lab.break_glass.approval import AtTheTerminal, typed_line
    from lab.break_glass.begin import Refused, begin, resume
    from lab.break_glass.drive import drive
    from lab.break_glass.heard_of import heard_of
    from lab.break_glass.permissions import policy
    from lab.operations.operators import sign_in

    me = sign_in(where, (options.region,))
    if options.print_policy:
        console.print_json(json.dumps(policy(me.plan, options.region)))
        return PASSED

    def say(line: str) -> None:
        console.print(line, markup=False, highlight=False, soft_wrap=True)

    step = (
        resume(me, options.resume, stand_down=options.stand_down)
        if options.resume
        else begin(me, options.reason, options.take_over, say)
    )
    if isinstance(step, Refused):
        say(f"REFUSED: {step.reason}")
        return FAILED
    options.interrupted = _how_to_go_on(options, step.run)
    say(f"{step.run} is driven from here, as {me.by}. Ctrl-C breaks it off, and then says how to go on.")
    read = typed_line if sys.stdin.isatty() else None
    approve = AtTheTerminal(me.by, journal_in(me.region, me.plan), say, options.accept_loss, read)
    outcomes = outcomes_of(me.plan, me.region)
    try:
        with heard_of(outcomes, step.run):
            ended = drive(me.plan, me.region, outcomes, step, approve, say)
    except (RunRefused, TransientFailure) as error:
        say(f"BROKEN OFF: {error}")
        if not isinstance(error, DrivenElsewhere):
            say(options.interrupted)
        return FAILED
    if ended.state not in ENDS:
        # What no state catches leaves the run where it is, as on AWS.
        say(options.interrupted)
    return PASSED if ended.state == "FailedOver" else FAILED


def _check(options: argparse.Namespace) -> None:
    from failover.domain.run import RUN_NAME

    if options.accept_loss is not None:
        within("--accept-loss", options.accept_loss, 0, DAY_SECONDS, "seconds")
    for name, run in (("--resume", options.resume), ("--take-over", options.take_over)):
        if run is not None and not re.fullmatch(RUN_NAME, run):
            raise SettingsError(
                f"{name} {run!r} is no run's name: copy it from the run's messages, or from `drlab status`"
            )
    if options.stand_down and not options.resume:
        raise SettingsError("--stand-down undoes a run that was broken off: name it with --resume")
    if options.resume and options.take_over:
        raise SettingsError("--resume goes on with a run of its own, --take-over begins one: choose one of them")
    if options.reason is None and not (options.resume or options.print_policy):
        raise SettingsError("--break-glass needs a --reason: it is kept with the run")
    if options.reason is not None:
        require_a_reason(options)


def _how_to_go_on(options: argparse.Namespace, run: str) -> str:
    where = f"--target {options.target}"
    if options.target == "lab":
        where += f" --cloud-port {options.cloud_port}"
    if options.service is not None:
        where += f" --service {options.service}"
    again = f"drlab failover --break-glass --to {options.region} {where} --resume {run}"
    return (
        f"{run} goes no further by itself, and may hold the fence. To go on: `{again}`."
        f" To undo it, as long as nothing is promoted: `{again} --stand-down`."
    )
