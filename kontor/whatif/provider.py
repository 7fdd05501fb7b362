"""What the payment provider said, read from the log: it is not asked again, and nobody else is.

What it was asked then, it answers now as it did then and not before; what it never answered, it does not answer now.
What it was never asked then, as of an order that had come to nothing before, it is taken to agree to; the report counts
that.
"""

from __future__ import annotations

from dataclasses import dataclass, field

from domain.decider import Command, Event
from domain.payments import payment

AUTHORIZE = "authorize"


def capture_of(part: str) -> str:
    """The question whether the money can be taken, of all or of a parcel's part."""
    return f"capture/{part}"


@dataclass
class Answers:
    """To the questions of one order."""

    asked: set[str] = field(default_factory=set)
    given: dict[str, Event] = field(default_factory=dict)

    def take(self, event: Event) -> str:
        """Of the payment's stream. The question that the event answers, if it does."""
        match event:
            case payment.AuthorizationRequested():
                self.asked.add(AUTHORIZE)
            case payment.CaptureRequested():
                self.asked.add(capture_of(event.part))
            case payment.PaymentAuthorized():
                return self._answered(AUTHORIZE, event)
            case payment.PaymentDeclined():
                return self._answered(AUTHORIZE if AUTHORIZE not in self.given else capture_of(""), event)
            case payment.PaymentCaptured() | payment.CaptureRefused():
                return self._answered(capture_of(event.part), event)
        return ""

    def _answered(self, question: str, event: Event) -> str:
        self.given.setdefault(question, event)
        return question


def question_of(state: payment.Payment) -> str:
    """What a payment waits for; empty when the answer, to give money back, is taken to be yes."""
    if state.status == "authorizing":
        return AUTHORIZE
    return capture_of(state.part_under_way) if state.status == "capturing" else ""


def recording(payment_id: str, state: payment.Payment, intent: str, answer: Event | None) -> Command | None:
    """The command that an answer becomes; None is yes. None for a payment that waits for nothing."""
    match state.status, answer:
        case "authorizing", payment.PaymentDeclined(reason=reason):
            return payment.RecordDecline(payment_id, intent, reason)
        case "authorizing", payment.PaymentAuthorized(reference=reference, until=until):
            return payment.RecordAuthorization(payment_id, intent, reference, until)
        case "authorizing", _:
            return payment.RecordAuthorization(payment_id, intent, "what-if")
        case "capturing", payment.PaymentDeclined(reason=reason) | payment.CaptureRefused(reason=reason):
            return payment.RecordCaptureRefusal(payment_id, intent, reason)
        case "capturing", _:
            return payment.RecordCapture(payment_id, intent)
        case "voiding", _:
            return payment.RecordVoid(payment_id, intent)
        case "refunding", _:
            return payment.RecordRefund(payment_id, intent)
    return None
