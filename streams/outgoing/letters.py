"""Notices as letters: subject, text and HTML, from the templates beside this file."""

from __future__ import annotations

from functools import cache
from pathlib import Path
from typing import Any, NamedTuple

from jinja2 import Environment, FileSystemLoader, StrictUndefined

from streams.outgoing.notices import Notice, Recipient
from streams.outgoing.reasons import REASONS

TEMPLATES = Path(__file__).with_name("templates")
SUBJECTS = {
    "confirmed": "Your order {order} is confirmed",
    "shipped": "Your order {order} is on its way",
    "delivered": "Your order {order} was delivered",
    "cancelled": "Your order {order} was cancelled",
    "refunded": "Your refund for order {order}",
    "credited": "Your gift card, for order {order}",
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


def letter(notice: Notice, recipient: Recipient) -> Letter:
    content = {"name": recipient.name, **_content(notice)}
    subject = SUBJECTS[notice.kind].format(order=notice.order_id)
    content["subject"] = subject
    text, html = (_templates().get_template(f"{notice.kind}{ending}").render(content) for ending in (".txt", ".html"))
    return Letter(subject, text, html)


def _content(notice: Notice) -> dict[str, Any]:
    """What templates may speak of. Amounts are texts, ``19.99 USD``."""
    quote, event = notice.placed.quote, notice.event.event
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
    match notice.kind:
        case "shipped":
            titles = {line.line_id: line.title for line in quote.lines}
            content["parcel"] = [
                {"title": titles.get(line_id, line_id), "quantity": units} for line_id, units in event.units.items()
            ]
            content["carrier"], content["tracking"] = event.carrier, event.tracking
        case "cancelled":
            content["reason"] = REASONS.get(event.reason, event.reason)
        case "refunded" | "credited":
            content["amount"] = str(event.amount)
    return content
