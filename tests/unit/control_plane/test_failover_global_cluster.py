"""Does this Region's cluster become the writer once, only with the fence, and is that told of only when a row is committed?"""

from __future__ import annotations

import pytest
from aurora_world import AuroraWorld, the_run

from failover.application.errors import RunRefused, StillInProgress
from failover.application.failover_global_cluster import FailoverGlobalCluster


@pytest.fixture
def world() -> AuroraWorld:
    return AuroraWorld()


def test_the_cluster_becomes_the_writer_and_a_row_is_committed_through_its_writer_endpoint(world: AuroraWorld) -> None:
    answer = FailoverGlobalCluster(*world.parts)(the_run())
    assert (answer["endpoint"], answer["already_promoted"]) == ("app.cluster.example.com", False)
    assert world.clusters.asked == ["failing-over"]
    assert (len(world.server.probes), world.server.logins[-1].host) == (1, "app.cluster.example.com")
    assert world.clock.elapsed >= 15, "an available cluster that follows another is no writer"


def test_a_failover_that_goes_on_behind_the_new_writer_is_not_waited_for(world: AuroraWorld) -> None:
    """Aurora rebuilds the old cluster for as long as hours, and tells of the failover until then."""
    answer = FailoverGlobalCluster(*world.parts)(the_run())
    assert answer["endpoint"]
    assert world.clusters.moving == "failing-over"


def test_an_answer_that_was_lost_leads_to_no_second_request(world: AuroraWorld) -> None:
    world.clusters.fail_over("app-us-west-2")
    assert FailoverGlobalCluster(*world.parts)(the_run())["endpoint"]
    assert world.clusters.asked == ["failing-over"]


def test_a_cluster_that_is_the_writer_already_is_done_without_asking(world: AuroraWorld) -> None:
    world.clusters.fail_over("app-us-west-2")
    FailoverGlobalCluster(*world.parts)(the_run())
    assert FailoverGlobalCluster(*world.parts)(the_run())["already_promoted"] is True
    assert world.clusters.asked == ["failing-over"]


def test_a_failover_that_does_not_show_is_still_in_progress(world: AuroraWorld) -> None:
    world.clusters.completes = False
    with pytest.raises(StillInProgress, match="has not begun to show"):
        FailoverGlobalCluster(*world.parts)(the_run())
    assert world.clusters.asked == ["failing-over"], "asked once a call"


@pytest.mark.parametrize(
    ("run", "told"),
    [
        (the_run(name="failover-e1-ffffffff"), "does not hold the fence"),
        (the_run(accepted=False), "No loss bound was accepted"),
        (the_run(planned=True), "takes no failover that allows data loss"),
    ],
)
def test_nothing_is_failed_over_without_the_fence_an_accepted_loss_or_in_a_switchover(
    world: AuroraWorld, run: object, told: str
) -> None:
    with pytest.raises(RunRefused, match=told):
        FailoverGlobalCluster(*world.parts)(run)  # type: ignore[arg-type]
    assert world.clusters.asked == []
