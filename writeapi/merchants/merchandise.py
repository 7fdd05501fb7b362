"""What merchants do, apart from HTTP: many products, offers or counts at once, each accepted or refused by itself.

A route passes one, an import thousands. Everything is enqueued before anything is awaited, so that a thousand lines
share a few commits; a result is what was done or the DomainError that says why not.

A product's SKUs are claimed before it is created. Should the process end between the two, the claims name a product
that never came to be, and the next claimant takes them over: at once when it is the same line of the same merchant
(whose product id is derived, hence known again), else after a minute.
"""

from __future__ import annotations

import os
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from typing import Any, NamedTuple

from commands.batch import Outcome
from commands.context import Context
from commands.engine import Engine
from commands.idempotency import IdempotentRequest
from commands.store.port import Reply
from domain.catalog.product import (
    PRODUCT,
    ActiveProduct,
    ChangeProduct,
    CreateProduct,
    Description,
    DiscontinuedProduct,
    NoProduct,
    Variant,
)
from domain.claim import ABANDONED_MS, AlreadyClaimed, ReleaseClaim, TakeClaim
from domain.decider import Command
from domain.errors import DomainError, Forbidden, IllegalTransition, Invalid, NotFound
from domain.ids import claim_id, derived_id, drawn_at, new_id, offer_id, stock_id
from domain.inventory.inventory import SetStock
from domain.sellers.offer import PutOffer, Terms
from writeapi.merchants.attributes import Said, Schemas, conformed, of_cells

CHUNK = 500
"""Products per round; with their claims well below what the engine's queue takes."""


class Draft(NamedTuple):
    """A product to be. Without variants it gets one, whose SKU is its own number."""

    description: Description
    variants: tuple[Variant, ...] = ()
    external_id: str = ""
    """The merchant's own name for it: creating it again changes nothing."""
    unpublished: bool = False
    axes: tuple[str, ...] = ()
    decimal: str = ""
    """Where attributes are cells of a table, which have no types: what numbers have before their fraction."""


class SaidOffer(NamedTuple):
    sku: str
    terms: Terms
    kept: tuple[str, ...] = ()
    """Fields of the terms that nothing was said of: they stay as they are where there is an offer."""
    careful: bool = False
    """Whether prices that look like slips are refused."""


class Made(NamedTuple):
    product_id: str
    skus: tuple[str, ...]
    version: int
    position: int
    existed: bool
    changed: bool
    """Whether this call made events."""
    reply: Reply | None = None
    """The answer that was kept along with it, where it was for a request with a key."""


@dataclass(slots=True)
class _Work:
    """A draft on its way. ``result`` is set as soon as there is nothing more to do."""

    draft: Draft
    product_id: str
    taken: list[str] = field(default_factory=list)
    result: Made | DomainError | None = None


# products


async def create_products(
    engine: Engine,
    context: Context,
    drafts: Sequence[Draft],
    *,
    importing: bool = False,
    request: IdempotentRequest | None = None,
) -> list[Made | DomainError]:
    """Creates each product for the account ``context.actor``. ``request`` is for one that is to be answered again.

    When ``importing``, the first variant's SKU stands in for a missing external id, and a product that exists already
    is brought to the line's description.
    """
    results: list[Made | DomainError] = []
    schemas = Schemas(engine)
    for start in range(0, len(drafts), CHUNK):
        checked = [await _checked(schemas, draft) for draft in drafts[start : start + CHUNK]]
        works = [_begun(context, draft, refusal, importing) for draft, refusal in checked]
        await _recognise(engine, context, works, importing)
        await _claim_skus(engine, context, works)
        await _create(engine, context, works, request)
        if importing:
            await _bring_up(engine, context, works)
        results += [_settled(work) for work in works]
    return results


async def _checked(schemas: Schemas, draft: Draft) -> tuple[Draft, DomainError | None]:
    """The draft with its attributes as its category wants them, or why that cannot be."""
    try:
        asked = await schemas.of(draft.description.category)
        own = of_cells(draft.description, asked, draft.decimal) if draft.decimal else draft.description
        said = conformed(Said(own, draft.variants), asked, complete=not draft.unpublished)
    except DomainError as refusal:
        return draft, refusal
    return draft._replace(description=said.description, variants=said.variants), None


def _begun(context: Context, draft: Draft, refusal: DomainError | None, importing: bool) -> _Work:
    name = _name_of(draft, importing)
    if name:
        work = _Work(draft, derived_id("product", context.at, context.actor, name))
    else:
        work = _Work(draft, new_id("product", context.at, os.urandom(10)))
    work.result = refusal
    if refusal is not None:
        return work
    try:
        # Asked before anything is claimed: a malformed product must leave no trace in the log.
        PRODUCT.decide(_creation(context, work), NoProduct())
        if importing and not name:
            raise Invalid("a line to import needs an externalId or a variant with a SKU", "/externalId")
    except DomainError as refusal:
        work.result = refusal
    return work


def _name_of(draft: Draft, importing: bool) -> str:
    return draft.external_id or (draft.variants[0].sku if importing and draft.variants else "")


def _creation(context: Context, work: _Work) -> CreateProduct:
    variants = work.draft.variants or (Variant(work.product_id.removeprefix("prd_")),)
    draft = work.draft
    return CreateProduct(
        work.product_id, context.actor, draft.description, variants, draft.external_id, draft.unpublished, draft.axes
    )


