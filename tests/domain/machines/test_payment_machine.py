"""A payment against the money itself: set aside, taken, given back."""

from __future__ import annotations

from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import invariant, rule

from domain.errors import DomainError
from domain.money import Money
from domain.payments import payment
from domain.payments.disputing import DISPUTABLE, RecordDispute
from domain.payments.payment import PAYMENT, Payment
from tests.domain.machines.aggregate import AggregateMachine

ID = "pay_1"
OUTCOMES = (
    payment.RecordAuthorization(ID, f"{ID}/1", "ch_1"),
    payment.RecordDecline(ID, f"{ID}/1", "card_declined"),
    payment.RecordVoid(ID, f"{ID}/3"),
)
PARTS = ("shi_1", "shi_2", "shi_3")
INTENTS = (payment.RequestCapture(ID), payment.RequestVoid(ID, "cancelled"), payment.RequestRefund(ID, "cancelled"))
REFUNDS = ("rfd_1", "rfd_2", "rfd_3")
NEXT = {
    payment.AuthorizationRequested: {"none"},
    payment.PaymentAuthorized: {"authorizing", "declined"},
    payment.PaymentDeclined: {"authorizing", "capturing"},
    payment.CaptureRequested: {"authorized", "partially_captured"},
    payment.PaymentCaptured: {"capturing"},
    payment.CaptureRefused: {"capturing"},
    payment.VoidRequested: {"authorized", "partially_captured"},
    payment.PaymentVoided: {"voiding"},
    payment.RefundRequested: {"partially_captured", "captured", "partially_refunded"},
    payment.PaymentRefunded: {"refunding"},
    payment.RefundRefused: {"refunding", "partially_captured", "captured", "partially_refunded"},
    payment.AttemptFailed: {"authorizing", "capturing", "voiding", "refunding"},
    payment.DisputeOpened: set(DISPUTABLE),
    payment.DisputeWon: set(DISPUTABLE),
    payment.DisputeLost: set(DISPUTABLE),
}


