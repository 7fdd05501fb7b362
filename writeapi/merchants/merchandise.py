"""What merchants say of their SKUs, apart from HTTP: many offers or counts at once, each accepted or refused by itself.

A route passes one, an import thousands (products: products.py). Everything is enqueued before anything is awaited, so
that a thousand lines share a few commits; a result is what was done or the DomainError that says why not.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, NamedTuple

from commands.batch import Outcome
from commands.context import Context
from commands.engine import Engine
from commands.idempotency import IdempotentRequest
from domain.catalog.product import DiscontinuedProduct, NoProduct
from domain.decider import Command
from domain.errors import DomainError, Forbidden, IllegalTransition, NotFound
from domain.ids import claim_id, offer_id, stock_id
from domain.inventory.inventory import SetStock
from domain.sellers.offer import PutOffer, Terms


class SaidOffer(NamedTuple):
    sku: str
    terms: Terms
    kept: tuple[str, ...] = ()
    """Fields of the terms that nothing was said of: they stay as they are where there is an offer."""
    careful: bool = False
    """Whether prices that look like slips are refused."""


async def product_of(engine: Engine, sku: str, *, on_sale: bool = True) -> str:
    """The product that a SKU belongs to. Raises NotFound; IllegalTransition if it is to be ``on_sale`` and is not."""
    owner: str = (await engine.state(claim_id("sku", sku))).owner
    state = await engine.state(owner) if owner else NoProduct()
    if isinstance(state, NoProduct):
        raise NotFound("no product has this SKU", sku=sku)
    if on_sale and isinstance(state, DiscontinuedProduct):
        raise IllegalTransition("this product is discontinued", sku=sku)
    return owner


async def put_offers(
    engine: Engine, context: Context, shop_id: str, currency: str, offers: Sequence[SaidOffer]
) -> list[Outcome | DomainError]:
    """``currency`` is the shop's; whether the actor may act for the shop was asked before."""
    commands: list[Command | DomainError] = []
    for sku, terms, kept, careful in offers:
        try:
            product_id = await product_of(engine, sku)
        except DomainError as refusal:
            commands.append(refusal)
        else:
            commands.append(PutOffer(offer_id(shop_id, sku), product_id, currency, terms, kept, careful))
    return await _those_that_stand(engine, context, commands)


async def count_stock(
    engine: Engine, context: Context, shop_id: str, counted: Sequence[tuple[str, int]]
) -> list[Outcome | DomainError]:
    """Makes what is on hand what was counted, by SKU."""
    commands: list[Command | DomainError] = []
    for sku, quantity in counted:
        try:
            await product_of(engine, sku, on_sale=False)
        except DomainError as refusal:
            commands.append(refusal)
        else:
            commands.append(SetStock(stock_id(shop_id, sku), quantity, context.at))
    return await _those_that_stand(engine, context, commands)


def require_owner(state: Any, actor: str, *, admin: bool, discontinued_too: bool = False) -> None:
    """Whether ``actor`` may change the product. Raises NotFound, Forbidden, IllegalTransition."""
    if isinstance(state, NoProduct):
        raise NotFound("no such product")
    if state.owner_id != actor and not admin:
        raise Forbidden("this product belongs to somebody else")
    if isinstance(state, DiscontinuedProduct) and not discontinued_too:
        raise IllegalTransition("this product is discontinued")


# the engine


async def _those_that_stand(
    engine: Engine, context: Context, commands: Sequence[Command | DomainError]
) -> list[Outcome | DomainError]:
    outcomes = iter(await submit_all(engine, context, [one for one in commands if isinstance(one, Command)]))
    return [one if isinstance(one, DomainError) else next(outcomes) for one in commands]


async def submit_all(
    engine: Engine, context: Context, commands: Sequence[Command], request: IdempotentRequest | None = None
) -> list[Outcome | DomainError]:
    """Outcomes and refusals, in order. Raises what is neither: an overloaded engine, a log that cannot be written."""
    if not commands:
        return []
    futures = []
    try:
        for command in commands:
            futures.append(engine.submit(command, context, request=request))
    except BaseException:
        for future in futures:
            future.cancel()
        raise
    outcomes: list[Outcome | DomainError] = []
    try:
        for future in futures:  # one by one: most are done when the first is, and a done one costs nothing to await
            try:
                outcomes.append(await future)
            except DomainError as refusal:
                outcomes.append(refusal)
    except BaseException:
        for future in futures:
            if not future.cancel() and not future.cancelled():
                future.exception()  # looked at, lest the loop complain that nobody did
        raise
    return outcomes
