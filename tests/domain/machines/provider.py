"""A payment provider with books of its own, at the mercy of whoever draws its verdicts."""

from __future__ import annotations

from dataclasses import dataclass, field

from msgspec.structs import replace

from domain.decider import Command
from domain.money import Money
from domain.payments import payment
from domain.recorded import Recorded

INTENTS = (
    payment.AuthorizationRequested,
    payment.CaptureRequested,
    payment.VoidRequested,
    payment.RefundRequested,
)


@dataclass(slots=True)
class Charge:
    """``status``: authorized, voided, or gone when the authorization ran out."""

    amount: Money
    reference: str
    status: str = "authorized"
    captured: int = 0
    """Minor units, perhaps in several parts."""
    back: int = 0
    """Minor units given back."""
    disputes: dict[str, payment.RecordDispute] = field(default_factory=dict)
    """By id: the command that puts on record how each stands."""

    @property
    def withheld(self) -> int:
        """Minor units that disputes have taken."""
        return sum(one.amount.amount for one in self.disputes.values() if one.status != "won")


class Provider:
    def __init__(self) -> None:
        self.charges: dict[str, list[Charge]] = {}
        """By payment id. There must never be two with money in them."""
        self.answers: dict[str, Command] = {}
        """By intent: the command that puts its outcome on record."""

    def hear(self, intent: Recorded, *, willing: bool) -> None:
        """Acts once per intent, however often it is told."""
        key = payment.key_of(intent)
        if key not in self.answers:
            self.answers[key] = self._act(intent, willing)

    def kept(self, payment_id: str) -> int:
        """Minor units that the buyer has paid and not got back."""
        return sum(one.captured - one.back - one.withheld for one in self.charges.get(payment_id, ()))

    def withheld(self, payment_id: str) -> int:
        """Minor units of it that disputes have taken."""
        return sum(charge.withheld for charge in self.charges.get(payment_id, ()))

    def dispute(self, payment_id: str, amount: int, at: int) -> None:
        """A buyer goes to his bank, for no more than is there."""
        for charge in self.charges.get(payment_id, ()):
            left = charge.captured - charge.back - charge.withheld
            if left > 0:
                number, money = len(charge.disputes) + 1, Money(min(amount, left), charge.amount.currency)
                record = payment.RecordDispute(
                    payment_id, charge.reference, f"dp_{number}", money, "fraudulent", at, 0, "open", at
                )
                charge.disputes[record.dispute_id] = record

    def decide(self, payment_id: str, won: bool, at: int) -> None:
        """The bank decides whatever is open."""
        for charge in self.charges.get(payment_id, ()):
            for dispute_id, record in charge.disputes.items():
                if record.status == "open":
                    charge.disputes[dispute_id] = replace(record, status="won" if won else "lost", at=at)

    def disputes(self) -> list[Command]:
        """How all of them stand, for whoever asks."""
        return [record for charges in self.charges.values() for one in charges for record in one.disputes.values()]

    def set_aside(self, payment_id: str) -> bool:
        charges = self.charges.get(payment_id, ())
        return any(one.status == "authorized" and one.captured < one.amount.amount for one in charges)

    def _act(self, intent: Recorded, willing: bool) -> Command:
        payment_id, asked, key = intent.stream, intent.event, payment.key_of(intent)
        charges = self.charges.setdefault(payment_id, [])
        if isinstance(asked, payment.AuthorizationRequested):
            if not willing:
                return payment.RecordDecline(payment_id, key, "card_declined")
            charges.append(Charge(asked.amount, f"ch_{payment_id}_{len(charges) + 1}"))
            return payment.RecordAuthorization(payment_id, key, charges[-1].reference)
        (charge,) = charges
        if isinstance(asked, payment.CaptureRequested):
            assert charge.captured + asked.amount.amount <= charge.amount.amount, (charge, asked)
            assert asked.part or asked.amount == charge.amount
            if charge.status != "authorized" or not willing:
                charge.status = "gone"
                return payment.RecordCaptureRefusal(payment_id, key, "authorization_expired")
            charge.captured += asked.amount.amount
            return payment.RecordCapture(payment_id, key)
        if isinstance(asked, payment.VoidRequested):
            assert charge.status == "authorized", charge
            assert charge.captured < charge.amount.amount, charge
            charge.status = "voided"
            return payment.RecordVoid(payment_id, key)
        assert isinstance(asked, payment.RefundRequested), asked
        assert charge.back + asked.amount.amount <= charge.captured, (charge, asked)
        disputed = charge.back + asked.amount.amount + charge.withheld > charge.captured
        if not willing or disputed:
            return payment.RecordRefundRefusal(payment_id, key, "unknown_charge")
        charge.back += asked.amount.amount
        return payment.RecordRefund(payment_id, key)
