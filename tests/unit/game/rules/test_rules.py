"""Test the rules without I/O: each command, and the invariants in random games."""

import re
import uuid
from collections import Counter
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from game import catalogue, commands
from game.accounts import ACCOUNT, Transfer, is_house, opening_balance
from game.batches import Batch, combine
from game.commands import COMMANDS, Command, DecisionContext
from game.decision import Decision, RuleViolation
from game.in_memory_ledger import InMemoryLedger
from game.rules import combat, guilds, names, players
from game.rules.trading import Offer

NOW = datetime(2026, 3, 1, 12, 0, 0, 123456, tzinfo=UTC)

PLAYERS = ("ada", "bob", "eve", "dan")


class World(InMemoryLedger):
    """A realm that settles every decision at once.

    It remembers closed offers, as the ledger does.
    """

    def __init__(self, *names: str) -> None:
        super().__init__()
        self.known_offers: dict[str, Offer] = {}
        self.created: Counter[str] = Counter()
        self.now = NOW
        for name in names:
            self.happen(players.register(name, NOW.date()), name)

    def context(self, player: str) -> DecisionContext:
        return DecisionContext(player, self.now, str(uuid.uuid4()), self.of, self.known_offers.get)

    def do(self, player: str, command: Command) -> Decision:
        context = self.context(player)
        decision = command.decide(context)
        self.happen(decision, player, context.event_id)
        return decision

    def happen(self, decision: Decision, player: str = "", event_id: str = "") -> None:
        """Settle a decision. If this raises RuleViolation, no balance has changed."""
        self.settle(player, decision, event_id)
        self.known_offers |= self.offers
        for transfer in decision.transfers:
            assert re.fullmatch(ACCOUNT, transfer.debit)
            assert re.fullmatch(ACCOUNT, transfer.credit)
            # Count what the house gives and takes, because the difference is what all other owners have together.
            self.created["given"] += transfer.amount * is_house(transfer.debit)
            self.created["taken"] += transfer.amount * is_house(transfer.credit)

    def everything(self) -> dict[str, int]:
        """Return every balance that differs from its opening balance, except the balances of the house."""
        return {f"{owner}:{name}": n for owner, has in self._owners.items() for name, n in has.items()}

    def refuses(self, player: str, command: Command) -> str:
        """Expect that the command is refused and changes no balance. Returns the code of the refusal."""
        before = self.everything()
        with pytest.raises(RuleViolation) as broken:
            self.do(player, command)
        assert self.everything() == before
        return broken.value.code


@pytest.fixture
def world() -> World:
    return World(*PLAYERS)


def rich(world: World, player: str, gold: int = 1000) -> None:
    world.happen(Decision("gold_found", {}, (Transfer("house:mint", f"player:{player}:gold", gold),)))


def test_new_player_has_gold_health_and_no_guild(world: World) -> None:
    has = world.of("player:ada")
    assert (has["gold"], has["health"], has["free_agent"], has["vacancy"]) == (100, 100, 1, 0)
    assert guilds.membership(has) is None


def test_name_that_looks_like_another_is_taken() -> None:
    world = World("adal", "warm")
    for name in ("adal", "ada1", "adal_", "vvarrn"):
        with pytest.raises(RuleViolation) as broken:
            world.happen(players.register(name, NOW.date()))
        assert broken.value.code == "name_taken"
    world.happen(players.register("adam", NOW.date()))


@given(st.from_regex(r"[a-z][a-z0-9_]{1,23}", fullmatch=True))
def test_skeleton_is_its_own_skeleton(name: str) -> None:
    skeleton = names.skeleton(name)
    assert names.skeleton(skeleton) == skeleton
    assert re.fullmatch(ACCOUNT, f"name:{skeleton}:likeness")


@pytest.mark.parametrize("name", ["guest_0123456789abcdef", "held", "run"])
def test_reserved_name_is_refused(name: str) -> None:
    with pytest.raises(RuleViolation) as broken:
        names.check(name)
    assert broken.value.code == "name_reserved"


