"""Ledger: the journal of double entries, one transaction for each time money moved. Stream ``led_journal``.

A transaction's postings sum to zero; so does therefore every sum of them. What is posted stays posted: the journal is
part of the log, and the rate by which the marketplace takes its commission is part of the journal, so that money given
back next year is taken out of the accounts it went into, whatever the rate is by then.
"""

from __future__ import annotations

import msgspec
from msgspec.structs import replace

from domain.decider import Command, Decider, Event, State
from domain.errors import Invalid
from domain.money import PPM

JOURNAL = "led_journal"
TRANSACTIONS_MAX = 20
"""Posted by one event."""

CUSTOMER, PROVIDER, GIFT_CARDS, ISSUED, REFUNDS, FEES, TAX, DISCOUNTS, DISPUTES, SUSPENSE = (
    "customer",
    "provider",
    "gift_cards",
    "gift_cards_issued",
    "refunds",
    "fees",
    "tax",
    "discounts",
    "disputes",
    "suspense",
)
"""Accounts of the marketplace; docs/ledger.md says what is on each."""
SELLER = "seller:"


class Posting(msgspec.Struct, frozen=True, array_like=True, gc=False):
    """``amount`` in minor units: positive is a debit, negative a credit."""

    account: str
    amount: int
    what: str
    """``sale``, ``payment``, ``refund``, ``goods``, ``shipping``, ``tax``, ``fee``, ``discount``, ``gift_card``,
    ``dispute`` or ``unknown``."""


class Transaction(msgspec.Struct, frozen=True, gc=False):
    cause: str
    """Id of the event that moved the money, ``pay_…/5`` or ``gft_…/3``; of what cost nothing ``ord_…/3``."""
    position: int
    """Where in the log that event stands: the journal goes through them in their order."""
    kind: str
    """``captured``, ``refunded``, ``disputed``, ``dispute_won`` or ``dispute_lost``; of gift cards ``issued``,
    ``redeemed`` or ``refunded``; ``given`` or ``given_back`` where no money moves."""
    order_id: str
    """Empty for a gift card that is issued."""
    amount: int
    currency: str
    at: int
    postings: tuple[Posting, ...]


def seller(shop_id: str) -> str:
    """The account of what the marketplace owes a shop."""
    return SELLER + shop_id


def is_balanced(transaction: Transaction) -> bool:
    return sum(posting.amount for posting in transaction.postings) == 0


# events


class LedgerPosted(Event, frozen=True):
    transactions: tuple[Transaction, ...]


class CommissionSet(Event, frozen=True):
    """For money that is captured after the position ``since``."""

    rate_ppm: int
    since: int


# commands


class PostTransactions(Command, frozen=True):
    """In the order of their positions; what is posted already is left out."""

    journal_id: str
    transactions: tuple[Transaction, ...]


class SetCommission(Command, frozen=True):
    """For what is captured after the position ``since``: the end of the log, so that no sale that was made pays it."""

    journal_id: str
    rate_ppm: int
    since: int


# state


class Rate(State, frozen=True):
    since: int
    rate_ppm: int


class Journal(State, frozen=True):
    upto: int = 0
    """Everything that moved money up to this position is posted."""
    rates: tuple[Rate, ...] = ()
    """By position; before the first one nothing was taken."""

    def rate_at(self, position: int) -> int:
        """What the marketplace takes of money that was captured there (ppm)."""
        return next((rate.rate_ppm for rate in reversed(self.rates) if rate.since < position), 0)


def post_transactions(command: PostTransactions, state: Journal) -> list[Event]:
    fresh = tuple(one for one in command.transactions if one.position > state.upto)
    positions = [one.position for one in fresh]
    if positions != sorted(set(positions)) or not all(map(is_balanced, fresh)):
        raise Invalid("transactions are posted in order, and each sums to zero")
    return [LedgerPosted(fresh)] if fresh else []


def set_commission(command: SetCommission, state: Journal) -> list[Event]:
    if not 0 <= command.rate_ppm <= PPM:
        raise Invalid(f"a commission is 0 to {PPM} ppm")
    current = state.rates[-1].rate_ppm if state.rates else 0
    return [] if command.rate_ppm == current else [CommissionSet(command.rate_ppm, max(command.since, state.upto))]


LEDGER = Decider(
    name="ledger",
    initial=Journal(),
    states=Journal,
    decisions={PostTransactions: post_transactions, SetCommission: set_commission},
    evolutions={
        LedgerPosted: lambda state, event: replace(
            state, upto=max((one.position for one in event.transactions), default=state.upto)
        ),
        CommissionSet: lambda state, event: replace(state, rates=(*state.rates, Rate(event.since, event.rate_ppm))),
    },
)
