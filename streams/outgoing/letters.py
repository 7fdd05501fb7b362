"""Notices as letters: subject, text and HTML, from the templates beside this file."""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache
from pathlib import Path
from typing import Any, NamedTuple

from jinja2 import Environment, FileSystemLoader, StrictUndefined

from domain.buyers import confirmation
from domain.buyers.reset import VALID_MS
from domain.buyers.watch import BACK, DROP
from domain.money import Money
from domain.orders.order import OpenOrder, PaidOrder, RefundGranted
from domain.orders.owed import is_everything
from domain.payments.giftcard import GiftCardRefunded
from domain.payments.payment import PaymentRefunded
from streams.outgoing.notices import AccountNotice, AnyNotice, Notice, Recipient, WishNotice
from streams.outgoing.reasons import REASONS

TEMPLATES = Path(__file__).with_name("templates")
SUBJECTS = {
    "confirmed": "Your order {order} is confirmed",
    "shipped": "Your order {order} is on its way",
    "delivered": "Your order {order} was delivered",
    "cancelled": "Your order {order} was cancelled",
    "lines_cancelled": "Part of your order {order} was cancelled",
    "return_approved": "You may send back goods of order {order}",
    "return_rejected": "Your return for order {order} was refused",
    "return_received": "Your return for order {order} has arrived",
    "refunded": "Your refund for order {order}",
    "credited": "Your gift card, for order {order}",
}
NOT_SENT = "Your order {order} will not be sent"
"""Where all of it is called off, by line."""
WISH_SUBJECTS = {
    BACK: "Back in stock: {title}",
    DROP: "Costs less now: {title}",
}
ACCOUNT_SUBJECTS = {
    "password_reset": "Set a new password",
    "password_changed": "Your password was changed",
    "second_factor_added": "Signing in takes a code now",
    "second_factor_removed": "Signing in takes no code any more",
    "recovery_codes_drawn": "You have other recovery codes now",
    "email_change": "Confirm your new e-mail address",
    "email_confirmation": "Confirm your e-mail address",
    "email_changed": "Your e-mail address was changed",
}


class Letter(NamedTuple):
    subject: str
    text: str
    html: str


@cache
def _templates() -> Environment:
    """What goes into HTML is escaped; a name that a template does not know is an error, not a gap."""
    return Environment(
        loader=FileSystemLoader(TEMPLATES),
        autoescape=lambda name: name is not None and name.endswith(".html"),
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        keep_trailing_newline=True,
    )


def letter(notice: AnyNotice, recipient: Recipient) -> Letter:
    if isinstance(notice, WishNotice):
        subject = WISH_SUBJECTS[notice.kind].format(title=" ".join(notice.called.title.split()))
        content = _wish(notice)
    elif isinstance(notice, AccountNotice):
        subject = ACCOUNT_SUBJECTS[notice.kind]
        days = confirmation.VALID_MS // 86_400_000
        content = {"link": notice.link, "minutes": VALID_MS // 60_000, "days": days}
    else:
        content = _content(notice)
        words = NOT_SENT if content.get("whole") else SUBJECTS[notice.kind]
        subject = words.format(order=notice.order_id)
    content |= {"name": recipient.name, "subject": subject}
    text, html = (_templates().get_template(f"{notice.kind}{ending}").render(content) for ending in (".txt", ".html"))
    return Letter(subject, text, html)


def _wish(notice: WishNotice) -> dict[str, Any]:
    called = notice.called
    was = "" if called.was is None else str(called.was)
    return {"title": called.title, "sku": called.sku, "price": str(called.price), "was": was}


def _content(notice: Notice) -> dict[str, Any]:
    """What templates may speak of. Amounts are texts, ``19.99 USD``."""
    quote = notice.placed.quote
    covered = notice.placed.gift_card
    content: dict[str, Any] = {
        "order": notice.order_id,
        "lines": [{"title": line.title, "quantity": line.quantity, "total": str(line.total)} for line in quote.lines],
        "totals": {
            "goods": str(quote.totals.items),
            "discount": str(quote.totals.discount) if quote.totals.discount.amount else "",
            "shipping": str(quote.totals.shipping),
            "tax": str(quote.totals.tax),
            "grand": str(quote.totals.grand),
            "gift_card": "" if covered is None else str(covered.amount),
            "due": str(notice.placed.due),
        },
        "tax_inclusive": quote.tax_inclusive,
    }
    return content | _told(notice)


def _told(notice: Notice) -> dict[str, Any]:
    """What is said of this kind of notice alone."""
    event: Any = notice.event.event
    match notice.kind:
        case "shipped":
            return {"units": _units(notice, event.units), "carrier": event.carrier, "tracking": event.tracking}
        case "cancelled":
            return {"reason": REASONS.get(event.reason, event.reason)}
        case "lines_cancelled":
            owed, whole = _owed(notice, event.cancellation_id), is_everything(notice.placed.quote, event.units)
            return {"units": _units(notice, event.units), "owed": owed, "said": notice.said, "whole": whole}
        case "return_approved":
            units = _units(notice, _returned(notice, event.return_id))
            return {"units": units, "carrier": event.carrier, "tracking": event.tracking}
        case "return_rejected":
            return {"units": _units(notice, _returned(notice, event.return_id)), "said": notice.said}
        case "return_received":
            return {"units": _units(notice, event.units), "owed": _owed(notice, event.return_id)}
        case "refunded":
            return _refund(notice, event, notice.placed.due)
        case "credited":
            covered = notice.placed.gift_card
            return _refund(notice, event, event.amount if covered is None else covered.amount)
    return {}


def _units(notice: Notice, units: Mapping[str, int]) -> list[dict[str, Any]]:
    titles = {line.line_id: line.title for line in notice.placed.quote.lines}
    return [{"title": titles.get(line_id, line_id), "quantity": count} for line_id, count in units.items()]


def _returned(notice: Notice, return_id: str) -> Mapping[str, int]:
    known = notice.order.returns.get(return_id) if isinstance(notice.order, PaidOrder) else None
    return {} if known is None else known.units


def _granted(notice: Notice) -> Mapping[str, RefundGranted]:
    return {} if isinstance(notice.order, OpenOrder) else notice.order.refunds


def _owed(notice: Notice, cause: str) -> str:
    """What a cancellation or return brings the buyer; empty if that had been paid back before."""
    return next((str(one.amount) for one in _granted(notice).values() if one.cause == cause), "")


def _refund(notice: Notice, event: PaymentRefunded | GiftCardRefunded, paid: Money) -> dict[str, Any]:
    """For what the money is, as far as the order says so: of one that is called off whole it does not."""
    granted = _granted(notice).get(event.refund_id)
    part = event.amount.amount < paid.amount
    content: dict[str, Any] = {"amount": str(event.amount), "part_of": str(paid) if part else ""}
    if granted is None:
        return content | {"units": [], "shipping": False, "reason": ""}
    units = {line.line_id: line.quantity for line in granted.lines}
    reason = REASONS.get(granted.reason, granted.reason)
    return content | {"units": _units(notice, units), "shipping": bool(granted.shipping), "reason": reason}