@pytest.mark.parametrize(("name", "item"), catalogue.FOR_SALE.items())
def test_item_costs_its_price_and_sells_for_half(world: World, name: str, item: catalogue.Item) -> None:
    rich(world, "ada")
    bought = world.do("ada", commands.Buy(item=name, quantity=2))
    assert bought.type == ("sword_bought" if item.kind == "sword" else "item_bought")
    assert (world.balance("player:ada:gold"), world.balance(f"player:ada:item:{name}")) == (1100 - 2 * item.price, 2)
    world.do("ada", commands.Sell(item=name, quantity=1))
    assert world.balance("player:ada:gold") == 1100 - 2 * item.price + item.price // 2
    assert world.refuses("ada", commands.Sell(item=name, quantity=2)) == "not_enough_items"
    if item.edition:
        assert world.balance(f"shop:{name}:edition_{item.edition}") == item.edition - 1


def test_shop_has_four_swords_and_two_editions() -> None:
    assert len(catalogue.SWORDS) >= 4
    assert sum(item.edition is not None for item in catalogue.ITEMS.values()) >= 2


def test_sold_out_edition_is_sold_again_after_a_return(world: World) -> None:
    for name in PLAYERS:
        rich(world, name)
    for name in PLAYERS[:3]:
        world.do(name, commands.Buy(item="moon_sword"))
    assert world.refuses("dan", commands.Buy(item="moon_sword")) == "sold_out"
    world.do("ada", commands.Sell(item="moon_sword"))
    world.do("dan", commands.Buy(item="moon_sword"))


def test_impossible_purchase_is_refused(world: World) -> None:
    assert world.refuses("ada", commands.BuySword(sword="excalibur")) == "unknown_sword"
    assert world.refuses("ada", commands.BuySword(sword="oak_shield")) == "unknown_sword"
    assert world.refuses("ada", commands.Buy(item="excalibur")) == "unknown_item"
    assert world.refuses("ada", commands.BuySword(sword="dragon_sword")) == "not_enough_gold"
    assert world.refuses("ada", commands.BuySword(sword="iron_sword", expected_price=29)) == "price_changed"
    world.do("ada", commands.BuySword(sword="iron_sword", expected_price=30))


def test_daily_gold_is_claimed_once_a_day(world: World) -> None:
    world.do("ada", commands.ClaimGold())
    assert world.balance("player:ada:gold") == 100 + catalogue.DAILY_GOLD
    assert world.refuses("ada", commands.ClaimGold()) == "already_claimed"
    world.now += timedelta(days=1)
    world.do("ada", commands.ClaimGold())
    assert world.balance("player:ada:gold") == 100 + 2 * catalogue.DAILY_GOLD


def test_guild_is_founded_joined_led_and_left(world: World) -> None:
    assert world.do("ada", commands.FoundGuild(guild="knights")).type == "guild_founded"
    assert world.refuses("bob", commands.FoundGuild(guild="knights")) == "guild_exists"
    assert world.refuses("bob", commands.FoundGuild(guild="knights_")) == "name_taken"
    assert world.refuses("bob", commands.EnterGuild(guild="rogues")) == "unknown_guild"
    world.now += timedelta(minutes=1)
    assert world.do("bob", commands.JoinGuild(guild="knights")).type == "guild_joined"
    assert list(guilds.members(world.of("guild:knights"))) == ["ada", "bob"]
    assert world.balance("guild:knights:seat") == catalogue.GUILD_SEATS - 2
    assert world.refuses("bob", commands.JoinGuild(guild="rogues")) == "already_in_guild"
    assert world.refuses("bob", commands.LeadGuild(player="bob")) == "not_leader"
    assert world.refuses("ada", commands.LeadGuild(player="ada")) == "own_successor"
    assert world.refuses("ada", commands.LeadGuild(player="eve")) == "not_a_member"
    assert world.refuses("ada", commands.LeaveGuild(successor="eve")) == "not_a_member"
    left = world.do("ada", commands.LeaveGuild())
    assert left.details == {"guild": "knights", "leader": "bob"}
    assert guilds.leads(world.of("player:bob")) == "knights"
    assert world.balance("player:ada:free_agent") == 1
    world.do("bob", commands.LeaveGuild())
    assert guilds.has_crown(world.of("guild:knights"))
    assert world.balance("guild:knights:seat") == catalogue.GUILD_SEATS
    world.do("eve", commands.JoinGuild(guild="knights"))
    assert guilds.leads(world.of("player:eve")) == "knights"
    assert world.refuses("ada", commands.LeaveGuild()) == "not_in_guild"


