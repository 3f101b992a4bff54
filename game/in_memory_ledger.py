"""The ledger of a realm in memory: every decision is settled at once, with the same checks as the real ledger.

It holds only the accounts of the simulated players. No other player may touch those accounts, and the house, which all
players share, is unbounded. So what is covered here is also covered in the real ledger, in the order of the log.
"""

from functools import lru_cache

from game.accounts import debits, is_house, opening_balance, split
from game.decision import Balances, Decision, RuleViolation, shortfall
from game.rules.trading import Offer

# A simulation settles hundreds of thousands of events among the same accounts: the caches hold all of those.
_owner_and_name = lru_cache(maxsize=1 << 18)(split)
_opening = lru_cache(maxsize=1 << 18)(opening_balance)
_NOTHING: Balances = {}


class InMemoryLedger:
    """Balances by owner, and open offers by their id."""

    def __init__(self) -> None:
        self._owners: dict[str, dict[str, int]] = {}
        self.offers: dict[str, Offer] = {}

    def of(self, owner: str) -> Balances:
        """Return the balances of an owner; like the ledger's, without accounts at their opening balance."""
        return self._owners.get(owner, _NOTHING)

    def balance(self, account: str) -> int:
        """Return the balance of one account."""
        owner, name = _owner_and_name(account)
        found = self.of(owner).get(name)
        return _opening(account) if found is None else found

    def settle(self, player: str, decision: Decision, event_id: str) -> None:
        """Apply a decision. Raises RuleViolation, and then changes nothing, if the ledger would not hold it."""
        for account, amount in debits(decision.transfers).items():
            if self.balance(account) < amount:
                raise shortfall(account, self.balance(account), amount)
        for condition in decision.conditions:
            if not condition.least <= self.balance(condition.account) <= condition.most:
                raise RuleViolation("changed", condition.account)
        for transfer in decision.transfers:
            self._add(transfer.debit, -transfer.amount)
            self._add(transfer.credit, transfer.amount)
        if decision.type == "trade_offered":
            self.offers[event_id] = Offer.read(event_id, player, decision.details)
        elif "trade" in decision.details:
            del self.offers[str(decision.details["trade"])]

    def _add(self, account: str, amount: int) -> None:
        if is_house(account):
            return
        owner, name = _owner_and_name(account)
        balances = self._owners.setdefault(owner, {})
        balance = balances.get(name, _opening(account)) + amount
        if balance == _opening(account):
            balances.pop(name, None)
        else:
            balances[name] = balance
