"""Mail: notices as letters, over SMTP."""

from __future__ import annotations

from datetime import UTC, datetime
from email.errors import HeaderParseError
from email.headerregistry import Address
from email.message import EmailMessage
from email.policy import SMTP
from email.utils import parseaddr
from typing import NamedTuple
from urllib.parse import unquote, urlsplit

import aiosmtplib

from streams.outgoing.letters import letter
from streams.outgoing.notices import AnyNotice, Recipient
from streams.outgoing.port import Told, failed, hopeless, sent

CALL_S = 8.0
"""For each answer of the server."""
PORTS = {"smtp": 25, "smtps": 465}
LOOPBACK = ("localhost", "127.0.0.1", "::1")


class MailServer(NamedTuple):
    host: str
    port: int
    username: str | None
    password: str | None
    tls: bool
    """From the first byte, rather than by STARTTLS."""

    @property
    def start_tls(self) -> bool | None:
        """None: if the server offers it. A password is never sent over the network without."""
        if self.tls:
            return False
        return True if self.username and self.host not in LOOPBACK else None


def mail_server(url: str) -> MailServer:
    """Of ``smtp://user:password@host:587`` or ``smtps://…``. Raises ValueError, which does not repeat it."""
    parsed = urlsplit(url)
    if parsed.scheme not in PORTS or not parsed.hostname:
        raise ValueError("a mail server is named as smtp://user:password@host:port or smtps://…")
    username, password = (None if part is None else unquote(part) for part in (parsed.username, parsed.password))
    return MailServer(
        parsed.hostname, parsed.port or PORTS[parsed.scheme], username, password, parsed.scheme == "smtps"
    )


def sender_of(mail_from: str) -> Address:
    """Of ``Nordwald <orders@shop.example>``. Raises ValueError."""
    name, address = parseaddr(mail_from)
    if "@" not in address:
        raise ValueError("the sender is named as orders@shop.example or Name <orders@shop.example>")
    return _address(name, address)


def _address(name: str, address: str) -> Address:
    """Raises ValueError, HeaderParseError for what is none, or would be more than one line."""
    if address.isascii():
        return Address(name, addr_spec=address)
    local, _, domain = address.rpartition("@")  # in any script; addr_spec takes only ours
    return Address(name, local, domain)


class MailChannel:
    """Writes to buyers through one SMTP server. What can never arrive is told apart from what is tried again."""

    name = "mail"

    def __init__(self, server: MailServer, sender: Address) -> None:
        self._server = server
        self._sender = sender

    async def send(self, notice: AnyNotice, recipient: Recipient) -> Told:
        try:
            message = self._message(notice, recipient)
        except (ValueError, HeaderParseError, UnicodeError):  # whose words would repeat it
            return hopeless("the address cannot be written to")
        return await self._sent(message)

    def _message(self, notice: AnyNotice, recipient: Recipient) -> EmailMessage:
        """The same at every attempt, byte for byte but for the boundary between its parts."""
        written = letter(notice, recipient)
        message = EmailMessage(policy=SMTP)
        message["From"] = self._sender
        message["To"] = _address(recipient.name, recipient.email)
        message["Subject"] = written.subject
        message["Date"] = datetime.fromtimestamp(notice.event.meta.occurred_at / 1000, UTC)
        message["Message-ID"] = f"<{notice.message_id}@{self._sender.domain}>"
        message["Auto-Submitted"] = "auto-generated"
        message.set_content(written.text)
        message.add_alternative(written.html, subtype="html")
        return message

    async def _sent(self, message: EmailMessage) -> Told:
        server = self._server
        try:
            await aiosmtplib.send(
                message,
                hostname=server.host,
                port=server.port,
                username=server.username,
                password=server.password,
                use_tls=server.tls,
                start_tls=server.start_tls,
                timeout=CALL_S,
            )
        except aiosmtplib.SMTPRecipientsRefused as refused:
            return _refused(max(one.code for one in refused.recipients), "the recipient")
        except aiosmtplib.SMTPDataError as refused:
            return _refused(refused.code, "the message")
        except aiosmtplib.SMTPNotSupported:
            return hopeless("the mail server cannot write to such an address")
        except aiosmtplib.SMTPResponseException as refused:
            return failed(f"the mail server answered {refused.code}")
        except (aiosmtplib.SMTPException, OSError) as error:
            return failed(type(error).__name__)
        return sent()


def _refused(code: int, what: str) -> Told:
    """Its own words may repeat the address, so only the code is told. What it refuses with 5xx it always will."""
    reason = f"the mail server refused {what}: {code}"
    return hopeless(reason) if code >= 500 else failed(reason)