def test_guild_without_leader_can_be_led_and_left(world: World) -> None:
    """The log may contain guilds that have neither a leader nor a list of members."""
    for player in ("ada", "bob"):
        old = (
            Transfer(f"player:{player}:free_agent", "guild:knights:free_agents", 1),
            Transfer("house:seats", f"player:{player}:guild:knights", 1),
        )
        world.happen(Decision("guild_joined", {"guild": "knights"}, old))
    world.happen(Decision("guild_founded", {}, (Transfer("guild:knights:charter", "house:charters", 1),)))
    world.happen(Decision("guild_founded", {}, (Transfer("house:seats", "guild:knights:seat", 8),)))
    world.do("eve", commands.JoinGuild(guild="knights"))
    assert guilds.leads(world.of("player:eve")) is None
    world.do("bob", commands.LeadGuild(player="bob"))
    assert guilds.leads(world.of("player:bob")) == "knights"
    world.do("ada", commands.LeaveGuild())
    assert world.do("bob", commands.LeaveGuild()).details["leader"] == "eve"


def test_treasury_takes_from_members_and_leader_pays_out(world: World) -> None:
    world.do("ada", commands.FoundGuild(guild="knights"))
    world.do("bob", commands.JoinGuild(guild="knights"))
    world.do("bob", commands.Deposit(gold=60))
    assert world.refuses("eve", commands.Deposit(gold=1)) == "not_in_guild"
    assert world.refuses("bob", commands.PayOut(to="bob", gold=10)) == "not_leader"
    assert world.refuses("ada", commands.PayOut(to="eve", gold=10)) == "not_a_member"
    assert world.refuses("ada", commands.PayOut(to="ada", gold=61)) == "not_enough_gold"
    world.do("ada", commands.PayOut(to="bob", gold=25))
    assert (world.balance("guild:knights:gold"), world.balance("player:bob:gold")) == (35, 65)


def test_fight_ends_in_defeat_revival_and_potion(world: World) -> None:
    rich(world, "ada")
    assert world.refuses("ada", commands.Strike(target="bob")) == "no_sword"
    world.do("ada", commands.Buy(item="iron_sword"))
    assert world.refuses("ada", commands.Strike(target="ada")) == "own_target"
    assert world.refuses("ada", commands.Strike(target="nobody")) == "unknown_player"
    assert world.refuses("ada", commands.Strike(target="bob", sword="steel_sword")) == "not_enough_items"
    assert world.refuses("ada", commands.Strike(target="bob", sword="oak_shield")) == "unknown_sword"
    blows = [world.do("ada", commands.Strike(target="bob")) for _ in range(7)]
    assert [blow.type for blow in blows] == ["player_struck"] * 6 + ["player_defeated"]
    assert blows[-1].details == {"target": "bob", "sword": "iron_sword", "damage": 10, "bounty": catalogue.BOUNTY}
    assert (world.balance("player:ada:victories"), world.balance("player:bob:defeats")) == (1, 1)
    assert world.balance("player:ada:gold") == 1100 - 30 + catalogue.BOUNTY
    assert world.refuses("ada", commands.Strike(target="bob")) == "target_down"
    world.do("bob", commands.Buy(item="small_potion"))
    assert world.refuses("bob", commands.Drink(potion="small_potion")) == "down"
    assert world.refuses("bob", commands.Strike(target="ada")) == "down"
    world.do("bob", commands.Revive())
    assert (world.balance("player:bob:health"), world.balance("player:bob:wounds")) == (50, 50)
    assert world.refuses("bob", commands.Revive()) == "not_down"
    assert world.do("bob", commands.Drink(potion="small_potion")).details["healed"] == 20
    assert world.balance("player:bob:health") == 70
    assert world.refuses("ada", commands.Drink(potion="small_potion")) == "not_wounded"


