"""Products: creating, describing, publishing, adding variants, discontinuing."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import Any

from fastapi import APIRouter
from starlette.requests import Request
from starlette.responses import Response

from commands.batch import Outcome
from commands.context import Context
from domain.catalog.product import DiscontinueProduct, WithdrawProduct
from domain.errors import DomainError, VersionMismatch
from projections.catalog.projector import ProductRow
from readapi.edge.etags import parse_tags
from readapi.edge.ids import require_id
from readapi.edge.openapi import problem_responses, signed_in
from readapi.edge.principal import Principal, RequiredPrincipal
from readapi.edge.problems import BadParameter, ProblemError
from writeapi.bodies.merchandise import NewProduct, NewVariant, ProductChange
from writeapi.bodies.replies import REPLIES, ProductReply
from writeapi.merchants.families import add_variant, change, product_row, publish
from writeapi.merchants.merchandise import create_products, require_owner
from writeapi.requests import command_reply, context_of, require_merchant, require_not_barred, services_of
from writeapi.services import WriteServices

router = APIRouter(tags=["merchants"])
ATTEMPTS = 5


@router.post(
    "/api/products",
    status_code=201,
    summary="Create a product",
    responses={201: {"model": ProductReply}, **problem_responses("unauthenticated", "forbidden")},
    openapi_extra=signed_in(),
)
async def create_product(request: Request, body: NewProduct, principal: RequiredPrincipal) -> Response:
    """For merchants. A SKU belongs to one product only. With an ``externalId`` that was used before, the answer is the
    product it made then, and nothing is created."""
    services = services_of(request)
    await require_merchant(services, principal)
    context = context_of(request, principal.account_id)
    [made] = await create_products(services.engine, context, [body.draft()])
    if isinstance(made, DomainError):
        raise made
    return command_reply(
        {"productId": made.product_id, "skus": made.skus},
        position=made.position,
        version=made.version,
        status=201,
        headers={"Location": f"/api/products/{made.product_id}"},
    )


@router.patch(
    "/api/products/{product_id}",
    summary="Change a product's description",
    responses={200: {"model": ProductReply}, **REPLIES},
    openapi_extra=signed_in(),
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
    openapi_extra=signed_in(),
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
    openapi_extra=signed_in(),
)
async def withdraw_product(request: Request, product_id: str, principal: RequiredPrincipal) -> Response:
    """It is in no list and not sold until it is published again. What was ordered stays ordered."""
    services = services_of(request)
    await own_product(services, principal, product_id)
    context = context_of(request, principal.account_id)
    return product_reply(await submit(services, WithdrawProduct(product_id), context, version_insisted_on(request)))


@router.post(
    "/api/products/{product_id}/variants",
    status_code=201,
    summary="Add a variant",
    responses={201: {"model": ProductReply}, **REPLIES},
    openapi_extra=signed_in(),
)
async def create_variant(request: Request, product_id: str, body: NewVariant, principal: RequiredPrincipal) -> Response:
    """With a SKU of its own. Where the family has axes it has to differ on them from every other variant."""
    services = services_of(request)
    await own_product(services, principal, product_id)
    context = context_of(request, principal.account_id)
    row, insisted = await product_row(services, product_id), version_insisted_on(request)
    if insisted is not None and insisted != row.version:
        raise VersionMismatch(insisted, row.version)  # before its SKU is taken
    made = await add_variant(services, context, row, product_id, body.variant(), insisted)
    return product_reply(made, status=201)


@router.delete(
    "/api/products/{product_id}",
    summary="Discontinue a product",
    responses={200: {"model": ProductReply}, **REPLIES},
    openapi_extra=signed_in(),
)
async def discontinue_product(request: Request, product_id: str, principal: RequiredPrincipal) -> Response:
    """It can still be read, but is in no list and not sold any more. Its SKUs stay taken."""
    services = services_of(request)
    await own_product(services, principal, product_id, discontinued_too=True)
    context = context_of(request, principal.account_id)
    command = DiscontinueProduct(product_id)
    return product_reply(await submit(services, command, context, version_insisted_on(request)), discontinued=True)


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
    insisted = version_insisted_on(request)
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


def version_insisted_on(request: Request) -> int | None:
    """The version in If-Match: a command's tag ``"7"`` or a page's ``"7-0123456789ab"``, both of version 7."""
    raw = request.headers.get("if-match")
    tags = None if raw is None else parse_tags(raw, "If-Match")
    if tags is None:
        return None
    if len(tags) > 1:
        raise BadParameter("header", "If-Match", "one entity tag, please")
    version = tags[0].strip('"').partition("-")[0]
    if not (tags[0].startswith('"') and version.isascii() and version.isdigit() and len(version) <= 18):
        raise ProblemError("version_mismatch", "no version of the product has this entity tag")
    return int(version)


def product_reply(outcome: Outcome, status: int = 200, **more: Any) -> Response:
    body = {"productId": outcome.stream, "skus": outcome.state.skus, **more}
    return command_reply(body, position=outcome.position, version=outcome.version, status=status)
