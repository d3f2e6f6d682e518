"""Do the clusters change their roles once, only in a planned run, and with an operation that loses nothing?"""

from __future__ import annotations

import pytest
from aurora_world import AuroraWorld, the_run

from failover.application.errors import RunRefused
from failover.application.switchover_global_cluster import SwitchoverGlobalCluster


def test_the_roles_change_by_the_operation_that_loses_nothing() -> None:
    world = AuroraWorld()
    answer = SwitchoverGlobalCluster(*world.parts)(the_run(planned=True))
    assert (answer["endpoint"], answer["already_promoted"]) == ("app.cluster.example.com", False)
    assert world.clusters.asked == ["switching-over"]
    assert world.server.probes


def test_an_answer_that_was_lost_leads_to_no_second_switchover() -> None:
    world = AuroraWorld()
    world.clusters.switch_over("app-us-west-2")
    assert SwitchoverGlobalCluster(*world.parts)(the_run(planned=True))["endpoint"]
    assert world.clusters.asked == ["switching-over"]


def test_a_run_that_counts_on_no_leader_switches_nothing_over() -> None:
    world = AuroraWorld()
    with pytest.raises(RunRefused, match="cannot count on it"):
        SwitchoverGlobalCluster(*world.parts)(the_run())
    assert world.clusters.asked == []