def test_best_sword_strikes_and_best_shield_protects(world: World) -> None:
    for name in ("ada", "bob"):
        rich(world, name)
    for item in ("wooden_sword", "steel_sword"):
        world.do("ada", commands.Buy(item=item))
    for item in ("oak_shield", "iron_shield"):
        world.do("bob", commands.Buy(item=item))
    assert world.do("ada", commands.Strike(target="bob")).details["damage"] == 25 - 6
    assert world.do("ada", commands.Strike(target="bob", sword="wooden_sword")).details["damage"] == 2
    world.do("bob", commands.Buy(item="tower_shield"))
    assert world.do("ada", commands.Strike(target="bob", sword="wooden_sword")).details["damage"] == 1


def test_enchanted_sword_hits_harder_and_is_enchanted_once(world: World) -> None:
    rich(world, "ada")
    world.do("ada", commands.Buy(item="iron_sword", quantity=2))
    enchanted = world.do("ada", commands.EnchantSword(sword="iron_sword"))
    assert enchanted.details == {"sword": "iron_sword", "price": 60, "power": 25}
    assert world.balance("player:ada:gold") == 1100 - 2 * 30 - catalogue.ENCHANTMENT_PRICE
    owned = {name: n for name, n in world.of("player:ada").items() if name.startswith("item:")}
    assert owned == {"item:iron_sword": 1, "item:enchanted_iron_sword": 1}
    assert world.refuses("ada", commands.EnchantSword(sword="enchanted_iron_sword")) == "already_enchanted"
    assert world.do("ada", commands.Strike(target="bob")).details["damage"] == 25
    assert world.do("ada", commands.Strike(target="bob", sword="iron_sword")).details["damage"] == 15
    world.do("ada", commands.Sell(item="iron_sword"))
    assert world.do("ada", commands.ClaimReward(quest="first_blade"))


def test_only_an_owned_sword_is_enchanted_for_gold(world: World) -> None:
    assert world.refuses("ada", commands.EnchantSword(sword="excalibur")) == "unknown_sword"
    assert world.refuses("ada", commands.EnchantSword(sword="oak_shield")) == "unknown_sword"
    assert world.refuses("ada", commands.EnchantSword(sword="iron_sword")) == "not_enough_items"
    world.do("ada", commands.Buy(item="iron_sword", quantity=2))
    assert world.refuses("ada", commands.EnchantSword(sword="iron_sword")) == "not_enough_gold"
    assert world.refuses("ada", commands.Buy(item="enchanted_iron_sword")) == "unknown_item"
    assert world.refuses("ada", commands.BuySword(sword="enchanted_iron_sword")) == "unknown_sword"


def test_enchantment_moves_with_the_sword(world: World) -> None:
    """Giving an enchanted sword away and buying a plain one must not leave an enchantment behind."""
    rich(world, "ada")
    world.do("ada", commands.Buy(item="iron_sword"))
    world.do("ada", commands.EnchantSword(sword="iron_sword"))
    world.do("ada", commands.Give(to="bob", item="enchanted_iron_sword"))
    world.do("ada", commands.Buy(item="iron_sword"))
    assert world.do("ada", commands.Strike(target="bob")).details["damage"] == 15
    assert world.do("bob", commands.Strike(target="ada")).details["damage"] == 25
    world.do("bob", commands.Sell(item="enchanted_iron_sword"))
    assert world.balance("player:bob:gold") == 100 + (30 + catalogue.ENCHANTMENT_PRICE) // 2
    assert world.refuses("bob", commands.Strike(target="ada")) == "no_sword"


