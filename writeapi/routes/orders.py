"""Checkout: what it would cost, placing the order, and calling it off."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from typing import Annotated, Any

import msgspec
from fastapi import APIRouter, Depends
from pydantic import Field, model_validator
from starlette.requests import Request
from starlette.responses import Response

from commands.batch import Outcome
from commands.errors import KeyReused
from commands.idempotency import Answer, IdempotentRequest
from domain.buyers.account import ActiveAccount, address_of, payment_method_of, require_active
from domain.buyers.cart import OpenCart, cart_of
from domain.errors import DomainError, Forbidden, Invalid
from domain.ids import payment_id
from domain.money import Money
from domain.orders import order
from domain.orders.orderstate import rests
from domain.orders.tender import Covered, due
from domain.payments.giftcard import GiftCard
from domain.pricing.pricing import Destination
from domain.pricing.shipping import DEFAULT_METHOD
from readapi.edge.cart_token import HEADER as CART_TOKEN
from readapi.edge.headers import header
from readapi.edge.idempotency import idempotency_of
from readapi.edge.ids import require_id
from readapi.edge.openapi import KEY, problem_responses, signed_in, taking
from readapi.edge.positions import prefer_wait, preference_applied
from readapi.edge.principal import CustomerPrincipal, OptionalPrincipal, Principal, edge_of
from readapi.edge.problems import ProblemError, response_for
from readapi.edge.ratelimit import limited
from readapi.edge.schemas import ONE_LINE, AddressIn, MoneyIn
from readapi.shapes.orders import OrderOut
from readapi.shapes.quotes import QuoteOut
from readapi.shown.orders import order_json, view_of_states
from streams.waiting.tokens import Admission
from writeapi.bodies.replies import REPLIES
from writeapi.buying.admission import HEADER as ADMISSION
from writeapi.buying.admission import admissions_for, note, use
from writeapi.buying.basket import open_cart
from writeapi.buying.giftcards import Code, covered_by
from writeapi.buying.purchase import Delivery, Quoted, destination_of, items_of, place_order, quote_cart, require_goods
from writeapi.buying.turns import HEADER as TURN
from writeapi.changes import changed_by, changes_of
from writeapi.requests import Body, command_reply, context_of, replay, response_to, services_of, stored_answer
from writeapi.services import WriteServices

router = APIRouter(tags=["checkout"])
PREFER = {
    "name": "Prefer",
    "in": "header",
    "description": "wait=SECONDS (at most 10): answer once the order is PAID or CANCELLED, or waits for review or "
    "capture.",
    "schema": {"type": "string"},
    "example": "wait=10",
}
ADMITTED = {
    "name": ADMISSION,
    "in": "header",
    "description": "For goods of a drop: what GET /api/drops/{dropId}/place told. Of several drops, with commas.",
    "schema": {"type": "string"},
    "example": "admission.drp_01KARQ0000ABCDEFGHJKMNPQRS.usr_01KARQ0000ABCDEFGHJKMNPQRS.4711.42.1764612300000.c2lnbmVk",
}
ITS_TURN = {
    "name": TURN,
    "in": "header",
    "description": "What an answer 503 `overloaded` had with it, for the request that comes back after Retry-After.",
    "schema": {"type": "string"},
    "example": "turn.usr_01KARQ0000ABCDEFGHJKMNPQRS.1764612300000.c2lnbmVk",
}
CartId = Annotated[str, Field(max_length=40, examples=["crt_01JD3Z8Q5V7W9X2Y4Z6A8B0C1D"])]
AddressId = Annotated[str, Field(max_length=40, examples=["adr_01JD3Z8Q5V7W9X2Y4Z6A8B0C1D"])]
Method = Annotated[str, Field(max_length=40, examples=["standard"]), ONE_LINE]


class QuoteRequest(Body):
    """The cart, and where it should go: a stored address or one spelled out."""

    cart_id: CartId
    address_id: AddressId | None = None
    address: AddressIn | None = None
    shipping_method: Method = DEFAULT_METHOD
    gift_card: Code | None = None

    @model_validator(mode="after")
    def one_address(self) -> QuoteRequest:
        if (self.address_id is None) == (self.address is None):
            raise ValueError("send either addressId or address")
        return self


class OrderRequest(Body):
    """Without a payment method where the gift card pays for everything, or nothing is to be paid."""

    cart_id: CartId
    address_id: AddressId
    payment_method_id: Annotated[str, Field(max_length=40, examples=["pmt_01JD3Z8Q5V7W9X2Y4Z6A8B0C1D"])] | None = None
    shipping_method: Method = DEFAULT_METHOD
    gift_card: Code | None = None
    total: Annotated[
        MoneyIn | None, Field(description="`totals.grand` as the buyer has seen it; at any other nothing is ordered")
    ] = None


@router.post(
    "/api/orders/quote",
    summary="What the cart would cost, and why; changes nothing",
    responses={
        200: {"model": QuoteOut},
        **problem_responses("forbidden", "not_found", "out_of_stock", "validation_failed", "gift_card_unusable"),
    },
    openapi_extra=signed_in(required=False),
)
async def quote(request: Request, body: QuoteRequest, principal: OptionalPrincipal) -> Response:
    """Names lines that cannot go there, and why. With a gift card's code: how much of it the card pays, and what is due
    from the payment method then."""
    services = services_of(request)
    cart = await _own_cart(request, services, principal, body.cart_id)
    if body.address is not None:
        destination = destination_of(body.address.country, body.address.region, body.address.postal_code)
    else:
        destination = await _stored_destination(services, principal, body.address_id or "")
    items = await items_of(services, cart)
    account_id = principal.account_id if principal else ""
    now = services.clock()
    quoted = await quote_cart(services, cart, items, destination, body.shipping_method, account_id, now)
    card = None if body.gift_card is None else await covered_by(request, body.gift_card, quoted.quote, now)
    return Response(msgspec.json.encode(_quote_json(body.cart_id, quoted, card)), media_type="application/json")


def _quote_json(cart_id: str, quoted: Quoted, card: tuple[Covered, GiftCard] | None) -> dict[str, Any]:
    content = {"cartId": cart_id, **msgspec.structs.asdict(quoted.quote), "coupons": quoted.refused}
    content["taxInclusive"] = content.pop("tax_inclusive")
    content["undeliverable"] = quoted.undeliverable
    if card is None:
        return content | {"giftCard": None, "due": quoted.quote.totals.grand}
    covered, known = card
    balance = Money(known.balance, known.value.currency)
    paid = {"giftCardId": covered.gift_card_id, "amount": covered.amount, "balance": balance}
    return content | {"giftCard": paid, "due": due(quoted.quote, covered)}


async def _own_cart(request: Request, services: WriteServices, principal: Principal | None, cart_id: str) -> OpenCart:
    """The cart, for its user or for whoever holds its token. Raises Forbidden for somebody else's."""
    require_id("cart", cart_id, "cart")
    token = request.headers.get(CART_TOKEN)
    own = principal is not None and cart_id == cart_of(principal.account_id)
    if not own and (token is None or edge_of(request).cart_tokens.verify(token) != cart_id):
        raise Forbidden("this cart belongs to somebody else", pointer="/cartId")
    return await open_cart(services, cart_id)


