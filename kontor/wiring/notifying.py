"""Notices to buyers, to those who wish something and to owners of accounts, wired: which channels there are, by the
settings."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from commands.engine import Engine
from commands.vault import Vault
from kontor.settings import Settings
from streams.outgoing.accountnotices import AccountNotices
from streams.outgoing.notices import CHANNELS, Channel, Notices, Unconnected
from streams.outgoing.port import Target
from streams.outgoing.watching import Offers, Watching
from streams.outgoing.wishnotices import WishNotices


class Notifying:
    """``targets`` is for the delivery process, ``unconnected.committed`` for the engine's listeners."""

    def __init__(self, settings: Settings, engine: Engine, vault: Vault, offers: Offers | None = None) -> None:
        """``offers`` finds a SKU's offers; None where no notices are sent."""
        self._engine = engine
        self._vault = vault
        self._channels = channels(settings)
        self._shop = settings.storefront_url
        self._offers = offers
        self._connected: list[Target] = []
        connected = {channel.name for channel in self._channels}
        self.unconnected = Unconnected([name for name in CHANNELS if name not in connected])

    async def targets(self) -> Sequence[Target]:
        """A channel that is connected for the first time tells of what happens from then on."""
        if self._channels and not self._connected:
            head = await self._engine.log.head()
            self._connected = [*self._of_orders(head), *self._of_wishes(head), *self._of_accounts(head)]
        return self._connected

    def _of_orders(self, head: int) -> Iterator[Target]:
        return (Notices(self._engine, self._vault, channel, head) for channel in self._channels)

    def _of_wishes(self, head: int) -> Iterator[Target]:
        if self._offers is not None:
            yield Watching(self._engine, self._offers, head)
            for channel in self._channels:
                yield WishNotices(self._engine, self._vault, channel, head)

    def _of_accounts(self, head: int) -> Iterator[Target]:
        return (AccountNotices(self._engine, self._vault, channel, head, self._shop) for channel in self._channels)


def letters_with_links(settings: Settings) -> bool:
    """Whether there is all that letters need to be sent, and to lead to the shop."""
    return None not in (settings.smtp_url, settings.mail_from, settings.storefront_url)


def channels(settings: Settings) -> list[Channel]:
    if settings.smtp_url is None or settings.mail_from is None:
        return []
    # Only now: mail and templates take a third of a second to import, and nobody else needs them.
    from streams.outgoing.mail import MailChannel, mail_server, sender_of

    return [MailChannel(mail_server(settings.smtp_url), sender_of(settings.mail_from))]