@pytest.mark.parametrize("give_back", [commands.Sell(item="enchanted_moon_sword"), commands.Depart()])
def test_enchanted_piece_returns_to_its_edition(world: World, give_back: Command) -> None:
    rich(world, "ada")
    world.do("ada", commands.Buy(item="moon_sword"))
    world.do("ada", commands.EnchantSword(sword="moon_sword"))
    assert world.balance("shop:moon_sword:edition_3") == 2
    world.do("ada", give_back)
    assert world.balance("shop:moon_sword:edition_3") == 3


def test_concurrent_enchantments_of_one_sword_settle_once(world: World) -> None:
    """All are decided on the same state, in which the sword is still plain."""
    rich(world, "ada")
    world.do("ada", commands.Buy(item="iron_sword"))
    context = world.context("ada")
    decisions = [commands.EnchantSword(sword="iron_sword").decide(context) for _ in range(2)]
    sale = commands.Sell(item="iron_sword").decide(context)
    world.happen(decisions[0])
    for late in (decisions[1], sale):
        with pytest.raises(RuleViolation, match="has 0 iron_sword available"):
            world.happen(late)


def test_gift_moves_items_and_gold(world: World) -> None:
    world.do("ada", commands.Buy(item="small_potion", quantity=2))
    world.do("ada", commands.Give(to="bob", gold=10, item="small_potion", quantity=2))
    assert (world.balance("player:bob:gold"), world.balance("player:bob:item:small_potion")) == (110, 2)
    assert world.refuses("ada", commands.Give(to="bob")) == "nothing_given"
    assert world.refuses("ada", commands.Give(to="ada", gold=1)) == "own_partner"
    assert world.refuses("ada", commands.Give(to="nobody", gold=1)) == "unknown_player"
    assert world.refuses("ada", commands.Give(to="bob", gold=1000)) == "not_enough_gold"


def offer(world: World, give: dict[str, Any], want: dict[str, Any]) -> str:
    sides = {"give": commands.TradeSide(**give), "want": commands.TradeSide(**want)}
    world.do("ada", commands.OfferTrade(to="bob", **sides))
    return list(world.known_offers)[-1]


def test_trade_moves_both_sides_or_none(world: World) -> None:
    world.do("ada", commands.Buy(item="iron_sword"))
    trade = offer(world, {"item": "iron_sword"}, {"gold": 101})
    assert world.refuses("bob", commands.AcceptTrade(trade=trade)) == "not_enough_gold"
    assert world.refuses("ada", commands.AcceptTrade(trade=trade)) == "not_your_trade"
    assert world.refuses("eve", commands.AcceptTrade(trade=trade)) == "unknown_trade"
    rich(world, "bob", 1)
    world.do("bob", commands.AcceptTrade(trade=trade))
    assert (world.balance("player:ada:gold"), world.balance("player:bob:item:iron_sword")) == (171, 1)
    assert world.refuses("bob", commands.AcceptTrade(trade=trade)) == "trade_closed"
    assert world.refuses("ada", commands.DeclineTrade(trade=trade)) == "trade_closed"


def test_trade_is_withdrawn_or_declined_once(world: World) -> None:
    first, second = offer(world, {"gold": 1}, {"gold": 2}), offer(world, {"gold": 1}, {"gold": 2})
    assert world.do("ada", commands.DeclineTrade(trade=first)).type == "trade_withdrawn"
    assert world.do("bob", commands.DeclineTrade(trade=second)).type == "trade_declined"
    for trade in (first, second):
        assert world.refuses("bob", commands.AcceptTrade(trade=trade)) == "trade_closed"
    nothing = commands.OfferTrade(to="bob", give=commands.TradeSide(), want=commands.TradeSide(gold=1))
    assert world.refuses("ada", nothing) == "nothing_given"


