"""A mail server on this machine, in the test's own event loop: takes letters, or refuses them as it is told to."""

from __future__ import annotations

import asyncio
import email
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from email.message import EmailMessage
from email.policy import default
from typing import Any

from aiosmtpd.smtp import SMTP, AuthResult, Envelope, Session

from tests.waiting import until


@dataclass
class MailBox:
    url: str = ""
    letters: list[EmailMessage] = field(default_factory=list)
    recipients: list[str] = field(default_factory=list)
    attempts: int = 0
    answers: list[str] = field(default_factory=list)
    """To the next letters; then each is taken."""
    unknown: set[str] = field(default_factory=set)
    """Addresses that are refused for good."""

    passed_over: str = ""
    """The subject of letters that are taken and that no test looks at."""
    wants_login: bool = False
    patience: float = 10
    """Seconds that a letter may take."""

    async def handle_RCPT(
        self, server: Any, session: Session, envelope: Envelope, address: str, options: list[str]
    ) -> str:
        if address in self.unknown:
            return f"550 5.1.1 <{address}> is not known here"
        envelope.rcpt_tos.append(address)
        return "250 OK"

    async def handle_DATA(self, server: Any, session: Session, envelope: Envelope) -> str:
        self.attempts += 1
        if self.wants_login and not session.authenticated:
            return "530 5.7.0 sign in first"
        answer = self.answers.pop(0) if self.answers else "250 OK"
        if answer.startswith("250"):
            content = envelope.content
            assert isinstance(content, bytes)
            letter = email.message_from_bytes(content, policy=default)
            assert isinstance(letter, EmailMessage)
            if letter["Subject"] != self.passed_over:
                self.letters.append(letter)
                self.recipients += envelope.rcpt_tos
        return answer

    async def got(self, letters: int, within: float | None = None) -> list[EmailMessage]:
        await until(lambda: len(self.letters) >= letters, within or self.patience, lambda: self)
        return self.letters


@asynccontextmanager
async def mail_server(login: tuple[str, str] | None = None) -> AsyncIterator[MailBox]:
    """``login``: the name and the password without which it takes nothing."""
    box = MailBox(wants_login=login is not None)
    loop = asyncio.get_running_loop()

    def authenticate(server: Any, session: Any, envelope: Any, mechanism: str, given: Any) -> AuthResult:
        assert login is not None
        right = (given.login, given.password) == tuple(part.encode() for part in login)
        return AuthResult(success=right, handled=False)

    def session() -> SMTP:
        known = None if login is None else authenticate
        return SMTP(
            box, hostname="mail.test", loop=loop, enable_SMTPUTF8=True, auth_require_tls=False, authenticator=known
        )

    server = await loop.create_server(session, "127.0.0.1", 0)
    try:
        box.url = f"smtp://127.0.0.1:{server.sockets[0].getsockname()[1]}"
        yield box
    finally:
        server.close()
        await server.wait_closed()


def bodies(letter: EmailMessage) -> tuple[str, str]:
    """Text and HTML."""
    text, html = (letter.get_body((kind,)) for kind in ("plain", "html"))
    assert text is not None
    assert html is not None
    return text.get_content(), html.get_content()
