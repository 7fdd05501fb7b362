"""A payment against the money itself: set aside, taken, given back."""

from __future__ import annotations

from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import invariant, rule

from domain import payment
from domain.errors import DomainError
from domain.money import Money
from domain.payment import PAYMENT, Payment
from tests.domain.machines.aggregate import AggregateMachine

ID = "pay_1"
OUTCOMES = (
    payment.RecordAuthorization(ID, "ch_1"),
    payment.RecordDecline(ID, "card_declined"),
    payment.RecordCaptureRefusal(ID, "expired"),
    payment.RecordCapture(ID),
    payment.RecordVoid(ID),
    payment.RecordRefund(ID),
)
INTENTS = (payment.RequestCapture(ID), payment.RequestVoid(ID, "cancelled"), payment.RequestRefund(ID, "cancelled"))
NEXT = {
    payment.AuthorizationRequested: {"none"},
    payment.PaymentAuthorized: {"authorizing", "declined"},
    payment.PaymentDeclined: {"authorizing", "capturing"},
    payment.CaptureRequested: {"authorized"},
    payment.PaymentCaptured: {"capturing"},
    payment.VoidRequested: {"authorized"},
    payment.PaymentVoided: {"voiding"},
    payment.RefundRequested: {"captured"},
    payment.PaymentRefunded: {"refunding"},
    payment.AttemptFailed: {"authorizing", "capturing", "voiding", "refunding"},
}


class PaymentMachine(AggregateMachine):
    decider = PAYMENT

    def __init__(self) -> None:
        super().__init__()
        self.status = "none"

    def told(self, command: object) -> None:
        """Whatever follows, it follows only from where it may."""
        before = self.status
        decided = self.ask(command)  # type: ignore[arg-type]
        for event in decided if isinstance(decided, list) else []:
            assert before in NEXT[type(event)], f"{event} in {before}"
        if isinstance(self.state, Payment):
            self.status = self.state.status

    @rule(amount=st.integers(0, 10**6), currency=st.sampled_from(("USD", "JPY")))
    def request(self, amount: int, currency: str) -> None:
        self.told(payment.RequestAuthorization(ID, "ord_1", Money(amount, currency), "pm_card"))

    @rule(outcome=st.sampled_from(OUTCOMES))
    def the_provider_says(self, outcome: object) -> None:
        self.told(outcome)

    @rule(intent=st.sampled_from(INTENTS))
    def the_checkout_asks(self, intent: object) -> None:
        self.told(intent)

    @rule(number=st.integers(1, 4))
    def an_attempt_fails(self, number: int) -> None:
        before = getattr(self.state, "attempts", 0)
        decided = self.ask(payment.RecordFailedAttempt(ID, "pay_1/1", number, "GatewayTimeout"))
        if isinstance(decided, DomainError):
            assert self.status == "none"
        elif decided:
            assert self.state.attempts == number > before

    def amounts(self, kind: type) -> list[Money]:
        return [event.amount for event in self.events if isinstance(event, kind)]  # type: ignore[attr-defined]

    @invariant()
    def there_is_one_charge(self) -> None:
        assert len(self.amounts(payment.AuthorizationRequested)) <= 1
        assert len(self.amounts(payment.CaptureRequested)) <= 1
        assert len(self.amounts(payment.PaymentCaptured)) <= 1

    @invariant()
    def no_more_is_taken_than_was_set_aside_nor_given_back_than_was_taken(self) -> None:
        authorized = self.amounts(payment.AuthorizationRequested)
        captured = self.amounts(payment.PaymentCaptured)
        refunded = self.amounts(payment.PaymentRefunded)
        assert captured in ([], authorized)
        assert refunded in ([], captured)

    @invariant()
    def money_is_not_both_taken_and_given_up(self) -> None:
        kinds = {type(event) for event in self.events}
        assert not {payment.PaymentCaptured, payment.PaymentVoided} <= kinds
        assert not {payment.CaptureRequested, payment.VoidRequested} <= kinds


TestPayment = PaymentMachine.TestCase
TestPayment.settings = settings(max_examples=100, stateful_step_count=30)
