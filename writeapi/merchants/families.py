"""A product's life after it was created: changed, published, given another variant; each held to its category."""

from __future__ import annotations

from commands.batch import Outcome
from commands.context import Context
from commands.engine import Engine
from commands.idempotency import IdempotentRequest
from domain.catalog.product import PRODUCT, AddVariant, ChangeProduct, Description, PublishProduct, Variant
from domain.claim import ReleaseClaim, TakeClaim
from domain.errors import DomainError, NotFound
from domain.ids import claim_id
from projections.catalog.projector import PRODUCTS, ProductRow
from streams.standins.fromthelog import rows_of
from writeapi.merchants.attributes import Said, Schemas, conformed
from writeapi.services import WriteServices


async def product_row(services: WriteServices, product_id: str) -> ProductRow:
    """As it stands in the product's own stream. Raises NotFound."""
    rows: dict[str, ProductRow] = await rows_of(services.log, PRODUCTS, (product_id,))
    if product_id not in rows:
        raise NotFound("no such product")
    return rows[product_id]


async def change(
    services: WriteServices, context: Context, row: ProductRow, product_id: str, said: Description, expected: int
) -> Outcome:
    """What it says of itself is looked at only where that, or where it stands, is changed: a new title is no reason to
    mend what an older schema took. Raises SeveralInvalid, VersionMismatch."""
    before = row.description
    if (said.category, said.attributes) != (before.category, before.attributes):
        asked = await Schemas(services.engine).of(said.category)
        said = conformed(Said(said, row.variants), asked, complete=not row.draft).description
    return await services.engine.submit(ChangeProduct(product_id, said), context, expected_version=expected)


async def publish(
    services: WriteServices, context: Context, row: ProductRow, product_id: str, expected: int
) -> Outcome:
    """Raises SeveralInvalid for a draft that lacks what its category asks for."""
    if row.draft:
        asked = await Schemas(services.engine).of(row.description.category)
        conformed(Said(row.description, row.variants), asked, complete=True)
    return await services.engine.submit(PublishProduct(product_id), context, expected_version=expected)


async def add_variant(
    services: WriteServices,
    context: Context,
    row: ProductRow,
    product_id: str,
    variant: Variant,
    expected: int | None,
    request: IdempotentRequest | None = None,
) -> Outcome:
    """Its SKU is claimed first and given back if it comes to nothing; the last two as of ``Engine.submit``."""
    engine = services.engine
    asked = await Schemas(engine).of(row.description.category)
    kept = conformed(Said(row.description, (variant,)), asked, complete=not row.draft)
    command = AddVariant(product_id, kept.variants[0])
    PRODUCT.decide(command, await engine.state(product_id))  # raises what is wrong with it before anything is written
    claim = claim_id("sku", variant.sku)
    taken = await engine.submit(TakeClaim(claim, product_id, "/sku", "SKU"), context)
    try:
        return await engine.submit(command, context, expected_version=expected, request=request)
    except DomainError:
        if taken.events:
            await _give_back(engine, claim, product_id, context)
        raise


async def _give_back(engine: Engine, claim: str, product_id: str, context: Context) -> None:
    await engine.submit(ReleaseClaim(claim, product_id), context)