async def _stored_destination(services: WriteServices, principal: Principal | None, address_id: str) -> Destination:
    if principal is None:
        raise Invalid("a stored address needs a signed-in user", "/addressId")
    account = require_active(await services.engine.state(principal.account_id))
    return _destination(services, principal.account_id, account, address_id)


def _destination(services: WriteServices, account_id: str, account: ActiveAccount, address_id: str) -> Destination:
    address = address_of(account, address_id)
    opened = services.vault.open(account_id, address.sealed) or {}
    return destination_of(address.country, address.region, opened.get("postalCode"))


@router.post(
    "/api/orders",
    status_code=202,
    summary="Place the order; Idempotency-Key required",
    dependencies=[Depends(limited("checkout"))],
    responses={
        202: {"model": OrderOut},
        **REPLIES,
        **problem_responses("validation_failed", "gift_card_unusable"),
        **problem_responses("forbidden", "admission_required"),
        **problem_responses("out_of_stock", "price_changed", "admission_used"),
    },
    openapi_extra=taking(KEY, PREFER, ADMITTED, ITS_TURN),
)
async def create_order(request: Request, body: OrderRequest, principal: CustomerPrincipal) -> Response:
    """Of a line that cannot be delivered there the order comes to nothing at once, as `not_serviceable`. Answers 202 as
    soon as the order is recorded, or with ``Prefer: wait=N`` once it is PAID or CANCELLED; or once
    it stands and its money is taken later, or waits until somebody has looked at it: then it is PENDING still."""
    services = services_of(request)
    services.turns.require(header(request, TURN.lower().encode()), principal.account_id, services.clock())
    key = await idempotency_of(request, principal.account_id)
    wait = prefer_wait(request)
    stored_key = f"{key.scope}\x1f{key.key}"
    with edge_of(request).in_flight.hold(key):
        earlier = (await services.log.replies([stored_key])).get(stored_key)
        if earlier is not None:
            if earlier.digest != key.digest:
                raise KeyReused
            return replay(earlier)
        now = services.clock()
        command, admissions = await _order(request, services, principal, body, now)
        context = context_of(request, principal.account_id, command.order_id, now)
        await use(services, admissions, command.order_id, context)

        elsewhere: dict[int, int] = {}

        def render(outcome: Outcome | DomainError) -> Answer:
            return stored_answer(_render(request, services, command.order_id, outcome, wait, elsewhere))

        answer = IdempotentRequest(stored_key, key.digest, render)
        settled = services.engine.watch(command.order_id, _is_settled, answer) if wait else None
        try:
            outcome = await services.engine.submit(command, context, request=answer)
            if outcome.replayed is not None:
                return replay(outcome.replayed)
            # Also when this very commit was the end: then it was rendered for who waits after it was for the command.
            if settled is not None and (outcome.events or not _is_settled(outcome.state)):
                seen = await _within(settled, wait)
                if seen is None:  # what another process did to it meanwhile was done then, not now
                    elsewhere |= await changes_of(services, command.order_id)
                outcome = seen or await services.engine.answer_again(command.order_id, answer)
        finally:
            if settled is not None:
                settled.cancel()
            if admissions:
                await note(services, admissions, command.order_id)
        return response_to(outcome)


