"""The mail server, outside of every process, and the channel that writes to it.

Letters are written by the real channel. The server is away at times, refuses some letters for now and a few for good,
and its answer may be lost after it has taken one. Each letter is held against the log, the vault and earlier
copies of it.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence
from contextvars import Context
from email.headerregistry import Address
from email.message import EmailMessage
from typing import NamedTuple

from commands.engine import Engine
from commands.vault import Vault
from kontor.simulation.cabinet import Cabinet
from kontor.simulation.store import Disk, Faults
from kontor.simulation.violation import Verdict
from streams.outgoing.mail import MailChannel, MailServer
from streams.outgoing.notices import TYPES, AnyNotice, Notice, Notices, Recipient
from streams.outgoing.port import Target, Told, failed, hopeless, sent
from streams.outgoing.published import type_of

AWAY, NOT_NOW, NEVER, ANSWER_LOST = 0.05, 0.05, 0.01, 0.06
HEARD_WITHIN_S = 10.0
"""By then every process knows what somebody chose; mostly within a poll."""


class Text(NamedTuple):
    """What a letter says, without the boundaries between its parts, which are drawn."""

    to: str
    subject: str
    date: str
    text: str
    html: str


class PostOffice:
    def __init__(
        self, disk: Disk, cabinet: Cabinet, faults: Faults, now: Callable[[], float], verdict: Verdict
    ) -> None:
        """``now`` gives seconds."""
        self.faults = faults
        self.emails: dict[str, str] = {}
        """By account."""
        self.unwilling: dict[str, float] = {}
        """Since when an account wants no letters about its orders."""
        self.at_rest = False
        """Nothing goes wrong any more, and the clocks agree."""
        self.taken: dict[str, list[Text]] = {}
        """By message id."""
        self.refused: set[str] = set()
        """Message ids of those that were refused for good."""
        self.first_at_rest: dict[str, bool] = {}
        """Of each message id, whether it was tried for the first time when all was at rest."""
        self.disk = disk
        self.cabinet = cabinet
        self.now = now
        self.verdict = verdict
        self._outside = Context()

    def begun(self, notice: AnyNotice, recipient: Recipient) -> None:
        """Somebody is about to send it. Raises Violation."""
        assert isinstance(notice, Notice), "nobody is told of anything but orders here"
        event, account_id = notice.event, notice.placed.account_id
        row = self.disk.rows[event.position - 1] if event.position <= len(self.disk.rows) else None
        if row is None or (row.stream, row.version) != (event.stream, event.version) or type_of(row.topic) not in TYPES:
            self.verdict.fail(f"a letter tells {account_id} of {event.event_id}, which is not in the log")
        if recipient.email != self.emails[account_id]:
            self.verdict.fail(f"a letter about {notice.order_id} goes to {recipient.email}, and not to its buyer")
        if not self.cabinet.knows(account_id):
            self.verdict.fail(f"a letter goes to {account_id}, of whom nothing is to be known any more")
        if self.now() - self.unwilling.get(account_id, self.now()) > HEARD_WITHIN_S:
            self.verdict.fail(f"a letter about {notice.order_id} goes to {account_id}, who wants none")
        self.first_at_rest.setdefault(notice.message_id, self.at_rest)

    async def take(self, message: EmailMessage) -> Told:
        """Whoever sends may be killed meanwhile; what was sent is taken all the same."""
        work = self._serve(message)
        return await asyncio.shield(asyncio.get_running_loop().create_task(work, context=self._outside.copy()))

    async def _serve(self, message: EmailMessage) -> Told:
        faults, name = self.faults, str(message["Message-ID"])[1:].partition("@")[0]
        await faults.wire()
        if faults.strikes(AWAY, "the mail server is away"):
            return failed("SMTPConnectError")
        if faults.strikes(NOT_NOW, f"the mail server refuses {name} for now"):
            return failed("the mail server refused the recipient: 451")
        if faults.strikes(NEVER, f"the mail server refuses {name} for good"):
            self.refused.add(name)
            return hopeless("the mail server refused the recipient: 550")
        copies, text = self.taken.setdefault(name, []), _text(message)
        if copies and copies[0] != text:
            self.verdict.fail(f"the letter {name} said {copies[0]}, and comes again as {text}")
        copies.append(text)
        if faults.strikes(ANSWER_LOST, f"the mail server has taken {name}, and nobody hears of it"):
            return failed("SMTPReadTimeoutError")
        await faults.wire()
        return sent()


def _text(message: EmailMessage) -> Text:
    plain, html = (message.get_body((kind,)) for kind in ("plain", "html"))
    assert plain is not None, message
    assert html is not None, message
    to, subject, date = (str(message[name]) for name in ("To", "Subject", "Date"))
    return Text(to, subject, date, plain.get_content(), html.get_content())


class Mail(MailChannel):
    """The real channel, with this server behind it."""

    def __init__(self, office: PostOffice) -> None:
        server = MailServer("mail.example", 25, None, None, tls=False)
        super().__init__(server, Address("Shop", "orders", "shop.example"))
        self._office = office

    async def send(self, notice: AnyNotice, recipient: Recipient) -> Told:
        self._office.begun(notice, recipient)
        return await super().send(notice, recipient)

    async def _sent(self, message: EmailMessage) -> Told:
        return await self._office.take(message)


class Buyers:
    """Those whom one process writes to, as targets of its deliveries."""

    def __init__(self, engine: Engine, vault: Vault, office: PostOffice) -> None:
        self._engine = engine
        self._vault = vault
        self._office = office
        self._connected: list[Target] = []

    async def targets(self) -> Sequence[Target]:
        """Told of what happens from the moment on in which the first process has begun."""
        if not self._connected:
            head = await self._engine.log.head()
            self._connected = [Notices(self._engine, self._vault, Mail(self._office), head)]
        return self._connected
