"""Products that merchants describe, apart from HTTP: many at once, each made, brought up to date, or refused by itself.

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
from typing import NamedTuple

from commands.batch import Outcome
from commands.context import Context
from commands.engine import Engine
from commands.idempotency import IdempotentRequest
from commands.store.port import Reply
from domain.catalog.product import (
    PRODUCT,
    ActiveProduct,
    AddVariant,
    ChangeProduct,
    CreateProduct,
    Description,
    DiscontinuedProduct,
    NoProduct,
    Variant,
)
from domain.claim import ABANDONED_MS, AlreadyClaimed, ReleaseClaim, TakeClaim
from domain.decider import Command
from domain.errors import DomainError, Invalid
from domain.ids import claim_id, derived_id, drawn_at, new_id
from writeapi.merchants.attributes import Said, Schemas, conformed, of_cells
from writeapi.merchants.merchandise import submit_all

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
    """Claims that were made for it, and are given back if nothing comes of them."""
    result: Made | DomainError | None = None


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
    is brought to the line's description, and gets those of its variants that are new.
    """
    results: list[Made | DomainError] = []
    schemas = Schemas(engine)
    for start in range(0, len(drafts), CHUNK):
        checked = [await _checked(schemas, draft) for draft in drafts[start : start + CHUNK]]
        works = [_begun(context, draft, refusal, importing) for draft, refusal in checked]
        await _recognise(engine, context, works, importing)
        await _claim_skus(engine, context, works if importing else [work for work in works if work.result is None])
        await _create(engine, context, works, request)
        if importing:
            await _add_variants(engine, context, works)
            await _bring_up(engine, context, works)
        await _give_back(engine, context, works)
        results += [_settled(work) for work in works]
    return results


async def _checked(schemas: Schemas, draft: Draft) -> tuple[Draft, DomainError | None]:
    """The draft with its attributes as its category wants them, or why that cannot be."""
    try:
        asked = await schemas.of(draft.description.category)
        own = Said(draft.description, draft.variants)
        said = of_cells(own, asked, draft.decimal) if draft.decimal else own
        said = conformed(said, asked, complete=not draft.unpublished)
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


def _claims(context: Context, works: Iterable[_Work]) -> list[tuple[_Work, TakeClaim]]:
    """Of new products for all their variants, of those that exist for the variants that they have not."""
    return [
        (work, TakeClaim(claim_id("sku", variant.sku), work.product_id, f"/variants/{i}/sku", "SKU"))
        for work in works
        if not isinstance(work.result, DomainError)
        for i, variant in enumerate(_creation(context, work).variants if work.result is None else work.draft.variants)
        if work.result is None or variant.sku not in work.result.skus
    ]


def _taking_over(claim: TakeClaim, abandoned: str) -> TakeClaim:
    return TakeClaim(claim.claim_id, claim.owner, claim.pointer, claim.what, abandoned)


def _note(work: _Work, claim: TakeClaim, outcome: Outcome | DomainError) -> None:
    if isinstance(outcome, AlreadyClaimed):
        owner = outcome.data["owner"]
        detail = f"this SKU is that of {owner}; to sell it too, put an offer for it"
        outcome = AlreadyClaimed(detail, claim.pointer, owner=owner)
    if not isinstance(outcome, DomainError):
        work.taken += [claim.claim_id] if outcome.events else []
    elif not isinstance(work.result, DomainError):
        work.result = outcome


async def _is_abandoned(engine: Engine, context: Context, product_id: str) -> bool:
    """A product that was to be, so long ago that it never will."""
    if context.at - drawn_at(product_id) < ABANDONED_MS:
        return False
    return (await engine.load(product_id)).version == 0


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


async def _add_variants(engine: Engine, context: Context, works: Iterable[_Work]) -> None:
    """A product that exists gets those of the line's variants that it has not: all of them or, with one that cannot be,
    none."""
    adding: list[tuple[_Work, str, AddVariant]] = []
    for work in works:
        if isinstance(work.result, Made) and work.result.existed:
            asked = [
                (work, f"/variants/{i}", AddVariant(work.product_id, variant))
                for i, variant in enumerate(work.draft.variants)
                if work.draft.axes or variant.sku not in work.result.skus
            ]
            work.result = await _refusal_of(engine, asked) or work.result
            adding += asked if isinstance(work.result, Made) else []
    outcomes = await submit_all(engine, context, [command for _, _, command in adding])
    for (work, at, command), outcome in zip(adding, outcomes, strict=True):
        if isinstance(outcome, DomainError):  # somebody else was quicker
            work.result = _below(at, outcome)
            continue
        work.taken = [claim for claim in work.taken if claim != claim_id("sku", command.variant.sku)]
        if isinstance(work.result, Made) and outcome.events:
            work.result = work.result._replace(changed=True)


async def _refusal_of(engine: Engine, asked: Sequence[tuple[_Work, str, AddVariant]]) -> DomainError | None:
    state = await engine.state(asked[0][0].product_id) if asked else NoProduct()
    for _, at, command in asked:
        try:
            events = PRODUCT.decide(command, state)
        except DomainError as refusal:
            return _below(at, refusal)
        for event in events:
            state = PRODUCT.evolve(state, event)
    return None


def _below(at: str, refusal: DomainError) -> Invalid:
    """``at`` is where in the line the variant stands that is refused."""
    return Invalid(refusal.detail, at + (getattr(refusal, "pointer", None) or ""), **refusal.data)


async def _bring_up(engine: Engine, context: Context, works: Iterable[_Work]) -> None:
    """Where a line has changed since its last import, so does the product."""
    known = [(work, work.result) for work in works if isinstance(work.result, Made) and work.result.existed]
    changes = [ChangeProduct(made.product_id, work.draft.description) for work, made in known]
    for (work, made), outcome in zip(known, await submit_all(engine, context, changes), strict=True):
        if isinstance(outcome, DomainError):
            work.result = outcome
        else:
            changed = made.changed or bool(outcome.events)
            work.result = made._replace(version=outcome.version, position=outcome.position, changed=changed)


async def _give_back(engine: Engine, context: Context, works: Iterable[_Work]) -> None:
    """SKUs that were claimed for what did not come to be."""
    releases: list[Command] = []
    for work in works:
        kept = {claim_id("sku", sku) for sku in work.result.skus} if isinstance(work.result, Made) else set()
        releases += [ReleaseClaim(claim, work.product_id) for claim in work.taken if claim not in kept]
    await submit_all(engine, context, releases)


def _settled(work: _Work) -> Made | DomainError:
    assert work.result is not None, work
    return work.result