async def _within(settled: asyncio.Future[Outcome], seconds: int | None) -> Outcome | None:
    """None if the time is over, or another process saw the order through: then the stored answer is an older one."""
    try:
        async with asyncio.timeout(seconds):
            outcome = await settled
    except TimeoutError:
        return None
    return outcome if outcome.reply is not None else None


async def _order(
    request: Request, services: WriteServices, principal: Principal, body: OrderRequest, now: int
) -> tuple[order.PlaceOrder, list[Admission]]:
    """Everything validated anew: the cart, its prices, the goods, the address, the payment method, the admissions."""
    account = require_active(await services.engine.state(principal.account_id))
    cart = await _own_cart(request, services, principal, body.cart_id)
    destination = _destination(services, principal.account_id, account, body.address_id)
    named = body.payment_method_id
    token = "" if named is None else payment_method_of(account, named).token
    items = await items_of(services, cart)
    admissions = admissions_for(request, services, principal, items, now)
    quoted = await quote_cart(services, cart, items, destination, body.shipping_method, principal.account_id, now)
    require_goods(body.cart_id, items, now)
    card = None if body.gift_card is None else await covered_by(request, body.gift_card, quoted.quote, now)
    _require_price(body, quoted, card)
    covered = card[0] if card is not None else None
    if not token and due(quoted.quote, covered).amount:
        raise Invalid("name what pays for all that no gift card does", "/paymentMethodId")
    delivery = Delivery(destination, account.addresses[body.address_id].sealed, token, covered)
    placed = place_order(principal.account_id, body.cart_id, cart, items, quoted, delivery, services.policy, now)
    return placed, admissions


def _require_price(body: OrderRequest, quoted: Quoted, card: tuple[Covered, GiftCard] | None) -> None:
    """Raises a problem that has the new quote with it if the buyer has seen another total."""
    grand = quoted.quote.totals.grand
    if body.total is None or (body.total.amount, body.total.currency) == (grand.amount, grand.currency):
        return
    raise ProblemError(
        "price_changed",
        f"the order comes to {grand} now; nothing was ordered",
        errors=[{"pointer": "#/total", "detail": "is not what the order comes to now"}],
        quote=_quote_json(body.cart_id, quoted, card),
    )


def _is_settled(state: Any) -> bool:
    """Nothing is worth waiting for any longer: it is paid or cancelled, or rests for hours."""
    return isinstance(state, order.PaidOrder | order.CancelledOrder) or rests(state)


def _render(
    request: Request,
    services: WriteServices,
    order_id: str,
    outcome: Outcome | DomainError,
    wait: int | None,
    elsewhere: Mapping[int, int],
) -> Response:
    """``elsewhere``: when the order came to versions that this process has not brought it to."""
    if isinstance(outcome, DomainError):
        return response_for(request.scope, outcome)
    paid = services.engine.peek(payment_id(order_id))
    at = changed_by(outcome) or elsewhere.get(outcome.version) or services.clock()
    view = view_of_states(order_id, outcome.state, paid, outcome.version, at)
    return command_reply(
        order_json(view, services.vault, position=outcome.position, with_address=False),
        position=outcome.position,
        version=view.version,
        status=202,
        headers={"Location": f"/api/orders/{order_id}", **preference_applied(wait)},
    )
