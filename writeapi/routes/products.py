"""Products: creating, describing, discontinuing."""

from __future__ import annotations

from typing import Any

from fastapi import APIRouter
from starlette.requests import Request
from starlette.responses import Response

from commands.batch import Outcome
from commands.context import Context
from commands.mapper import recorded
from domain.errors import DomainError, NotFound, VersionMismatch
from domain.product import ChangeProduct, Description, DiscontinueProduct, ProductChanged, ProductCreated
from readapi.edge.etags import parse_tags
from readapi.edge.openapi import problem_responses, signed_in
from readapi.edge.principal import Principal, RequiredPrincipal
from readapi.edge.problems import BadParameter, ProblemError
from writeapi.bodies import NewProduct, ProductChange
from writeapi.merchandise import create_products, require_owner
from writeapi.replies import REPLIES, ProductReply
from writeapi.requests import command_reply, context_of, require_id, require_merchant, services_of
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
    insisted = version_insisted_on(request)
    for attempt in range(ATTEMPTS):
        version, said = await described(services, product_id)
        try:
            # What was merged must still be what is stored, so the version read is insisted on in any case.
            expected = version if insisted is None else insisted
            command = ChangeProduct(product_id, body.onto(said))
            return product_reply(await submit(services, command, context, expected))
        except VersionMismatch:
            if insisted is not None or attempt == ATTEMPTS - 1:
                raise
    raise AssertionError("the last attempt returns or raises")


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
) -> None:
    """Raises NotFound, Forbidden, and IllegalTransition for a discontinued product unless that is fine."""
    state = await services.engine.state(require_id("product", product_id, "product"))
    require_owner(state, principal.account_id, admin="admin" in principal.scopes, discontinued_too=discontinued_too)


async def described(services: WriteServices, product_id: str) -> tuple[int, Description]:
    """The description as it stands in the product's own stream, and the version it stands at."""
    said: Description | None = None
    version = 0
    for row in await services.log.read_stream(product_id):
        event, version = recorded(row).event, row.version
        if isinstance(event, ProductCreated | ProductChanged):
            said = event.description
    if said is None:
        raise NotFound("no such product")
    return version, said


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


def product_reply(outcome: Outcome, **more: Any) -> Response:
    body = {"productId": outcome.stream, "skus": outcome.state.skus, **more}
    return command_reply(body, position=outcome.position, version=outcome.version)
