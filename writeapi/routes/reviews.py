"""Reviews, by those who bought the product."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter
from pydantic import AfterValidator, Field
from starlette.requests import Request
from starlette.responses import Response

from commands.batch import Outcome
from domain.catalog.product import NoProduct
from domain.catalog.review import RATING_MAX, WriteReview, reviews_of
from domain.errors import Forbidden, NotFound
from readapi.edge.ids import require_id
from readapi.edge.openapi import OPTIONAL_KEY, problem_responses, taking
from readapi.edge.principal import RequiredPrincipal
from readapi.edge.schemas import LONG_TEXT
from readapi.shown.reviews import ReviewReply
from writeapi.buying.buyers import has_bought
from writeapi.buying.ordering import Said, no_card_number
from writeapi.requests import Body, command_reply, context_of, execute, optional_key, services_of

router = APIRouter(tags=["discovery"])
TEXT_MAX = 5_000


class NewReview(Body):
    """Shown as it is written: whoever puts it on a page escapes it."""

    rating: Annotated[int, Field(ge=1, le=RATING_MAX, examples=[4])]
    title: Annotated[Said, Field(examples=["Sleeps well"])] | None = None
    text: Annotated[str, Field(max_length=TEXT_MAX), LONG_TEXT, AfterValidator(no_card_number)] | None = None


@router.post(
    "/api/products/{product_id}/reviews",
    status_code=201,
    summary="Review what one has bought, or change one's review",
    responses={
        201: {"model": ReviewReply},
        **problem_responses("unauthenticated", "forbidden", "not_found"),
    },
    openapi_extra=taking(OPTIONAL_KEY),
)
async def write_review(request: Request, product_id: str, body: NewReview, principal: RequiredPrincipal) -> Response:
    """An account has one review of a product, which the next takes the place of. Without a paid order of the product:
    403. Title and text go with the person who wrote them; the rating stays, without a name."""
    services = services_of(request)
    require_id("product", product_id, "product")
    if isinstance(await services.engine.state(product_id), NoProduct):
        raise NotFound("no such product")
    account_id = principal.account_id
    if not await has_bought(services, account_id, product_id):
        raise Forbidden("only who has bought this product and paid for it can review it")
    words = {name: said for name, said in (("title", body.title), ("text", body.text)) if said}
    sealed = services.vault.seal(account_id, words) if words else b""
    context = context_of(request, account_id)
    command = WriteReview(reviews_of(product_id), account_id, body.rating, context.at, sealed)

    def render(outcome: Outcome) -> Response:
        reply = {"productId": product_id, "rating": body.rating}
        return command_reply(reply, position=outcome.position, status=201)

    return await execute(request, command, context, render, key=await optional_key(request, account_id))