async def _recognise(engine: Engine, context: Context, works: Iterable[_Work], importing: bool) -> None:
    """Finds the drafts that were created, or begun, before; the latter go on under the id they had."""
    named = [work for work in works if work.result is None and _name_of(work.draft, importing)]
    external = [work for work in named if work.draft.external_id]
    taken = await submit_all(
        engine,
        context,
        [
            TakeClaim(claim_id("ext", f"{context.actor}.{work.draft.external_id}"), work.product_id, "/externalId")
            for work in external
        ],
    )
    for work, outcome in zip(external, taken, strict=True):
        if isinstance(outcome, AlreadyClaimed):
            await _resume(engine, context, work, outcome.data["owner"])
        elif isinstance(outcome, DomainError):
            work.result = outcome
    for work in named:
        if not work.draft.external_id:
            await _recognise_by_sku(engine, context, work, work.draft.variants[0].sku)


async def _recognise_by_sku(engine: Engine, context: Context, work: _Work, sku: str) -> None:
    """The SKU is the line's name, if the product that has it is the same merchant's."""
    owner: str = (await engine.state(claim_id("sku", sku))).owner
    if not owner:
        return
    state = await engine.state(owner)
    if isinstance(state, NoProduct):
        begun_by_us = derived_id("product", drawn_at(owner), context.actor, sku) == owner
    else:
        begun_by_us = state.owner_id == context.actor
    if begun_by_us:
        await _resume(engine, context, work, owner)


async def _resume(engine: Engine, context: Context, work: _Work, product_id: str) -> None:
    work.product_id = product_id
    known = await engine.load(product_id)
    if isinstance(known.state, ActiveProduct | DiscontinuedProduct):
        work.result = Made(product_id, known.state.skus, known.version, engine.position, True, False)


async def _claim_skus(engine: Engine, context: Context, works: Sequence[_Work]) -> None:
    claims = _claims(context, works)
    outcomes = await submit_all(engine, context, [claim for _, claim in claims])
    again: list[tuple[_Work, TakeClaim]] = []
    for (work, claim), outcome in zip(claims, outcomes, strict=True):
        if isinstance(outcome, AlreadyClaimed) and await _is_abandoned(engine, context, outcome.data["owner"]):
            again.append((work, _taking_over(claim, outcome.data["owner"])))
        else:
            _note(work, claim, outcome)
    if again:
        outcomes = await submit_all(engine, context, [claim for _, claim in again])
        for (work, claim), outcome in zip(again, outcomes, strict=True):
            _note(work, claim, outcome)
    await _give_back(engine, context, works)


def _claims(context: Context, works: Iterable[_Work]) -> list[tuple[_Work, TakeClaim]]:
    return [
        (work, TakeClaim(claim_id("sku", variant.sku), work.product_id, f"/variants/{i}/sku", "SKU"))
        for work in works
        if work.result is None
        for i, variant in enumerate(_creation(context, work).variants)
    ]


def _taking_over(claim: TakeClaim, abandoned: str) -> TakeClaim:
    return TakeClaim(claim.claim_id, claim.owner, claim.pointer, claim.what, abandoned)


def _note(work: _Work, claim: TakeClaim, outcome: Outcome | DomainError) -> None:
    if isinstance(outcome, AlreadyClaimed):
        owner = outcome.data["owner"]
        detail = f"this SKU is that of {owner}; to sell it too, put an offer for it"
        outcome = AlreadyClaimed(detail, claim.pointer, owner=owner)
    if isinstance(outcome, DomainError):
        work.result = work.result or outcome
    elif outcome.events:
        work.taken.append(claim.claim_id)


async def _is_abandoned(engine: Engine, context: Context, product_id: str) -> bool:
    """A product that was to be, so long ago that it never will."""
    if context.at - drawn_at(product_id) < ABANDONED_MS:
        return False
    return (await engine.load(product_id)).version == 0


async def _give_back(engine: Engine, context: Context, works: Iterable[_Work]) -> None:
    """A product that cannot be created keeps none of its SKUs."""
    releases = [
        ReleaseClaim(claim, work.product_id)
        for work in works
        if isinstance(work.result, DomainError)
        for claim in work.taken
    ]
    await submit_all(engine, context, releases)


async def _create(engine: Engine, context: Context, works: Iterable[_Work], request: IdempotentRequest | None) -> None:
    ready = [work for work in works if work.result is None]
    outcomes = await submit_all(engine, context, [_creation(context, work) for work in ready], request)
    for work, outcome in zip(ready, outcomes, strict=True):
        if isinstance(outcome, DomainError):
            work.result = outcome
        else:
            made = bool(outcome.events)
            skus, at = outcome.state.skus, outcome.position
            work.result = Made(work.product_id, skus, outcome.version, at, not made, made, outcome.reply)
    await _give_back(engine, context, ready)


async def _bring_up(engine: Engine, context: Context, works: Iterable[_Work]) -> None:
    """Where a line has changed since its last import, so does the product."""
    known = [(work, work.result) for work in works if isinstance(work.result, Made) and work.result.existed]
    changes = [ChangeProduct(made.product_id, work.draft.description) for work, made in known]
    for (work, made), outcome in zip(known, await submit_all(engine, context, changes), strict=True):
        if isinstance(outcome, DomainError):
            work.result = outcome
        else:
            changed = bool(outcome.events)
            work.result = made._replace(version=outcome.version, position=outcome.position, changed=changed)


def _settled(work: _Work) -> Made | DomainError:
    assert work.result is not None, work
    return work.result


# offers and stock


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
