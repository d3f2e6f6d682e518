"""Does it take several places, over the whole window, to call a leader down?"""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from failover.domain.primary_health import Judgement, Verdict, judge
from failover.domain.run import Mode
from failover.domain.signals import Health, Observation

H, U, R, I = Health.HEALTHY, Health.UNHEALTHY, Health.UNREACHABLE, Health.INSUFFICIENT  # noqa: E741


def sample(probe: Health, route53: Health | None = None, inside: Health | None = None) -> list[Observation]:
    looks = [Observation("probe", probe, "d", direct=True)]
    if route53:
        looks.append(Observation("route53", route53, "d"))
    if inside:
        looks.append(Observation("load-balancer", inside, "d", outside=False))
    return looks


@pytest.mark.parametrize(
    ("samples", "verdict"),
    [
        ([sample(U, U)] * 3, Verdict.DOWN),
        ([sample(R, U)] * 3, Verdict.DOWN),
        ([sample(U, U), sample(R, U), sample(U, U)], Verdict.DOWN),
        ([sample(H, H)] * 3, Verdict.HEALTHY),
        ([sample(H, R)] * 3, Verdict.HEALTHY),
        ([sample(H, U)] * 3, Verdict.DISPUTED),
        ([sample(R, H)] * 3, Verdict.DISPUTED),
        ([sample(U, U), sample(U, U), sample(H, U)], Verdict.DISPUTED),
        ([sample(U, R)] * 3, Verdict.UNKNOWN),
        ([sample(U, I)] * 3, Verdict.UNKNOWN),
        ([sample(U, U)] * 2, Verdict.DOWN),
        ([sample(U, H), sample(I, H)], Verdict.DISPUTED),
        ([sample(U, U)], Verdict.UNKNOWN),
        ([], Verdict.UNKNOWN),
        ([sample(U, U), sample(U, I), sample(U, U)], Verdict.UNKNOWN),
        ([sample(R, R, U)] * 3, Verdict.DOWN),
        ([sample(U, U, H)] * 3, Verdict.DOWN),
        ([sample(R, R, R)] * 3, Verdict.UNKNOWN),
    ],
)
def test_the_verdict_follows_from_what_was_seen(samples: list[list[Observation]], verdict: Verdict) -> None:
    judgement = judge(samples, signals_required=2)
    assert judgement.verdict is verdict
    assert judgement.reason.endswith(".")


@pytest.mark.scenario("F07")
def test_a_messenger_that_is_silent_is_no_evidence_and_a_leader_that_is_silent_is() -> None:
    assert not Observation("route53", R, "").speaks_against
    assert Observation("probe", R, "", direct=True).speaks_against


@pytest.mark.scenario("F14")
@given(
    st.lists(st.tuples(st.sampled_from(Health), st.sampled_from(Health)), max_size=5),
    st.integers(min_value=1, max_value=3),
)
def test_down_is_never_said_while_anybody_outside_found_the_leader_healthy(
    seen: list[tuple[Health, Health]], required: int
) -> None:
    samples = [sample(probe, route53) for probe, route53 in seen]
    judgement = judge(samples, required)
    if judgement.verdict is Verdict.DOWN:
        assert len(seen) >= 2
        assert all(H not in pair for pair in seen)
        agreeing = [all(one in (U, R) for one, _ in seen), all(other is U for _, other in seen)]
        assert sum(agreeing) >= required


@pytest.mark.parametrize(
    ("samples", "reason"),
    [
        ([sample(U, U)], "1 sample was taken; 2 are the fewest that count."),
        (
            [sample(U, U), sample(R, U)],
            "2 vantage points agree over the window (probe: unhealthy, unreachable; route53: unhealthy, d).",
        ),
        (
            [sample(U, H), sample(U, H)],
            "The vantage points disagree (probe: unhealthy, d; route53: healthy, d).",
        ),
        ([sample(H), sample(H)], "The leader answers (probe: healthy, d)."),
        (
            [sample(U, I), sample(U, I)],
            "1 of the 2 vantage points needed found it down throughout (probe: unhealthy, d; route53: insufficient, d).",
        ),
    ],
)
def test_a_verdict_tells_what_every_vantage_point_saw(samples: list[list[Observation]], reason: str) -> None:
    assert judge(samples, signals_required=2).reason == reason


def test_the_newest_look_is_the_one_whose_detail_is_told() -> None:
    seen = [[Observation("probe", U, detail, direct=True)] for detail in ("first", "second", "third")]
    assert judge(seen, signals_required=1).reason.endswith("(probe: unhealthy, third).")


@pytest.mark.parametrize(("verdict", "mode"), [(Verdict.DOWN, Mode.UNPLANNED), (Verdict.HEALTHY, Mode.PLANNED)])
def test_each_mode_is_allowed_by_one_verdict_alone(verdict: Verdict, mode: Mode) -> None:
    assert [one for one in Verdict if Judgement(one, "").allows(mode)] == [verdict]


def test_a_vantage_point_that_looked_once_is_told_as_well() -> None:
    assert judge([sample(H), sample(H, U)], signals_required=2).reason.endswith("; route53: unhealthy, d).")
