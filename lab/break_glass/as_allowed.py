"""Is the printed policy enough? The failover from this machine in a lab, with every call asked of that policy first.

python -m lab.break_glass.as_allowed PORT REGION REASON
"""

from __future__ import annotations

import sys

from lab import cli
from lab.break_glass.permissions import policy
from lab.cloud.iam_policies import grants
from lab.cloud.lambda_permissions import Permissions
from lab.operators import sign_in
from lab.target import target


def main(port: str, region: str, reason: str) -> int:
    """The command's exit status; what was denied is on its output."""
    me = sign_in(target("lab", int(port)), (region,))
    permissions = Permissions(grants([policy(me.plan, region)]), me.by)
    permissions.enforce()
    ended = cli.main(
        ["failover", "--break-glass", "--to", region, "--reason", reason, "--target", "lab", "--cloud-port", port]
    )
    noted = permissions.noted()
    sys.stdout.write(f"used {len(noted['used'])} grants; denied: {noted['denied']}\n")
    return ended


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