class PaymentMachine(AggregateMachine):
    decider = PAYMENT

    def __init__(self) -> None:
        super().__init__()
        self.status = "none"

    def submit(self, command: object) -> None:
        """Whatever follows, it follows only from where it may."""
        before = self.status
        decided = self.ask(command)  # type: ignore[arg-type]
        for event in decided if isinstance(decided, list) else []:
            assert before in NEXT[type(event)], f"{event} in {before}"
        if isinstance(self.state, Payment):
            self.status = self.state.status

    @rule(amount=st.integers(0, 10**6), currency=st.sampled_from(("USD", "JPY")))
    def request(self, amount: int, currency: str) -> None:
        self.submit(payment.RequestAuthorization(ID, "ord_1", Money(amount, currency), "pm_card", 0))

    @rule(outcome=st.sampled_from(OUTCOMES))
    def the_provider_says(self, outcome: object) -> None:
        self.submit(outcome)

    @rule(intent=st.sampled_from(INTENTS))
    def the_checkout_asks(self, intent: object) -> None:
        self.submit(intent)

    @rule(part=st.sampled_from(PARTS), share=st.integers(0, 11))
    def a_parcel_is_packed(self, part: str, share: int) -> None:
        whole = getattr(self.state, "amount", Money(20, "USD"))
        amount = Money(whole.amount * share // 10, whole.currency)
        self.submit(payment.RequestCapture(ID, part, amount))

    @rule(number=st.one_of(st.none(), st.integers(0, 12)), willing=st.sampled_from((True, True, False)))
    def the_provider_says_of_a_capture(self, number: int | None, willing: bool) -> None:
        """Of the one that is under way, or of any, also of one that ended long ago."""
        number = getattr(self.state, "intent", 0) if number is None else number
        intent, before = f"{ID}/{number}", len(self.events)
        refused = payment.RecordCaptureRefusal(ID, intent, "expired")
        self.submit(payment.RecordCapture(ID, intent) if willing else refused)
        if len(self.events) > before:
            assert isinstance(self.events[number - 1], payment.CaptureRequested)

    @rule(refund_id=st.sampled_from(REFUNDS), amount=st.integers(-1, 40), again=st.booleans())
    def somebody_asks_for_money_back(self, refund_id: str, amount: int, again: bool) -> None:
        left = getattr(self.state, "left", Money(0, "USD"))
        wanted = Money(left.amount * amount // 20, left.currency)
        if again:
            self.submit(payment.RetryRefund(ID, refund_id, "again"))
        else:
            self.submit(payment.RequestRefund(ID, "returned", refund_id, wanted))

    @rule(number=st.integers(0, 12), willing=st.booleans())
    def the_provider_says_of_a_refund(self, number: int, willing: bool) -> None:
        """Of any, also of one that ended long ago."""
        intent = f"pay_1/{number}"
        before = len(self.events)
        refused = payment.RecordRefundRefusal(ID, intent, "unknown_charge")
        self.submit(payment.RecordRefund(ID, intent) if willing else refused)
        if len(self.events) > before:
            assert isinstance(self.events[number - 1], payment.RefundRequested)

    @rule(number=st.integers(1, 2), share=st.integers(1, 24), status=st.sampled_from(("open", "won", "lost")))
    def a_buyer_disputes(self, number: int, share: int, status: str) -> None:
        """Also what he has got back already, and more than he had paid."""
        paid = getattr(self.state, "amount", Money(20, "USD"))
        amount = Money(paid.amount * share // 20, paid.currency)
        self.submit(RecordDispute(ID, "ch_1", f"dp_{number}", amount, "fraudulent", 1, 9, status, 5))

    @rule(number=st.integers(1, 4), of=st.integers(1, 12))
    def an_attempt_fails(self, number: int, of: int) -> None:
        before = getattr(self.state, "attempts", 0)
        decided = self.ask(payment.RecordFailedAttempt(ID, f"pay_1/{of}", number, "GatewayTimeout"))
        if isinstance(decided, DomainError):
            assert self.status == "none"
        elif decided:
            assert self.state.attempts == number > before
            assert type(self.events[of - 1]).__name__.endswith("Requested")

    def amounts(self, kind: type) -> list[Money]:
        return [event.amount for event in self.events if isinstance(event, kind)]  # type: ignore[attr-defined]

    @invariant()
    def there_is_one_charge(self) -> None:
        """And one capture, or one of each part."""
        assert len(self.amounts(payment.AuthorizationRequested)) <= 1
        for kind in (payment.CaptureRequested, payment.PaymentCaptured):
            parts = [event.part for event in self.events if isinstance(event, kind)]  # type: ignore[attr-defined]
            assert len(set(parts)) == len(parts)
            assert "" not in parts or len(parts) == 1

    @invariant()
    def no_more_is_taken_than_was_set_aside_nor_given_back_than_was_taken(self) -> None:
        authorized = self.amounts(payment.AuthorizationRequested)
        captured = self.amounts(payment.PaymentCaptured)
        refunded = self.amounts(payment.PaymentRefunded)
        assert not captured or sum(one.amount for one in captured) <= authorized[0].amount
        if isinstance(self.state, Payment) and captured and not self.state.parts:
            assert captured == authorized
        assert all(amount.currency == captured[0].currency for amount in refunded)
        assert sum(amount.amount for amount in refunded) <= sum(amount.amount for amount in captured)

    @invariant()
    def each_refund_is_paid_out_once_and_as_it_was_asked_for(self) -> None:
        asked: dict[str, Money] = {}
        done = set()
        for event in self.events:
            match event:
                case payment.RefundRequested(amount=amount, refund_id=refund_id):
                    assert refund_id not in done
                    asked[refund_id] = amount
                case payment.PaymentRefunded(amount=amount, refund_id=refund_id):
                    assert refund_id not in done
                    assert asked.pop(refund_id) == amount
                    done.add(refund_id)
                case payment.RefundRefused(refund_id=refund_id, amount=None):
                    del asked[refund_id]
            assert len(asked) <= 1, "one at a time"

    @invariant()
    def a_dispute_is_opened_once_and_decided_once(self) -> None:
        stands: dict[str, str] = {}
        for event in self.events:
            match event:
                case payment.DisputeOpened(dispute_id=dispute_id):
                    assert dispute_id not in stands
                    stands[dispute_id] = "open"
                case payment.DisputeWon(dispute_id=dispute_id) | payment.DisputeLost(dispute_id=dispute_id):
                    assert stands[dispute_id] == "open"
                    stands[dispute_id] = "decided"

    @invariant()
    def nobody_is_given_what_is_disputed(self) -> None:
        """When it is asked for; a bank may take later what was given back before."""
        captured, back, gone, last = 0, 0, {}, 0
        for event in self.events:
            match event:
                case payment.PaymentCaptured(amount=amount):
                    captured += amount.amount
                case payment.DisputeOpened(dispute_id=dispute_id, amount=amount):
                    gone[dispute_id] = amount.amount
                case payment.DisputeWon(dispute_id=dispute_id):
                    del gone[dispute_id]
                case payment.RefundRequested(amount=amount):
                    last = amount.amount
                    assert last == 0 or back + last + sum(gone.values()) <= captured
                    back += last
                case payment.RefundRefused(amount=None):
                    back -= last

    @invariant()
    def money_is_not_both_taken_and_given_up(self) -> None:
        """What was captured in parts stays, and only the rest is given up; nothing is captured after that."""
        captured, given_up = 0, False
        for event in self.events:
            match event:
                case payment.CaptureRequested():
                    assert not given_up
                case payment.PaymentCaptured(amount=amount):
                    captured += amount.amount
                case payment.CaptureRefused() | payment.VoidRequested():
                    given_up = True
                case payment.PaymentVoided(amount=None):
                    assert not captured
                case payment.PaymentVoided(amount=rest):
                    assert captured + rest.amount == self.amounts(payment.AuthorizationRequested)[0].amount


TestPayment = PaymentMachine.TestCase
TestPayment.settings = settings(max_examples=100, stateful_step_count=30)
