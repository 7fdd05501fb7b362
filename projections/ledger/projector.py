"""The ledger as it is read: what stands on each account, and what moved a seller's.

All of it comes from one stream, the journal, so any store that shares streams among workers can keep it.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import NamedTuple

from domain.books.ledger import SELLER, LedgerPosted, Transaction
from domain.recorded import Recorded
from projections.projector import Index, Projection, Table, ViewRow


class AccountRow(ViewRow, frozen=True):
    """Minor units; ``debits`` and ``credits`` are both positive."""

    account: str
    currency: str
    debits: int
    credits: int
    created_at: int
    updated_at: int
    version: int

    @property
    def balance(self) -> int:
        return self.debits - self.credits


class EntryRow(ViewRow, frozen=True):
    """What one transaction did to one seller's account. ``amounts``: what the seller got for what; less is negative."""

    shop_id: str
    cause: str
    order_id: str
    kind: str
    currency: str
    at: int
    amounts: dict[str, int]


class Turnover(NamedTuple):
    """Of one account in one event."""

    account: str
    currency: str
    debits: int
    credits: int


class Entry(NamedTuple):
    shop_id: str
    transaction: Transaction
    amounts: dict[str, int]


def turnovers(recorded: Recorded) -> Mapping[str, Turnover]:
    """By account and currency."""
    posted: LedgerPosted = recorded.event
    found: dict[str, Turnover] = {}
    for one in posted.transactions:
        for posting in one.postings:
            key = f"{posting.account}/{one.currency}"
            known = found.get(key)
            debits, credits = (known.debits, known.credits) if known is not None else (0, 0)
            if posting.amount > 0:
                debits += posting.amount
            else:
                credits -= posting.amount
            found[key] = Turnover(posting.account, one.currency, debits, credits)
    return found


def fold_account(row: AccountRow | None, recorded: Recorded, turnover: Turnover) -> AccountRow:
    at = recorded.meta.occurred_at
    return AccountRow(
        account=turnover.account,
        currency=turnover.currency,
        debits=(row.debits if row else 0) + turnover.debits,
        credits=(row.credits if row else 0) + turnover.credits,
        created_at=row.created_at if row else at,
        updated_at=at,
        version=row.version + 1 if row else 1,
    )


def entries(recorded: Recorded) -> Mapping[str, Entry]:
    """By seller and transaction."""
    posted: LedgerPosted = recorded.event
    found: dict[str, Entry] = {}
    for one in posted.transactions:
        for posting in one.postings:
            if posting.account.startswith(SELLER):
                shop_id = posting.account.removeprefix(SELLER)
                entry = found.setdefault(f"{shop_id}/{one.cause}", Entry(shop_id, one, {}))
                entry.amounts[posting.what] = entry.amounts.get(posting.what, 0) - posting.amount
    return found


def fold_entry(row: EntryRow | None, recorded: Recorded, entry: Entry) -> EntryRow:
    made = entry.transaction
    return EntryRow(entry.shop_id, made.cause, made.order_id, made.kind, made.currency, made.at, entry.amounts)


ACCOUNT_ROWS = Table(
    name="ledger_accounts",
    row=AccountRow,
    folds={LedgerPosted: fold_account},
    parts=turnovers,
    indexes={
        "all": Index(lambda key, row: "all"),
        "account": Index(lambda key, row: row.account),
    },
)
ENTRY_ROWS = Table(
    name="ledger_entries",
    row=EntryRow,
    folds={LedgerPosted: fold_entry},
    parts=entries,
    indexes={"shop": Index(lambda key, row: row.shop_id, lambda key, row: row.at)},
)
LEDGER = Projection("ledger", 1, (ACCOUNT_ROWS, ENTRY_ROWS))
