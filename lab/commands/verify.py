"""`drlab verify`: has anybody changed what was decided and done?

It reads the entries and their versions: s3:GetObject, s3:ListBucket and s3:ListBucketVersions on both control buckets.
What it cannot see, `failover.application.verify_journal` says.
"""

from __future__ import annotations

import argparse

from rich.console import Console

from lab.commands.options import FAILED, PASSED, Subparsers, add_target, chosen_target


def add(commands: Subparsers) -> None:
    told = "name every edit, gap and reordering of the journals, and outcomes that were changed"
    parser = commands.add_parser("verify", help=told)
    add_target(parser)
    parser.set_defaults(run=run)


def run(options: argparse.Namespace, console: Console) -> int:
    """Exit status 0 when both journals are whole, 1 when not or when one cannot be read."""
    where = chosen_target(options)
    from failover.application.errors import RunRefused, TransientFailure
    from failover.wiring.operators import verify_journal
    from lab.operations.operators import sign_in

    plan, status = sign_in(where).plan, PASSED
    for region in plan.regions:
        try:
            verified = verify_journal(plan, region)()
        except (RunRefused, TransientFailure) as error:
            console.print(f"{region}: NOT VERIFIED: {error}", markup=False, soft_wrap=True)
            status = FAILED
            continue
        for flaw in verified.flaws:
            console.print(f"{region}: {flaw}", markup=False, soft_wrap=True)
        told = "whole" if not verified.flaws else "NOT WHOLE"
        console.print(f"{region}: {verified.entries} entries, {verified.outcomes} outcomes: {told}.", markup=False)
        console.print(f"  newest entry: {verified.newest or 'none'}", markup=False, soft_wrap=True)
        status = FAILED if verified.flaws else status
    return status
