"""Test the checker's model of the ledger."""

import random
from dataclasses import replace

from hypothesis import given
from hypothesis import strategies as st

from game.accounts import Transfer, opening_balance
from game.decision import Decision
from game.events import FENCE, VOID
from game.rules import players
from load.checker.check import Record
from load.checker.model import STALE, ModelLedger, fold
from tests.support.clock import TODAY
from tests.support.story import GOLD, REALM, SWORD, Story, buy, id_of, logs


def test_first_of_event_and_void_wins(story: Story) -> None:
    books = story.books()
    assert books.statuses[id_of("bought")] == "settled"
    assert books.statuses[id_of("voided")] == "voided"
    assert (books.balance(GOLD), books.balance(SWORD)) == (70, 1)


def test_void_after_its_event_does_nothing(story: Story) -> None:
    story.log("bought", event_type=VOID)
    assert story.books().statuses[id_of("bought")] == "settled"
    assert story.books().balance(SWORD) == 1


def test_stale_event_may_be_retried_in_its_generation(story: Story) -> None:
    assert story.books().statuses[id_of("stale")] == STALE
    story.log("stale", buy(), generation=6)
    assert story.books().statuses[id_of("stale")] == "settled"
    assert story.books().balance(SWORD) == 2
    assert story.judge() == []


def test_fence_opens_a_generation_once(story: Story) -> None:
    assert story.books().generation == 6
    story.log("fence", event_type=FENCE)
    assert story.books().generation == 6
    story.log("next", event_type=FENCE)
    assert story.books().generation == 9


def test_uncovered_event_stays_rejected(story: Story) -> None:
    story.log("dear", buy("dragon_sword"), generation=6)
    assert story.books().statuses[id_of("dear")] == "rejected"
    assert story.books().balance(GOLD) == 70
    gift = Decision("gold_found", {}, (Transfer("house:mint", GOLD, 200),))
    story.log("gift", gift, generation=6)
    story.log("dear", buy("dragon_sword"), generation=6)
    assert story.books().statuses[id_of("dear")] == "rejected"


def test_credits_of_an_event_do_not_cover_its_debits() -> None:
    story = Story()
    both = (Transfer("house:mint", GOLD, 5), Transfer(GOLD, "house:shop", 5))
    story.log("both", Decision("gold_found", {}, both))
    assert story.books().statuses[id_of("both")] == "rejected"


def test_name_is_taken_once(story: Story) -> None:
    story.log("again", players.register("ada", TODAY), generation=6)
    assert story.books().statuses[id_of("again")] == "rejected"


@given(logs())
def test_every_prefix_of_every_log_is_legal(log: list[Record]) -> None:
    books = ModelLedger(REALM)
    for record in log:
        books.apply(record)
        assert all(n >= 0 for account, n in books.balances.items() if account.startswith(("player:", "guild:")))
        assert sum(n - opening_balance(account) for account, n in books.balances.items()) == 0


@given(logs(), st.randoms(use_true_random=False))
def test_repeated_final_events_change_nothing(log: list[Record], rng: random.Random) -> None:
    books = fold(REALM, log)
    final = [
        r for (offset, event) in books.events if books.statuses.get(event.id, STALE) != STALE for r in [log[offset]]
    ]
    again = [replace(r, offset=len(log) + i) for i, r in enumerate(rng.sample(final, len(final)))]
    after = fold(REALM, [*log, *again])
    assert (after.balances, after.statuses, after.generation) == (books.balances, books.statuses, books.generation)
