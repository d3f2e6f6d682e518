"""How long would AWS take for each part of a run? Planning figures, to stand beside what the lab measured.

In seconds (best, plan); no promises and no measurements. Sources: Route 53 and CloudWatch guides; RDS, "Promoting a read
replica to be a standalone DB instance": "several minutes or longer"; Aurora, "Recovering an Amazon Aurora global database":
"typically, the chosen secondary cluster assumes the primary role within a few minutes".
"""

from __future__ import annotations

from collections.abc import Mapping

from lab.settings import AURORA

Figures = Mapping[str, tuple[str, str]]

# In a switchover nobody detects anything; deciding includes a second look and the start of the standby's tasks.
SWITCHOVER: Figures = {
    "detect": ("1", "2"),
    "decide": ("50", "110"),
    "execute": ("185", "195-615"),
    "traffic": ("70", "180"),
    "total": ("5 min", "8-15 min"),
}
FAILOVER: Figures = {
    "detect": ("41", "95-215"),
    "decide": ("20", "30"),
    "execute": ("185", "195-615"),
    "traffic": ("70", "180"),
    "total": ("5.5 min", "8.5-17.5 min"),
}
# A cluster neither restarts nor takes a first backup.
OF_A_CLUSTER: Figures = {"execute": ("65", "135")}
TOTAL_OF_A_CLUSTER: Mapping[bool, Figures] = {
    True: {"total": ("3 min", "7 min")},
    False: {"total": ("3.5 min", "7.5-9.5 min")},
}


def planning_figures(planned: bool, database_mode: str) -> dict[str, dict[str, str]]:
    """By the name of a clock; `total` in minutes."""
    found = dict(SWITCHOVER if planned else FAILOVER)
    if database_mode == AURORA:
        found |= {**OF_A_CLUSTER, **TOTAL_OF_A_CLUSTER[planned]}
    return {name: {"best": best, "plan": plan} for name, (best, plan) in found.items()}
