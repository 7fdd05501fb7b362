"""``kontor gateway``: the simulated payment provider as what a provider is, a service of its own.

It knows neither the log nor the vault: its records are its own, and with Kontor it shares one secret.
"""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager

from prometheus_client import CollectorRegistry
from starlette.applications import Starlette

from kontor import console
from kontor.folder import DataFolder
from kontor.loop import run
from kontor.serving.running import listen, url_of
from kontor.serving.server import serve
from kontor.settings import Settings, required
from streams.gateways.posting import Posting
from streams.gateways.service import Service
from streams.gateways.signatures import Signer
from streams.gateways.simulated import SimulatedGateway


def run_gateway(settings: Settings) -> None:
    run(_gateway(settings))


async def _gateway(settings: Settings) -> None:
    listening = listen("gateway", settings)
    async with simulated_provider(settings) as app:
        console.tell("kontor gateway", "ready", f"ready on {url_of(listening)}", url=url_of(listening))
        await serve(app, listening)


@asynccontextmanager
async def simulated_provider(settings: Settings) -> AsyncIterator[Starlette]:
    """Raises UnusableLog when a setting is missing, or the records cannot be used."""
    (secret,) = required(settings, "provider_secret")
    folder = DataFolder(settings.data)
    folder.prepare()
    async with AsyncExitStack() as stack:
        gateway = SimulatedGateway(folder.provider, secret, timeout_s=settings.provider_timeout)
        deliver = None
        if settings.provider_callbacks is not None:
            posting = Posting(settings.provider_callbacks)
            await posting.start()
            stack.push_async_callback(posting.close)
            deliver = posting.deliver
        await gateway.start(deliver)
        stack.push_async_callback(gateway.close)
        yield Service(gateway, Signer(secret), CollectorRegistry()).application()
