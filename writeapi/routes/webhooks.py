"""Callbacks of payment providers. Who sends them is known by their signature, not by a token."""

from __future__ import annotations

from typing import Any

from fastapi import APIRouter
from pydantic import BaseModel
from starlette.requests import Request

from domain.errors import NotFound
from readapi.edge.openapi import problem_responses
from readapi.edge.problems import ProblemError
from streams.gateways.port import BadSignature, GatewayError, GatewayTimeout
from streams.money.payments import PaymentProcess

router = APIRouter(tags=["webhooks"])
SIGNED: dict[str, Any] = {
    "parameters": [
        {"name": name, "in": "header", "required": False, "description": meaning, "schema": {"type": "string"}}
        for name, meaning in (
            ("webhook-id", "Of `simulated`: the same for every delivery of one callback."),
            ("webhook-timestamp", "Of `simulated`: when it was sent, in seconds since 1970; at most five minutes ago."),
            ("webhook-signature", "Of `simulated`: `v1,` and the base64 HMAC-SHA256 of `id.timestamp.body`."),
            ("stripe-signature", "Of `stripe`: `t=` and when it was sent, `v1=` and the HMAC-SHA256 of `time.body`."),
        )
    ],
    "requestBody": {
        "required": True,
        "description": "The provider's own format, signed byte for byte.",
        "content": {"application/json": {"schema": {"type": "object"}}},
    },
}


class Received(BaseModel):
    received: bool = True


@router.post(
    "/api/webhooks/payments/{provider}",
    summary="A payment provider's signed callback; a repeated one changes nothing",
    responses=problem_responses("unauthenticated", "not_found", "validation_failed"),
    openapi_extra=SIGNED,
)
async def receive_payment_callback(provider: str, request: Request) -> Received:
    payments: PaymentProcess = request.app.state.services.payments
    if provider != payments.gateway.name:
        raise NotFound("no such payment provider")
    try:
        await payments.receive(await request.body(), request.headers)
    except BadSignature as error:
        raise ProblemError("unauthenticated", str(error)) from error
    except (GatewayError, GatewayTimeout) as error:  # it was asked back, and did not answer
        raise ProblemError("overloaded", "the provider does not answer; send the callback again") from error
    return Received()
