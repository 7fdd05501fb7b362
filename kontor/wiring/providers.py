"""Which payment provider is paid through: the simulated one of the profile, or Stripe. All others come here to ask."""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol

from commands.errors import UnusableLog
from kontor.settings import Settings, required
from streams.gateways.port import PaymentGateway

if TYPE_CHECKING:
    from streams.gateways.remote import RemoteGateway
    from streams.gateways.stripe.gateway import StripeGateway


class OutsideGateway(PaymentGateway, Protocol):
    """One that is reached over the network."""

    async def start(self) -> None: ...
    async def close(self) -> None: ...


def outside(settings: Settings) -> OutsideGateway | None:
    """None where the simulated provider is a part of this process. Raises UnusableLog when a setting is missing."""
    if settings.provider == "stripe":
        return stripe_gateway(settings)
    return remote_gateway(settings) if settings.profile == "full" else None


def remote_gateway(settings: Settings) -> RemoteGateway:
    from streams.gateways.remote import RemoteGateway

    url, secret = required(settings, "provider_url", "provider_secret")
    return RemoteGateway(url, secret)


def stripe_gateway(settings: Settings) -> StripeGateway:
    missing = [name for name in ("stripe_secret_key", "stripe_webhook_secret") if getattr(settings, name) is None]
    if missing:
        names = ", ".join(f"KONTOR_{name.upper()}" for name in missing)
        raise UnusableLog(f"paying through Stripe needs {names}; docs/payments.md tells where they come from")
    try:
        from streams.gateways.stripe.gateway import StripeGateway
    except ImportError as error:
        raise UnusableLog("paying through Stripe needs its client: pip install 'kontor-engine[full]'") from error
    return StripeGateway(str(settings.stripe_secret_key), str(settings.stripe_webhook_secret))
