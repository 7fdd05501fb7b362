"""What a run changed, for people and for programs."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, NamedTuple

import msgspec
from rich.table import Table

from domain.instants import instant
from domain.money import Money
from kontor.whatif.driving import Run, Was
from kontor.whatif.outcome import Amounts, Differing, Purchase, Totals, differing, totals_of
from kontor.whatif.period import Period
from kontor.whatif.terms import Changes

SHOWN_MAX = 20
"""Purchases of each list that people see; programs get all."""


class Report(NamedTuple):
    period: Period
    changes: Changes
    was: Totals
    control: Totals
    changed: Totals
    unexplained: list[Differing]
    """Purchases that the control run did not bring to what happened."""
    differing: list[Differing]
    """Those that came to something else under the changed terms than under the same."""


def report_of(period: Period, changes: Changes, was: Was, control: Run, changed: Run) -> Report:
    return Report(
        period,
        changes,
        totals_of(was.purchases.values(), was.cart_refused),
        totals_of(control.purchases.values(), control.cart_refused, control.not_done),
        totals_of(changed.purchases.values(), changed.cart_refused, changed.not_done),
        differing(was.purchases, control.purchases),
        differing(control.purchases, changed.purchases),
    )


def lines(report: Report) -> list[dict[str, Any]]:
    """For programs: each purchase that differs, then the totals."""
    told = [_line("unexplained", "happened", "control", pair) for pair in report.unexplained]
    told += [_line("changed", "control", "changed", pair) for pair in report.differing]
    period = report.period
    summary = {
        "what": "summary",
        "from": instant(period.began_at),
        "to": instant(period.ended_at),
        "positions": [str(period.after + 1), str(period.upto)],
        "promotions": {key: terms.name for key, terms in report.changes.promotions.items()},
        "happened": report.was,
        "control": report.control,
        "changed": report.changed,
        "unexplained": len(report.unexplained),
        "differing": len(report.differing),
    }
    return [*told, summary]


def _line(what: str, before: str, after: str, pair: Differing) -> dict[str, Any]:
    one = pair.before
    return {"what": what, "orderId": one.order_id, "at": instant(one.at), before: pair.before, after: pair.after}


# for people


def tables(report: Report) -> list[Table | str]:
    period = report.period
    told: list[Table | str] = [
        f"{report.was.tried:,} purchases from {instant(period.began_at)} to {instant(period.ended_at)}, "
        f"positions {period.after + 1:,} to {period.upto:,}",
        _totals(report),
    ]
    if report.unexplained:
        told.append(
            f"the control run brought {len(report.unexplained):,} of them to something else than what happened; "
            "what differs below may be off by as much"
        )
        told.append(_pairs(report.unexplained, "happened", "control"))
    else:
        told.append("the control run brought every one of them to what happened")
    if report.changed.assumed:
        told.append(
            f"{report.changed.assumed:,} were paid for that the provider was never asked about; "
            "it is taken to have agreed"
        )
    if report.differing:
        told.append(f"{len(report.differing):,} would have come to something else")
        told.append(_pairs(report.differing, "same terms", "changed"))
    else:
        told.append("no purchase would have come to anything else")
    return told


def _totals(report: Report) -> Table:
    table = Table("", "happened", "control", "changed", "difference", box=None, pad_edge=False)
    for column in table.columns[1:]:
        column.justify = "right"
    found = (report.was, report.control, report.changed)
    counts: dict[str, list[int]] = {
        "orders that stand": [one.orders for one in found],
        "units sold": [one.units for one in found],
        "refused": [one.refusals for one in found],
    }
    for code in dict.fromkeys(code for one in found for code in one.refused):
        counts[f"  {code}"] = [one.refused.get(code, 0) for one in found]
    counts |= {
        "refused in carts": [one.cart_refused for one in found],
        "called off unpaid": [one.cancelled for one in found],
        "pending": [one.pending for one in found],
        "not tried again": [one.not_tried for one in found],
        "not done after the sale": [one.not_done for one in found],
    }
    names = {key: terms.name for key, terms in report.changes.promotions.items()}
    for key in dict.fromkeys(key for one in found for key in one.promotions):
        counts[f"orders with {names.get(key, key)}"] = [one.promotions.get(key, 0) for one in found]
    for what, numbers in counts.items():
        if any(numbers) or what in ("orders that stand", "units sold", "refused"):
            table.add_row(what, *(f"{number:,}" for number in numbers), f"{numbers[2] - numbers[1]:+,}")
    for currency in dict.fromkeys(currency for one in found for currency in one.amounts):
        _amounts(table, currency, [one.amounts.get(currency, Amounts()) for one in found])
    return table


def _amounts(table: Table, currency: str, found: list[Amounts]) -> None:
    for what in ("revenue", "discount", "shipping", "tax"):
        numbers = [getattr(one, what) for one in found]
        shown = [str(Money(number, currency)) for number in (*numbers, numbers[2] - numbers[1])]
        table.add_row(what, *shown)


def _pairs(pairs: list[Differing], before: str, after: str) -> Table:
    table = Table("when", "order", before, after, box=None, pad_edge=False)
    for pair in pairs[:SHOWN_MAX]:
        table.add_row(instant(pair.before.at), pair.before.order_id, _short(pair.before), _short(pair.after))
    if len(pairs) > SHOWN_MAX:
        table.add_row("", f"and {len(pairs) - SHOWN_MAX:,} more: --json tells all", "", "")
    return table


def _short(one: Purchase) -> str:
    if not one.stands:
        return f"{one.status} {one.code}".strip()
    less = f", {Money(one.discount, one.currency)} off" if one.discount else ""
    return f"{one.status} {Money(one.grand, one.currency)}{less}"


def encoded(content: Mapping[str, Any]) -> str:
    return msgspec.json.encode(content).decode()
