"""Stripe: a PaymentIntent with manual capture for each payment, our keys as its idempotency keys and as metadata.

An operation is found again by its payment's name in the metadata, with Stripe's search. That lags by up to a minute;
until then what is not found is asked for once more under the same key, and Stripe answers as the first time.
No card number passes through here: a token names a payment method that Stripe keeps.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import contextmanager
from typing import Any

import aiohttp
import stripe

from domain.books.reconciliation import Movement
from domain.money import Money
from streams.gateways.port import (
    FOREVER,
    Authorized,
    Captured,
    CaptureRefused,
    Declined,
    Dispute,
    Disputed,
    GatewayMisuse,
    Notice,
    Outcome,
    Pending,
    Refunded,
    RefundRefused,
    Voided,
)
from streams.gateways.stripe.amounts import to_stripe
from streams.gateways.stripe.disputes import disputes_of
from streams.gateways.stripe.errors import NOT_NOW, meaning, reason
from streams.gateways.stripe.marks import (
    AUTHORIZE,
    CAPTURE,
    ORDER,
    PAYMENT,
    REFUND,
    VOID,
    marks_of,
    payment_of,
    refused,
)
from streams.gateways.stripe.notices import read_notice
from streams.gateways.stripe.statement import movements

CALL_S = 8.0
CONNECT_S = 2.0
RETRIES = 2
"""By the client itself, under the same key: of connections that broke, and while the same request is under way."""
FOUND_MAX = 10
FREE = "free"
"""Reference of an order that costs nothing: Stripe moves no zeros. New orders ask for no such payment."""
SEVERAL = "a PaymentIntent is captured once here; several captures want multicapture, which only some accounts have"
NOT_PAYABLE = frozenset(("resource_missing", "amount_too_small", "amount_too_large", "payment_method_unexpected_state"))
"""Codes of requests that are refused for what they ask for, whoever asks."""
GONE = frozenset(
    (
        "payment_intent_unexpected_state",
        "charge_already_captured",
        "charge_already_refunded",
        "charge_expired_for_capture",
        "amount_too_large",
    )
)
"""Codes of a capture that never will be."""


class StripeGateway:
    def __init__(self, secret_key: str, webhook_secret: str, *, url: str | None = None) -> None:
        """``url`` is another address than Stripe's own, for tests."""
        self.name = "stripe"
        self._secret_key = secret_key
        self._webhook_secret = webhook_secret
        self._url = url
        self._http: stripe.AIOHTTPClient | None = None
        self._stripe: stripe.StripeClient | None = None

    async def start(self) -> None:
        """Connects with the first call. Not needed for ``notice``."""
        timeout = aiohttp.ClientTimeout(total=CALL_S, sock_connect=CONNECT_S)
        self._http = stripe.AIOHTTPClient(timeout=timeout)
        self._stripe = stripe.StripeClient(
            self._secret_key,
            http_client=self._http,
            base_addresses={"api": self._url} if self._url else {},
            max_network_retries=RETRIES,
        )

    async def close(self) -> None:
        if self._http is not None:
            closing: Any = self._http  # which has no types
            await closing.close_async()

    # the port

    async def authorize(
        self, key: str, order_id: str, amount: Money, token: str, *, in_parts: bool = False
    ) -> Authorized | Declined | Pending:
        if in_parts:
            raise GatewayMisuse(SEVERAL)
        units, currency = to_stripe(amount)
        if not units:
            return Authorized(FREE)
        try:
            intent = await self._intents.create_async(
                params={
                    "amount": units,
                    "currency": currency,
                    "payment_method": token,
                    "payment_method_types": ["card"],
                    "capture_method": "manual",
                    "confirm": True,
                    "off_session": True,
                    "expand": ["latest_charge"],
                    "metadata": {ORDER: order_id, PAYMENT: payment_of(key), AUTHORIZE: key},
                },
                options={"idempotency_key": key},
            )
        except stripe.CardError as error:
            return Declined(reason(error))
        except stripe.StripeError as error:
            if error.code in NOT_PAYABLE:
                return Declined(reason(error))
            raise meaning(error) from error
        return _authorization(intent)

    async def capture(
        self, key: str, reference: str, amount: Money, *, more: bool = False
    ) -> Captured | CaptureRefused | Pending:
        if more:
            raise GatewayMisuse(SEVERAL)
        if reference == FREE:
            return Captured()
        units, _ = to_stripe(amount)
        try:
            intent = await self._intents.capture_async(
                reference,
                params={"amount_to_capture": units, "metadata": {CAPTURE: key}},
                options={"idempotency_key": key},
            )
        except stripe.StripeError as error:
            if error.code not in GONE and not isinstance(error, stripe.CardError):
                raise meaning(error) from error
            # Perhaps by this very key, when Stripe has forgotten it: it does after a day.
            intent = await self._intent(reference)
            if _mark(intent, CAPTURE) != key:
                return CaptureRefused(reason(error))
        if intent.status == "processing":
            return Pending()
        return Captured() if intent.status == "succeeded" else CaptureRefused(intent.status)

    async def void(self, key: str, reference: str) -> Voided | Pending:
        if reference == FREE:
            return Voided()
        try:
            # First the mark, for what is canceled takes none.
            await self._intents.update_async(reference, params={"metadata": {VOID: key}})
            intent = await self._intents.cancel_async(reference, options={"idempotency_key": key})
        except stripe.StripeError as error:
            if error.code != "payment_intent_unexpected_state":
                raise meaning(error) from error
            intent = await self._intent(reference)
        if intent.status != "canceled":
            raise GatewayMisuse(f"a PaymentIntent that is {intent.status} cannot be given up")
        return Voided()

    async def refund(self, key: str, reference: str, amount: Money) -> Refunded | RefundRefused | Pending:
        units, _ = to_stripe(amount)
        if reference == FREE or not units:
            return Refunded()
        try:
            intent = await self._intents.retrieve_async(reference)
            refund = await self._client.v1.refunds.create_async(
                params={
                    "payment_intent": reference,
                    "amount": units,
                    "metadata": {ORDER: _mark(intent, ORDER), PAYMENT: payment_of(key), REFUND: key},
                },
                options={"idempotency_key": key},
            )
        except stripe.InvalidRequestError as error:
            if error.http_status in NOT_NOW:
                raise meaning(error) from error
            refusal = RefundRefused(reason(error))
            if error.http_status != 404:
                # Of a refund that it refuses Stripe keeps nothing under which it could be found again.
                with _meaning():
                    await self._intents.update_async(reference, params={"metadata": {refused(key): refusal.reason}})
            return refusal
        except stripe.StripeError as error:
            raise meaning(error) from error
        return _refund(refund)

    async def find(self, key: str) -> Outcome | Pending | None:
        with _meaning():
            found = await self._intents.search_async(
                params={
                    "query": f"metadata['{PAYMENT}']:'{_quoted(payment_of(key))}'",
                    "limit": FOUND_MAX,
                    "expand": ["data.latest_charge"],
                }
            )
        for intent in found.data:
            if _mark(intent, AUTHORIZE) == key:
                return _authorization(intent)
            if _mark(intent, CAPTURE) == key:
                return Captured() if intent.status == "succeeded" else Pending()
            if _mark(intent, VOID) == key and intent.status == "canceled":
                return Voided()
            if why := _mark(intent, refused(key)):
                return RefundRefused(why)
            with _meaning():
                refunds = await self._client.v1.refunds.list_async(params={"payment_intent": intent.id, "limit": 100})
            for refund in refunds.data:
                if _mark(refund, REFUND) == key:
                    return _refund(refund)
        return None

    async def settlement(self, since: int = 0, until: int = FOREVER) -> AsyncIterator[Movement]:
        """Of our own payments; whoever else uses the account stays out of it."""
        with _meaning():
            async for movement in movements(self._client, since, until):
                yield movement

    async def disputes(self, reference: str) -> Sequence[Dispute]:
        if reference == FREE:
            return ()
        with _meaning():
            return await disputes_of(self._client, reference)

    def notice(self, body: bytes, headers: Mapping[str, str]) -> Notice | Disputed | None:
        return read_notice(body, headers, self._webhook_secret)

    # Stripe

    @property
    def _client(self) -> stripe.StripeClient:
        assert self._stripe is not None, "not started"
        return self._stripe

    @property
    def _intents(self) -> Any:
        """Untyped: the client has another dictionary type for each call."""
        return self._client.v1.payment_intents

    async def _intent(self, reference: str) -> stripe.PaymentIntent:
        with _meaning():
            params = {"expand": ["latest_charge"]}
            intent: stripe.PaymentIntent = await self._intents.retrieve_async(reference, params=params)
            return intent


