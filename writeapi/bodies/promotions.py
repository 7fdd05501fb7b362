"""Bodies of the commands about promotions and coupons."""

from __future__ import annotations

from typing import Annotated, Any, Literal

from pydantic import AfterValidator, ConfigDict, Field, StrictBool, StrictInt

from domain.buyers.account import GROUPS_MAX
from domain.money import PPM, Money
from domain.pricing import promotion
from domain.pricing.promotion import SCOPE_MAX, UNITS_MAX, USES_MAX
from readapi.edge.schemas import CountryCode, InstantIn, MoneyIn
from readapi.edge.validation import told
from writeapi.bodies.merchandise import CategoryPath, Group, Name, Sku
from writeapi.requests import Body

_PERCENT = PPM // 100
_EXAMPLE: dict[str, Any] = {
    "name": "Spring sale",
    "benefit": {"kind": "percent", "percent": 10},
    "code": "SPRING",
    "minSpend": {"amount": 5000, "currency": "USD"},
    "limit": 1000,
    "limitPerAccount": 1,
}


def _upper(code: str) -> str:
    return code.upper()


Code = Annotated[
    str,
    Field(
        pattern=told(
            r"^[A-Za-z0-9][A-Za-z0-9_-]{1,39}$", "a code has 2 to 40 letters, digits, hyphens and underscores"
        ),
        examples=["SPRING"],
    ),
    AfterValidator(_upper),
]
"""Small letters are taken for great ones."""
Share = Annotated[float, Field(gt=0, le=100, multiple_of=0.01, examples=[10])]
"""Percent, to the hundredth."""
Units = Annotated[StrictInt, Field(ge=1, le=UNITS_MAX)]
Uses = Annotated[StrictInt, Field(ge=1, le=USES_MAX)]


class PercentOff(Body):
    """A share of the price of each unit that qualifies."""

    kind: Literal["percent"]
    percent: Share

    def benefit(self) -> promotion.Benefit:
        return promotion.Percent(_ppm(self.percent))


class AmountOff(Body):
    """Off all lines in scope together."""

    kind: Literal["amount"]
    amount: MoneyIn

    def benefit(self) -> promotion.Benefit:
        return promotion.Amount(Money(self.amount.amount, self.amount.currency))


class BuyGet(Body):
    """Of each ``buy + get`` units, the ``get`` cheapest are cheaper by so much; for nothing unless said otherwise."""

    kind: Literal["buy_get"]
    buy: Units
    get: Units
    percent: Share = 100

    def benefit(self) -> promotion.Benefit:
        return promotion.BuyGet(self.buy, self.get, _ppm(self.percent))


class FreeShipping(Body):
    """The parcels of what qualifies cost nothing to send."""

    kind: Literal["free_shipping"]

    def benefit(self) -> promotion.Benefit:
        return promotion.FreeShipping()


def _ppm(percent: float) -> int:
    return round(percent * 100) * (_PERCENT // 100)


class PromotionTerms(Body):
    """What is left out does not restrict it."""

    model_config = ConfigDict(json_schema_extra={"examples": [_EXAMPLE]})

    name: Name
    benefit: Annotated[PercentOff | AmountOff | BuyGet | FreeShipping, Field(discriminator="kind")]
    shop_id: Annotated[str | None, Field(max_length=40)] = None
    """Without it the whole marketplace takes part and pays."""
    categories: Annotated[list[CategoryPath], Field(max_length=SCOPE_MAX, examples=[[["Furniture", "Beds"]]])] = []
    skus: Annotated[list[Sku], Field(max_length=SCOPE_MAX)] = []
    code: Code | None = None
    min_spend: MoneyIn | None = None
    min_units: Annotated[StrictInt, Field(ge=0, le=UNITS_MAX)] = 0
    countries: Annotated[list[CountryCode], Field(max_length=SCOPE_MAX)] = []
    group: Annotated[Group | None, Field(examples=["teachers"])] = None
    starts_at: InstantIn | None = None
    ends_at: InstantIn | None = None
    priority: Annotated[StrictInt, Field(ge=-1_000_000, le=1_000_000)] = 0
    exclusive: StrictBool = False
    limit: Uses | None = None
    limit_per_account: Uses | None = None

    def terms(self) -> promotion.Terms:
        least = self.min_spend
        return promotion.Terms(
            name=self.name,
            benefit=self.benefit.benefit(),
            scope=promotion.Scope(self.shop_id or "", tuple(map(tuple, self.categories)), tuple(self.skus)),
            code=self.code or "",
            min_spend=None if least is None else Money(least.amount, least.currency),
            min_units=self.min_units,
            countries=tuple(self.countries),
            group=self.group or "",
            starts_at=self.starts_at or 0,
            ends_at=self.ends_at or 0,
            priority=self.priority,
            exclusive=self.exclusive,
            limit=self.limit,
            limit_per_account=self.limit_per_account,
        )


class NewCoupon(Body):
    code: Code


class Groups(Body):
    groups: Annotated[
        list[Group],
        Field(max_length=GROUPS_MAX, examples=[["teachers"]]),
    ]
