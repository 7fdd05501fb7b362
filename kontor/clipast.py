"""The commands that look back: what was, and what would have been."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from kontor.clioptions import Data, Json, Url, settings_of

# the period of what-if
From = Annotated[str, typer.Option("--from", metavar="INSTANT|POSITION", help="Where the period begins.")]
To = Annotated[str, typer.Option("--to", metavar="INSTANT|POSITION", help="Where it ends.")]

# what it assumes
Promotions = Annotated[
    Path | None, typer.Option(metavar="FILE.json", help="Bodies of POST /api/promotions; promotionId changes one.")
]
Without = Annotated[
    list[str] | None, typer.Option(metavar="prm_…|all", help="Promotions that are left out; several times.")
]
HoldMinutes = Annotated[int | None, typer.Option(help="How long units are held. [as it was]", min=1)]
StockFactor = Annotated[float | None, typer.Option(help="Of what was free, and came in. [1]", min=0)]
Stock = Annotated[
    Path | None, typer.Option(metavar="FILE.json", help="{shopId, sku, quantity} each: units more, or less.")
]
Prices = Annotated[Path | None, typer.Option(metavar="FILE.json", help="{shopId, sku, price} each.")]


def show(
    stream: Annotated[str, typer.Argument(metavar="STREAM", help="An aggregate's id: ord_…, crt_…, stk_SHOP.SKU.")],
    at: Annotated[str | None, typer.Option(metavar="INSTANT|POSITION", help="As it was then. [as it is]")] = None,
    diff: Annotated[
        str | None, typer.Option(metavar="INSTANT|POSITION", help="What differs between the two, and who did it.")
    ] = None,
    data: Data = None,
    url: Url = None,
    json: Json = False,
) -> None:
    """An aggregate as of a moment, from its events alone; an order with its payment. Nothing sealed is shown."""
    from kontor.operating.showing import Asked, run_show

    run_show(Asked(stream, at, diff), settings_of(data=data), as_json=json, url=url)


def what_if(
    begin: From,
    end: To,
    promotions: Promotions = None,
    without: Without = None,
    hold_minutes: HoldMinutes = None,
    stock_factor: StockFactor = None,
    stock: Stock = None,
    prices: Prices = None,
    data: Data = None,
    url: Url = None,
    json: Json = False,
) -> None:
    """A past period's purchases once more under other terms, in memory: nothing is written, nobody hears of it.

    First under the same terms, which must come to what happened; then under the changed ones. Tells what differs.
    """
    from kontor.whatif.command import Assumptions, Between, run_what_if

    assumed = Assumptions(promotions, tuple(without or ()), hold_minutes, stock_factor, stock, prices)
    run_what_if(Between(begin, end), assumed, settings_of(data=data), as_json=json, url=url)
