"""``kontor quote explain``: how each amount of an order came about, and whether it still adds up."""

from __future__ import annotations

from typing import Any

import msgspec
from rich.table import Table

from commands.errors import UnusableLog
from domain.money import Money
from domain.orders.order import OrderPlaced
from domain.pricing.derivation import Step
from domain.pricing.pricing import Quote, verify_quote
from domain.stored.codec import decode
from kontor import console
from kontor.proving.evidence import Damaged, Named, evidence
from kontor.proving.verifying import log_of
from kontor.settings import Settings

AMOUNTS = ("unit", "given", "base", "perItem")
"""Inputs of steps that are minor units."""
WORDS = {
    "times": "{unit} x {quantity}",
    "sum": "{of}",
    "difference": "{from} - {less}",
    "at_most": "{given}, at most {limit}",
    "share": "{percent} of {of}",
    "portion": "its part of {of}",
    "part": "its part of {of}",
    "units_off": "{percent} of {units} x {unit}, at most {of}",
    "tax_added": "{name} {jurisdiction}: {percent} of {of}",
    "tax_contained": "{name} {jurisdiction}: {percent}, contained in {of}",
    "parcel": "{method}, {zone}: {base}, each of {items} items beyond the first {perItem}",
    "parcel_share": "{method}, {zone}: {percent} of {of}",
}
"""By the rules of ``domain/pricing/derivation.py``."""


def run_explain(order_id: str, settings: Settings, as_json: bool, url: str | None = None) -> None:
    """Prints the derivation; exit 1 when there is no such order, or when an amount is not what its steps give."""
    try:
        quote = quote_of(log_of(settings, url), order_id)
    except (UnusableLog, Damaged) as error:
        console.fail(str(error))
    if quote is None:
        console.fail(f"there is no order {order_id} in this log")
    wrong = verify_quote(quote)
    if as_json:
        content = {"orderId": order_id, "steps": quote.derivation, "totals": quote.totals, "wrong": wrong}
        console.out.print(msgspec.json.encode(content).decode(), markup=False)
    else:
        console.out.print(f"{order_id}: {quote.totals.grand}")
        console.table(_table(quote))
        console.out.print(*(wrong or ["every amount is what its steps give, to the cent"]), sep="\n", markup=False)
    if wrong:
        raise SystemExit(1)


def quote_of(log: Named, order_id: str) -> Quote | None:
    """As it was charged. Raises UnusableLog, Damaged."""
    with evidence(log) as opened:
        _, _, head = opened.extent()
        for topic, data in opened.stream(order_id, head + 1):
            event = decode(topic, data)
            if isinstance(event, OrderPlaced):
                return event.quote
    return None


def _table(quote: Quote) -> Table:
    titles = {f"lines/{i}": line.title for i, line in enumerate(quote.lines)}
    table = Table("what", "how", "amount", box=None, pad_edge=False)
    table.columns[2].justify = "right"
    for step in quote.derivation:
        about = titles.get("/".join(step.what.split("/")[:2]), "")
        what = f"{step.what} ({about})" if step.what.endswith("/items") and about else step.what
        table.add_row(what, in_words(step), str(step.amount))
    return table


def in_words(step: Step) -> str:
    """A step as a person would write it: ``19.99 USD x 2``, ``8.25 % of lines/0/net``."""
    inputs: dict[str, Any] = step.inputs
    words: dict[str, Any] = {"percent": f"{inputs.get('ratePpm', 0) / 10_000:g} %"}
    for name, given in inputs.items():
        if name in AMOUNTS:
            words[name] = Money(given, step.amount.currency)
        else:
            words[name] = " + ".join(map(str, given)) if isinstance(given, tuple) else given
    return WORDS.get(step.rule, step.rule).format_map(words)
