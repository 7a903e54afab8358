"""Who can pay: the balance decides message by message, inside the transaction that stores the messages."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

# account_id, amount, message_id, created_at (Unix ms): what a message costs, in micro-credits; negative where
# it is given back.
Charge = tuple[int, int, str, int]
# account_id, amount (charges are negative), balance_after, message_id, created_at: a row of the ledger.
LedgerRow = tuple[int, int, int, str, int]


@dataclass(slots=True, frozen=True)
class Funds:
    """What an account has, read under a lock."""

    balance: int
    unlimited: bool
    floor: int


@dataclass(slots=True)
class Settlement:
    """The decision: the ledger's rows, the new balances, and the messages that are not covered."""

    ledger: list[LedgerRow] = field(default_factory=list)
    refunds: list[LedgerRow] = field(default_factory=list)
    balances: dict[int, int] = field(default_factory=dict)
    refused: set[str] = field(default_factory=set)


def settle(charges: Iterable[Charge], funds: Mapping[int, Funds]) -> Settlement:
    """Charges in order; one that would lead below the account's floor is refused, later ones may still fit.

    Unlimited accounts are charged without a floor. A charge to an account that does not exist is refused.
    What is given back is never refused, however low the balance.
    """
    settlement = Settlement()
    balances = settlement.balances
    ledger = settlement.ledger
    for account_id, amount, message_id, at in charges:
        account = funds.get(account_id)
        if account is None:
            settlement.refused.add(message_id)
            continue
        after = balances.get(account_id, account.balance) - amount
        if amount < 0:
            balances[account_id] = after
            settlement.refunds.append((account_id, -amount, after, message_id, at))
            continue
        if after < account.floor and not account.unlimited:
            settlement.refused.add(message_id)
            continue
        balances[account_id] = after
        ledger.append((account_id, -amount, after, message_id, at))
    return settlement