@contextmanager
def _meaning() -> Any:
    """Raises what errors of Stripe mean."""
    try:
        yield
    except stripe.StripeError as error:
        raise meaning(error) from error


def _authorization(intent: stripe.PaymentIntent) -> Authorized | Declined | Pending:
    """What became of the authorization, whatever became of the money later."""
    match intent.status:
        case "requires_capture" | "succeeded":
            return Authorized(intent.id, _capture_before(intent))
        case "canceled" if intent.latest_charge is not None:
            return Authorized(intent.id)
        case "processing":
            return Pending()
        case "requires_action":
            return Declined("authentication_required")
    error = intent.last_payment_error
    return Declined(_word(error) or intent.status)


def _word(error: Any) -> str:
    """Of what went wrong; Stripe leaves out what does not apply."""
    return str(getattr(error, "decline_code", None) or getattr(error, "code", None) or "")


def _capture_before(intent: stripe.PaymentIntent) -> int:
    """Of the charge, where it came along; 0 where Stripe does not say."""
    charge: Any = intent.latest_charge
    details = getattr(charge, "payment_method_details", None)
    seconds = getattr(getattr(details, "card", None), "capture_before", None)
    return int(seconds) * 1000 if seconds else 0


def _refund(refund: stripe.Refund) -> Refunded | RefundRefused | Pending:
    match refund.status:
        case "succeeded":
            return Refunded()
        case "pending" | "requires_action":
            return Pending()
    return RefundRefused(str(getattr(refund, "failure_reason", None) or refund.status))


def _mark(thing: stripe.PaymentIntent | stripe.Refund, name: str) -> str:
    return marks_of(thing).get(name, "")


def _quoted(text: str) -> str:
    """For Stripe's search language."""
    return text.replace("\\", "\\\\").replace("'", "\\'")
