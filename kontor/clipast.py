"""The commands that look back: what was, and what would have been."""

from __future__ import annotations

from typing import Annotated

import typer

from kontor.clioptions import Data, Json, Url, settings_of


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
    from kontor.showing import Asked, run_show

    run_show(Asked(stream, at, diff), settings_of(data=data), as_json=json, url=url)
