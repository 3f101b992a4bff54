"""The ledger of one realm in memory. It settles each decision at once, with the same checks as the real ledger.

It holds only the accounts of the simulated players. Other players must not use these accounts. All players share the
house accounts, but house accounts may go below zero. So a debit that is covered here is also covered when the real
ledger settles the events in the order of the log.
"""

from functools import lru_cache

from game.accounts import debits, is_house, opening_balance, split
from game.decision import Balances, Decision, RuleViolation, shortfall
from game.rules.trading import Offer

# A simulation settles hundreds of thousands of events, which use the same accounts again and again. The caches are
# large enough for all of these accounts.
_owner_and_name = lru_cache(maxsize=1 << 18)(split)
_opening = lru_cache(maxsize=1 << 18)(opening_balance)
_NOTHING: Balances = {}


class InMemoryLedger:
    """The balances of all owners, and the open trade offers by id."""

    def __init__(self) -> None:
        self._owners: dict[str, dict[str, int]] = {}
        self.offers: dict[str, Offer] = {}

    def of(self, owner: str) -> Balances:
        """Return the balances of an owner. As in the real ledger, accounts at their opening balance are left out."""
        return self._owners.get(owner, _NOTHING)

    def balance(self, account: str) -> int:
        """Return the balance of one account."""
        owner, name = _owner_and_name(account)
        found = self.of(owner).get(name)
        return _opening(account) if found is None else found

    def settle(self, player: str, decision: Decision, event_id: str) -> None:
        """Apply a decision.

        Raises RuleViolation if the real ledger would not take the hold; then nothing has changed.
        """
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
