"""Notices to buyers, wired: which channels are connected, by the settings."""

from __future__ import annotations

from collections.abc import Sequence

from commands.engine import Engine
from commands.vault import Vault
from kontor.settings import Settings
from streams.outgoing.notices import CHANNELS, Channel, Notices, Unconnected


class Notifying:
    """``targets`` is for the delivery process, ``unconnected.committed`` for the engine's listeners."""

    def __init__(self, settings: Settings, engine: Engine, vault: Vault) -> None:
        self._engine = engine
        self._vault = vault
        self._channels = channels(settings)
        self._connected: list[Notices] = []
        connected = {channel.name for channel in self._channels}
        self.unconnected = Unconnected([name for name in CHANNELS if name not in connected])

    async def targets(self) -> Sequence[Notices]:
        """A channel that is connected for the first time tells of what happens from then on."""
        if len(self._connected) < len(self._channels):
            head = await self._engine.log.head()
            self._connected = [Notices(self._engine, self._vault, channel, head) for channel in self._channels]
        return self._connected


def channels(settings: Settings) -> list[Channel]:
    if settings.smtp_url is None or settings.mail_from is None:
        return []
    # Only now: mail and templates take a third of a second to import, and nobody else needs them.
    from streams.outgoing.mail import MailChannel, mail_server, sender_of

    return [MailChannel(mail_server(settings.smtp_url), sender_of(settings.mail_from))]
