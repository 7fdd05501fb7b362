"""Products: creating, describing, publishing, adding variants, discontinuing."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Sequence
from typing import Any

from fastapi import APIRouter
from starlette.requests import Request
from starlette.responses import Response

from commands.batch import Outcome
from commands.context import Context
from domain.catalog.product import DiscontinueProduct, WithdrawProduct
from domain.errors import DomainError, VersionMismatch
from projections.catalog.projector import ProductRow
from readapi.edge.etags import expected_version
from readapi.edge.ids import require_id
from readapi.edge.openapi import IF_MATCH, OPTIONAL_KEY, problem_responses, taking
from readapi.edge.principal import Principal, RequiredPrincipal
from writeapi.bodies.merchandise import NewProduct, NewVariant, ProductChange
from writeapi.bodies.replies import REPLIES, ProductReply
from writeapi.merchants.families import add_variant, change, product_row, publish
from writeapi.merchants.merchandise import require_owner
from writeapi.merchants.products import create_products
from writeapi.requests import (
    answer_of,
    command_reply,
    context_of,
    kept_under,
    once,
    optional_key,
    require_merchant,
    require_not_barred,
    response_to,
    services_of,
)
from writeapi.services import WriteServices

router = APIRouter(tags=["merchants"])
ATTEMPTS = 5


@router.post(
    "/api/products",
    status_code=201,
    summary="Create a product",
    responses={201: {"model": ProductReply}, **problem_responses("unauthenticated", "forbidden")},
    openapi_extra=taking(OPTIONAL_KEY),
)
async def create_product(request: Request, body: NewProduct, principal: RequiredPrincipal) -> Response:
    """For merchants. A SKU belongs to one product only. With an ``externalId`` that was used before, the answer is the
    product it made then, and nothing is created."""
    services = services_of(request)
    await require_merchant(services, principal)
    key = await optional_key(request, principal.account_id)

    async def created() -> Response:
        kept = None if key is None else kept_under(request, key, _created)
        context = context_of(request, principal.account_id)
        [made] = await create_products(services.engine, context, [body.draft()], request=kept)
        if isinstance(made, DomainError):
            raise made
        if kept is None:
            return _created_reply(made.product_id, made.skus, made.version, made.position)
        # Nothing was decided, and so nothing kept, where the product was there already.
        return answer_of(made.reply or (await services.engine.answer_again(made.product_id, kept)).reply)

    return await once(request, key, created)


def _created(outcome: Outcome) -> Response:
    return _created_reply(outcome.stream, outcome.state.skus, outcome.version, outcome.position)


def _created_reply(product_id: str, skus: Sequence[str], version: int, position: int) -> Response:
    body, headers = {"productId": product_id, "skus": skus}, {"Location": f"/api/products/{product_id}"}
    return command_reply(body, position=position, version=version, status=201, headers=headers)


@router.patch(
    "/api/products/{product_id}",
    summary="Change a product's description",
    responses={200: {"model": ProductReply}, **REPLIES},
    openapi_extra=taking(IF_MATCH),
)
async def change_product(
    request: Request, product_id: str, body: ProductChange, principal: RequiredPrincipal
) -> Response:
    """The fields given replace those stored; the others stay."""
    services = services_of(request)
    await own_product(services, principal, product_id)
    context = context_of(request, principal.account_id)

    async def changed(row: ProductRow, expected: int) -> Outcome:
        return await change(services, context, row, product_id, body.onto(row.description), expected)

    return product_reply(await upon_the_newest(request, product_id, changed))


@router.post(
    "/api/products/{product_id}/publish",
    summary="Publish a draft",
    responses={200: {"model": ProductReply}, **REPLIES},
    openapi_extra=taking(IF_MATCH),
)
async def publish_product(request: Request, product_id: str, principal: RequiredPrincipal) -> Response:
    """From now on it is found and can be bought. It has to have what its category asks for."""
    services = services_of(request)
    await own_product(services, principal, product_id)
    context = context_of(request, principal.account_id)

    async def published(row: ProductRow, expected: int) -> Outcome:
        return await publish(services, context, row, product_id, expected)

    return product_reply(await upon_the_newest(request, product_id, published))


@router.post(
    "/api/products/{product_id}/withdraw",
    summary="Make a product a draft again",
    responses={200: {"model": ProductReply}, **REPLIES},
    openapi_extra=taking(IF_MATCH),
)
async def withdraw_product(request: Request, product_id: str, principal: RequiredPrincipal) -> Response:
    """It is in no list and not sold until it is published again. What was ordered stays ordered."""
    services = services_of(request)
    await own_product(services, principal, product_id)
    context = context_of(request, principal.account_id)
    return product_reply(await submit(services, WithdrawProduct(product_id), context, expected_version(request)))


@router.post(
    "/api/products/{product_id}/variants",
    status_code=201,
    summary="Add a variant",
    responses={201: {"model": ProductReply}, **REPLIES},
    openapi_extra=taking(OPTIONAL_KEY, IF_MATCH),
)
async def create_variant(request: Request, product_id: str, body: NewVariant, principal: RequiredPrincipal) -> Response:
    """With a SKU of its own. Where the family has axes it has to differ on them from every other variant."""
    services = services_of(request)
    await own_product(services, principal, product_id)
    key = await optional_key(request, principal.account_id)

    def render(outcome: Outcome) -> Response:
        return product_reply(outcome, status=201)

    async def added() -> Response:
        context = context_of(request, principal.account_id)
        row, insisted = await product_row(services, product_id), expected_version(request)
        if insisted is not None and insisted != row.version:
            raise VersionMismatch(insisted, row.version)  # before its SKU is taken
        kept = None if key is None else kept_under(request, key, render)
        outcome = await add_variant(services, context, row, product_id, body.variant(), insisted, kept)
        return render(outcome) if kept is None else response_to(outcome)

    return await once(request, key, added)


@router.delete(
    "/api/products/{product_id}",
    summary="Discontinue a product",
    responses={200: {"model": ProductReply}, **REPLIES},
    openapi_extra=taking(IF_MATCH),
)
async def discontinue_product(request: Request, product_id: str, principal: RequiredPrincipal) -> Response:
    """It can still be read, but is in no list and not sold any more. Its SKUs stay taken."""
    services = services_of(request)
    await own_product(services, principal, product_id, discontinued_too=True)
    context = context_of(request, principal.account_id)
    command = DiscontinueProduct(product_id)
    return product_reply(await submit(services, command, context, expected_version(request)), discontinued=True)


async def own_product(
    services: WriteServices, principal: Principal, product_id: str, *, discontinued_too: bool = False
) -> str:
    """Whose it is. Raises NotFound, Forbidden, and IllegalTransition for a discontinued product unless that is fine."""
    state = await services.engine.state(require_id("product", product_id, "product"))
    require_owner(state, principal.account_id, admin="admin" in principal.scopes, discontinued_too=discontinued_too)
    await require_not_barred(services, principal)
    owner_id: str = state.owner_id
    return owner_id


async def upon_the_newest(
    request: Request, product_id: str, work: Callable[[ProductRow, int], Awaitable[Outcome]]
) -> Outcome:
    """What ``work`` made of the product as it stands, which must still stand so when it is written."""
    insisted = expected_version(request)
    for attempt in range(ATTEMPTS):
        row = await product_row(services_of(request), product_id)
        try:
            return await work(row, row.version if insisted is None else insisted)
        except VersionMismatch:
            if insisted is not None or attempt == ATTEMPTS - 1:
                raise
    raise AssertionError("the last attempt returns or raises")


async def submit(services: WriteServices, command: Any, context: Context, expected: int | None) -> Outcome:
    return await services.engine.submit(command, context, expected_version=expected)


def product_reply(outcome: Outcome, status: int = 200, **more: Any) -> Response:
    body = {"productId": outcome.stream, "skus": outcome.state.skus, **more}
    return command_reply(body, position=outcome.position, version=outcome.version, status=status)