def test_open_offers_are_limited(world: World) -> None:
    for _ in range(catalogue.MAX_OFFERS):
        offer(world, {"gold": 1}, {"gold": 2})
    more = commands.OfferTrade(to="bob", give=commands.TradeSide(gold=1), want=commands.TradeSide(gold=2))
    assert world.refuses("ada", more) == "too_many_offers"


def test_fulfilled_quest_is_rewarded_once(world: World) -> None:
    assert world.refuses("ada", commands.ClaimReward(quest="first_blade")) == "quest_not_fulfilled"
    assert world.refuses("ada", commands.ClaimReward(quest="holy_grail")) == "unknown_quest"
    world.do("ada", commands.Buy(item="wooden_sword"))
    world.do("ada", commands.ClaimReward(quest="first_blade"))
    assert world.balance("player:ada:gold") == 95
    assert world.refuses("ada", commands.ClaimReward(quest="first_blade")) == "already_rewarded"
    world.do("ada", commands.FoundGuild(guild="knights"))
    world.do("ada", commands.ClaimReward(quest="sworn_in"))


def test_leaving_player_returns_everything(world: World) -> None:
    rich(world, "ada")
    world.do("ada", commands.Buy(item="moon_sword"))
    world.do("ada", commands.FoundGuild(guild="knights"))
    assert world.refuses("ada", commands.Depart()) == "already_in_guild"
    world.do("ada", commands.LeaveGuild())
    world.do("ada", commands.Depart())
    has = world.of("player:ada")
    assert not {"gold", "health", "wounds", "free_agent", "item:moon_sword"} & has.keys()
    assert world.balance("shop:moon_sword:edition_3") == 3
    assert world.refuses("ada", commands.Depart()) == "departed"
    assert world.refuses("ada", commands.ClaimGold()) == "departed"
    assert world.refuses("bob", commands.Give(to="ada", gold=1)) == "unknown_player"
    with pytest.raises(RuleViolation):
        world.happen(players.register("ada", NOW.date()))


def test_batch_is_all_or_nothing(world: World) -> None:
    body = Batch.model_validate(
        {"actions": [{"action": "buy_sword", "sword": "iron_sword"}] * 3 + [{"action": "claim_gold"}]}
    )
    decision = combine(body.actions, world.context("ada"))
    assert decision.details == {"actions": 4, "sword_bought": 3, "gold_claimed": 1}
    world.happen(decision)
    assert (world.balance("player:ada:gold"), world.balance("player:ada:item:iron_sword")) == (35, 3)
    before = world.everything()
    with pytest.raises(RuleViolation) as broken:
        world.happen(combine(body.actions[:2], world.context("ada")))
    assert broken.value.code == "not_enough_gold"
    assert world.everything() == before


_ITEM, _PLAYER = st.sampled_from(list(catalogue.ITEMS)), st.sampled_from([*PLAYERS, "nobody"])

_GUILD, _GOLD = st.sampled_from(["knights", "rogues"]), st.integers(1, 120)

_SIDE = st.builds(commands.TradeSide, gold=st.none() | _GOLD, item=st.none() | _ITEM, quantity=st.just(1))

