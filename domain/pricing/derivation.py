"""How an amount came about: steps that can be run again.

The calculation *is* the derivation. Each step names what it computes, by which rule, from which inputs, and an amount
is only ever the outcome of a step. Running the steps again (``recompute``) therefore gives the same amounts, to the
cent. A rule's name is stored for ever: rules are added, never changed.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from functools import lru_cache
from typing import Any

import msgspec

from domain.errors import Invalid, LimitExceeded
from domain.money import AMOUNT_MAX, Money, allocate_units, rate_of, rate_within

Inputs = dict[str, Any]
Amounts = dict[str, int]


class Step(msgspec.Struct, frozen=True, gc=False):
    """``amount`` of ``what`` (a path such as ``lines/0/tax`` or ``totals/grand``) is ``rule`` applied to ``inputs``.

    Inputs are numbers, words that explain, or the names of earlier steps; the rules below say which is which.
    """

    what: str
    rule: str
    inputs: dict[str, int | str | tuple[int | str, ...]]
    amount: Money


# rules: (inputs, amounts of the earlier steps) -> minor units


def _times(inputs: Inputs, amounts: Amounts) -> int:
    return int(inputs["unit"]) * int(inputs["quantity"])


def _sum(inputs: Inputs, amounts: Amounts) -> int:
    return sum(amounts[name] for name in inputs["of"])


def _difference(inputs: Inputs, amounts: Amounts) -> int:
    return amounts[inputs["from"]] - amounts[inputs["less"]]


def _at_most(inputs: Inputs, amounts: Amounts) -> int:
    return min(int(inputs["given"]), amounts[inputs["limit"]])


def _part(inputs: Inputs, amounts: Amounts) -> int:
    weights = tuple(map(amounts.__getitem__, _item_names(inputs["lines"])))
    return _allocated(amounts[inputs["of"]], weights)[inputs["index"]]


@lru_cache(maxsize=64)
def _item_names(lines: int) -> tuple[str, ...]:
    return tuple(f"lines/{i}/items" for i in range(lines))


@lru_cache(maxsize=64)
def _allocated(units: int, weights: tuple[int, ...]) -> list[int]:
    """Remembered, because each line of an order asks for its part of the same allocation."""
    return allocate_units(units, weights)


def _share(inputs: Inputs, amounts: Amounts) -> int:
    return rate_of(amounts[inputs["of"]], int(inputs["ratePpm"]))


def _portion(inputs: Inputs, amounts: Amounts) -> int:
    return _allocated(amounts[inputs["of"]], tuple(amounts[name] for name in inputs["weights"]))[inputs["index"]]


def _units_off(inputs: Inputs, amounts: Amounts) -> int:
    value = int(inputs["unit"]) * int(inputs["units"])
    return min(rate_of(value, int(inputs["ratePpm"])), amounts[inputs["of"]])


def _tax_added(inputs: Inputs, amounts: Amounts) -> int:
    return rate_of(amounts[inputs["of"]], int(inputs["ratePpm"]))


def _tax_contained(inputs: Inputs, amounts: Amounts) -> int:
    return rate_within(amounts[inputs["of"]], int(inputs["ratePpm"]))


def _parcel(inputs: Inputs, amounts: Amounts) -> int:
    return int(inputs["base"]) + int(inputs["perItem"]) * (int(inputs["items"]) - 1)


def _parcel_share(inputs: Inputs, amounts: Amounts) -> int:
    return rate_of(sum(amounts[name] for name in inputs["of"]), int(inputs["ratePpm"]))


_RULES: dict[str, Callable[[Inputs, Amounts], int]] = {
    "times": _times,
    "sum": _sum,
    "difference": _difference,
    "at_most": _at_most,
    "part": _part,
    "share": _share,
    "portion": _portion,
    "units_off": _units_off,
    "tax_added": _tax_added,
    "tax_contained": _tax_contained,
    "parcel": _parcel,
    "parcel_share": _parcel_share,
}


class Derivation:
    """Steps as they are taken, and the amounts they have come to."""

    __slots__ = ("amounts", "currency", "steps")

    def __init__(self, currency: str) -> None:
        self.currency = currency
        self.steps: list[Step] = []
        self.amounts: Amounts = {}

    def step(self, what: str, rule: str, inputs: Inputs) -> Money:
        amount = _RULES[rule](inputs, self.amounts)
        if not -AMOUNT_MAX <= amount <= AMOUNT_MAX:
            raise LimitExceeded(f"amounts end at {AMOUNT_MAX} minor units", what=what, limit=AMOUNT_MAX)
        self.amounts[what] = amount
        result = Money(amount, self.currency)
        self.steps.append(Step(what, rule, inputs, result))
        return result

    def money(self, what: str) -> Money:
        return Money(self.amounts.get(what, 0), self.currency)


def recompute(derivation: Iterable[Step]) -> dict[str, Money]:
    """Every amount by name, from the rules and inputs alone; the amounts that the steps recorded play no part.

    ``Invalid`` for a rule that does not exist or an input that is missing or not of its rule's kind.
    """
    amounts: Amounts = {}
    result: dict[str, Money] = {}
    for step in derivation:
        rule = _RULES.get(step.rule)
        if rule is None:
            raise Invalid(f"{step.what} was derived by an unknown rule {step.rule!r}")
        try:
            amounts[step.what] = rule(step.inputs, amounts)
        except (KeyError, IndexError, TypeError, ValueError) as error:
            raise Invalid(f"{step.what} cannot be derived again: {error!r}") from error
        result[step.what] = Money(amounts[step.what], step.amount.currency)
    return result
