"""Test the plans for scenarios."""

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from load.scenarios.plan import MAX_REQUESTS, MAX_RUNS_A_SECOND, SCENARIOS, Plan, plan_of


def a_plan(name: str, seed: int = 1, players: int = 60, seconds: float = 60.0) -> Plan:
    return plan_of(name, players, seconds, 4, seed, "abc123")


@pytest.mark.parametrize("name", SCENARIOS)
def test_plan_is_a_function_of_its_seed(name: str) -> None:
    assert a_plan(name) == a_plan(name)
    assert a_plan(name).steps != a_plan(name, seed=2).steps


@settings(max_examples=25)
@example(name="bot-attack", players=2, seconds=60, seed=8710120618061147)  # in this plan, the first player comes late
@given(
    name=st.sampled_from(sorted(SCENARIOS)),
    players=st.integers(2, 1500),
    seconds=st.floats(12, 900),
    seed=st.integers(0, 2**53),
)
def test_plan_is_bounded_and_players_register_first(name: str, players: int, seconds: float, seed: int) -> None:
    plan = a_plan(name, seed, players, seconds)
    assert 0 < len(plan.steps) <= seconds * MAX_RUNS_A_SECOND
    assert plan.requests <= MAX_REQUESTS
    assert [step.at for step in plan.steps] == sorted(step.at for step in plan.steps)
    assert all(0 <= step.at <= seconds and 1 <= step.concurrency <= step.requests for step in plan.steps)
    known: set[int] = set()
    for step in plan.steps:
        if step.action == "register" and step.player is not None:
            known.add(step.player)
        assert step.player is None or step.player in known


def test_scenario_has_its_special_requests() -> None:
    assert {step.action for step in a_plan("bot-attack").steps if step.is_limited} == {"hammer"}
    assert {step.player for step in a_plan("bot-attack").steps if step.is_limited} == {0}
    for other in ("launch-day", "quiet-evening", "flash-sale"):
        assert not any(step.is_limited for step in a_plan(other).steps)
    rare = [step for step in a_plan("flash-sale").steps if step.action == "buy_rare"]
    assert len(rare) > 40
    assert sum(28 < step.at < 40 for step in rare) > 0.7 * len(rare)
    early = [sum(member.arrives < 15 for member in a_plan(name).members) for name in ("launch-day", "quiet-evening")]
    assert early[0] > 1.5 * early[1]


def test_planned_trade_is_accepted_by_the_other() -> None:
    steps = a_plan("quiet-evening", players=300, seconds=300).steps
    offers = [step for step in steps if step.path == "/trades"]
    answers = [step for step in steps if step.path.endswith("/acceptance")]
    assert offers
    assert len(answers) <= len(offers)
    assert all(step.key and step.requests == 1 for step in offers)
    assert answers