_COMMANDS: dict[type[Command], st.SearchStrategy[Command]] = {
    commands.BuySword: st.builds(commands.BuySword, sword=_ITEM, expected_price=st.none()),
    commands.Buy: st.builds(commands.Buy, item=_ITEM, quantity=st.integers(1, 2), expected_price=st.none()),
    commands.EnchantSword: st.builds(commands.EnchantSword, sword=_ITEM),
    commands.Sell: st.builds(commands.Sell, item=_ITEM, quantity=st.just(1)),
    commands.EnchantSword: st.builds(commands.EnchantSword, sword=_ITEM),
    commands.ClaimGold: st.just(commands.ClaimGold()),
    commands.Depart: st.just(commands.Depart()),
    commands.Strike: st.builds(commands.Strike, target=_PLAYER, sword=st.none()),
    commands.Drink: st.builds(commands.Drink, potion=_ITEM),
    commands.Revive: st.just(commands.Revive()),
    commands.Give: st.builds(commands.Give, to=_PLAYER, gold=st.none() | _GOLD, item=st.none() | _ITEM),
    commands.OfferTrade: st.builds(commands.OfferTrade, to=_PLAYER, give=_SIDE, want=_SIDE),
    commands.AcceptTrade: st.just(commands.AcceptTrade(trade="00000000-0000-0000-0000-000000000000")),
    commands.DeclineTrade: st.just(commands.DeclineTrade(trade="00000000-0000-0000-0000-000000000000")),
    commands.ClaimReward: st.builds(commands.ClaimReward, quest=st.sampled_from(list(catalogue.QUESTS))),
    commands.FoundGuild: st.builds(commands.FoundGuild, guild=_GUILD),
    commands.EnterGuild: st.builds(commands.EnterGuild, guild=_GUILD),
    commands.JoinGuild: st.builds(commands.JoinGuild, guild=_GUILD),
    commands.LeaveGuild: st.builds(commands.LeaveGuild, successor=st.none() | _PLAYER),
    commands.LeadGuild: st.builds(commands.LeadGuild, player=_PLAYER),
    commands.Deposit: st.builds(commands.Deposit, gold=_GOLD),
    commands.PayOut: st.builds(commands.PayOut, to=_PLAYER, gold=_GOLD),
}


def test_random_game_uses_every_command() -> None:
    assert set(_COMMANDS) == set(COMMANDS)


@given(st.lists(st.tuples(st.sampled_from(PLAYERS), st.one_of(*_COMMANDS.values())), max_size=60), st.randoms())
def test_random_game_keeps_the_balances(moves: list[tuple[str, Command]], random: Any) -> None:
    world = World(*PLAYERS)
    for name in PLAYERS:
        rich(world, name, 300)
    for player, command in moves:
        answer = {commands.AcceptTrade, commands.DeclineTrade} & {type(command)}
        if answer and world.known_offers:
            command = command.model_copy(update={"trade": random.choice(list(world.known_offers))})
        try:
            world.do(player, command)
        except RuleViolation:
            continue
        keeps_the_books(world)


def keeps_the_books(world: World) -> None:
    balances = world.everything()
    assert all(n >= 0 for n in balances.values())
    grown = sum(n - opening_balance(account) for account, n in balances.items())
    assert grown == world.created["given"] - world.created["taken"]
    for name in PLAYERS:
        gone = world.balance(f"player:{name}:departed")
        health = world.balance(f"player:{name}:health") + world.balance(f"player:{name}:wounds")
        assert health == (0 if gone else catalogue.FULL_HEALTH)
    for guild in ("knights", "rogues"):
        members = [name for name in PLAYERS if world.balance(f"player:{name}:guild:{guild}")]
        leaders = [name for name in PLAYERS if world.balance(f"player:{name}:leader:{guild}")]
        assert sorted(guilds.members(world.of(f"guild:{guild}"))) == sorted(members)
        assert set(leaders) <= set(members)
        assert len(leaders) == (1 if members else 0)
        if guilds.is_founded(world.of(f"guild:{guild}")):
            assert world.balance(f"guild:{guild}:seat") + len(members) == catalogue.GUILD_SEATS


def test_two_concurrent_blows_give_one_victory(world: World) -> None:
    """Both blows are decided on the same state.

    After one blow is settled, the balances no longer cover the other blow.
    """
    rich(world, "ada")
    rich(world, "eve")
    for name in ("ada", "eve"):
        world.do(name, commands.Buy(item="dragon_sword"))
    world.do("ada", commands.Strike(target="bob"))
    world.do("ada", commands.Strike(target="bob"))
    first, second = (
        combat.strike(name, "bob", None, world.of(f"player:{name}"), world.of("player:bob")) for name in ("ada", "eve")
    )
    assert first.type == second.type == "player_defeated"
    world.happen(first)
    with pytest.raises(RuleViolation):
        world.happen(second)
