"""Where the money is in the end: the provider's own count against the log's, and the books against both."""

from __future__ import annotations

from collections import Counter

from commands.mapper import recorded
from commands.store.memory import MemoryLog
from domain.books.ledger import DISPUTES, JOURNAL, PROVIDER, SUSPENSE, LedgerPosted
from domain.payments.dispute import LOST, OPEN, WON
from domain.payments.giftcard import GiftCardRedeemed, GiftCardRefunded
from domain.payments.payment import DisputeLost, DisputeOpened, DisputeWon, PaymentCaptured, PaymentRefunded
from kontor.simulation.provider import Charge, Provider
from kontor.simulation.violation import Verdict
from streams.money.effect import order_of

Claims = dict[str, tuple[int, str]]
"""Amount and status of each dispute."""


def is_where_the_log_says(provider: Provider, log: MemoryLog, verdict: Verdict) -> None:
    """Order by order, disputes included; nothing is left set aside for nobody."""
    captured: Counter[str] = Counter()
    refunded: Counter[str] = Counter()
    claims: dict[str, Claims] = {}
    for row in log.rows:
        if row.stream.startswith("pay_"):
            order_id = order_of(row.stream)
            match recorded(row).event:
                case PaymentCaptured(amount=amount):
                    captured[order_id] += amount.amount
                case PaymentRefunded(amount=amount):
                    refunded[order_id] += amount.amount
                case DisputeOpened() | DisputeWon() | DisputeLost() as event:
                    status = {DisputeOpened: OPEN, DisputeWon: WON, DisputeLost: LOST}[type(event)]
                    claims.setdefault(order_id, {})[event.dispute_id] = event.amount.amount, status
    for reference, charge in provider.charges.items():
        recorded_sums = captured.pop(charge.order_id, 0), refunded.pop(charge.order_id, 0)
        if recorded_sums != (charge.captured, charge.refunded):
            verdict.fail(
                f"of {charge.order_id} the log has {recorded_sums} captured and refunded, "
                f"the provider {(charge.captured, charge.refunded)}"
            )
        if _is_set_aside(charge):
            verdict.fail(
                f"{charge.captured} of {charge.amount} of {charge.order_id} are taken, and nobody wants the rest"
            )
        _disputes_agree(provider, reference, claims.pop(charge.order_id, {}), verdict)
    if +captured or +refunded or claims:
        left = f"{dict(captured)}, {dict(refunded)}, {claims}"
        verdict.fail(f"the log has money that the provider never saw: {left}")


def _is_set_aside(charge: Charge) -> bool:
    """All of the money, or what no parcel came for."""
    taken = charge.captured and not (charge.more and charge.captured < charge.amount.amount)
    return not taken and not charge.voided


def _disputes_agree(provider: Provider, reference: str, claims: Claims, verdict: Verdict) -> None:
    """And nobody has the same money back twice, unless his bank took no notice of what he had."""
    charge, disputes = provider.charges[reference], provider.banks.disputes.get(reference, [])
    there = {one.dispute_id: (one.amount, one.status) for one in disputes}
    if claims != there:
        verdict.fail(f"of {charge.order_id} the log has the disputes {claims}, the provider {there}")
    back = charge.refunded + provider.banks.lost(reference)
    if back > charge.captured and not any(one.careless for one in disputes):
        verdict.fail(f"{back} of {charge.order_id} went back by refunds and disputes, {charge.captured} was captured")


def is_where_the_books_say(provider: Provider, log: MemoryLog, verdict: Verdict) -> None:
    """The provider's account holds what the provider does. What cannot be laid on anybody who sold is what a bank took
    although the buyer had it back, and nothing else."""
    accounts, unknown = _booked(log)
    kept = _kept(provider, log)
    _account_holds(PROVIDER, accounts[PROVIDER], _at_the_provider(provider), verdict)
    _account_holds(DISPUTES, accounts[DISPUTES], _open(provider), verdict)
    for order_id in unknown.keys() | kept.keys():
        _account_holds(f"{SUSPENSE} for {order_id}", unknown[order_id], max(0, -kept[order_id]), verdict)
    if sum(accounts.values()):
        verdict.fail(f"the ledger sums to {sum(accounts.values())}")


def _booked(log: MemoryLog) -> tuple[Counter[str], Counter[str]]:
    """What each account holds, and how much of each order nobody is to bear."""
    accounts: Counter[str] = Counter()
    unknown: Counter[str] = Counter()
    for row in log.streams[JOURNAL]:
        posted = recorded(row).event
        for transaction in posted.transactions if isinstance(posted, LedgerPosted) else ():
            for posting in transaction.postings:
                accounts[posting.account] += posting.amount
                unknown[transaction.order_id] += posting.amount if posting.account == SUSPENSE else 0
    return accounts, unknown


def _kept(provider: Provider, log: MemoryLog) -> Counter[str]:
    """What is left of each order's money, by the provider and by its part on a gift card."""
    kept: Counter[str] = Counter()
    for reference, charge in provider.charges.items():
        kept[charge.order_id] += charge.captured - charge.refunded - provider.banks.lost(reference)
    for row in log.rows:
        if row.stream.startswith("gft_"):
            match recorded(row).event:
                case GiftCardRedeemed(order_id=order_id, amount=amount):
                    kept[order_id] += amount.amount
                case GiftCardRefunded(order_id=order_id, amount=amount):
                    kept[order_id] -= amount.amount
    return kept


def _account_holds(name: str, booked: int, there: int, verdict: Verdict) -> None:
    if booked != there:
        verdict.fail(f"the account {name} holds {booked}, and it should be {there}")


def _at_the_provider(provider: Provider) -> int:
    charges = provider.charges.items()
    return sum(one.captured - one.refunded - provider.banks.withheld(reference) for reference, one in charges)


def _open(provider: Provider) -> int:
    return sum(one.amount for some in provider.banks.disputes.values() for one in some if one.status == OPEN)
