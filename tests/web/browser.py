"""A real Chromium for tests of the pages: headless, the system's own, and watched while it works.

A test that ends well has seen no error on the page's console, no script that failed, and no request to anywhere but the
services of the shop.
"""

from __future__ import annotations

import os
import shutil
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from functools import cache
from pathlib import Path
from typing import Any

from tests.needed import absent, left_out

ROOT = Path(__file__).resolve().parents[2]
PICTURES = ROOT / "build" / "pictures"
"""Pictures of the pages are left here; nobody compares them but by eye."""
AXE = Path(__file__).parent / "axe" / "axe.min.js"
NAMES = ("chromium", "chromium-browser", "google-chrome")
ARGUMENTS = (
    "--no-sandbox",
    "--disable-gpu",
    "--disable-dev-shm-usage",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
)
DESKTOP = {"width": 1280, "height": 900}
PHONE = {"width": 390, "height": 844}
PATIENCE_MS = 70_000
"""Machines that test many things at once are slow, and only then does this matter."""
REFUSED = "Failed to load resource"
"""Chromium's words for an answer of 400 and above, which tests provoke."""


def chromium() -> str:
    """Where it is; ``KONTOR_CHROMIUM`` names another, or says ``none`` where none can be had."""
    named = os.environ.get("KONTOR_CHROMIUM")
    if named == "none":
        left_out("KONTOR_CHROMIUM says that there is none")
    found = named or next((path for name in NAMES if (path := shutil.which(name))), None)
    return found or absent("needs Chromium (apt install chromium, or KONTOR_CHROMIUM)")


class Watch:
    """What a context should not have seen."""

    def __init__(self, origins: tuple[str, ...]) -> None:
        self.allowed = (*(f"{origin}/" for origin in origins), "data:", "blob:")
        self.seen: list[str] = []

    def look_at(self, context: Any) -> None:
        context.on("console", self._said)
        context.on("weberror", lambda failed: self.seen.append(f"script failed: {failed.error}"))
        context.on("request", self._asked)
        context.on("dialog", self._dialog)

    def _said(self, message: Any) -> None:
        if message.type in ("error", "warning") and REFUSED not in message.text:
            self.seen.append(f"{message.type}: {message.text}")

    def _asked(self, request: Any) -> None:
        if not request.url.startswith(self.allowed):
            self.seen.append(f"asked elsewhere: {request.url}")

    async def _dialog(self, dialog: Any) -> None:
        if dialog.type != "confirm":
            self.seen.append(f"dialog: {dialog.message}")
        await dialog.accept()


class Browser:
    """Contexts of one browser: each is another person with cookies and storage of their own."""

    def __init__(self, driven: Any, origins: tuple[str, ...]) -> None:
        self._driven = driven
        self._watch = Watch(origins)
        self._people: list[Any] = []
        self.origin = origins[0]

    async def person(
        self, size: dict[str, int] | None = None, dark: bool = False, locale: str = "en-US", scripts: bool = True
    ) -> Any:
        context = await self._driven.new_context(
            viewport=size or DESKTOP,
            color_scheme="dark" if dark else "light",
            base_url=self.origin,
            reduced_motion="reduce",
            locale=locale,
            java_script_enabled=scripts,
        )
        context.set_default_timeout(PATIENCE_MS)
        self._watch.look_at(context)
        self._people.append(context)
        return context

    async def page(self, size: dict[str, int] | None = None, dark: bool = False, locale: str = "en-US") -> Any:
        context = await self.person(size, dark, locale)
        return await context.new_page()

    def require_quiet(self) -> None:
        assert self._watch.seen == []

    async def leave(self) -> None:
        """With all that anybody has kept."""
        for context in self._people:
            await context.close()


@asynccontextmanager
async def launched() -> AsyncIterator[Any]:
    """Chromium, driven by Playwright."""
    from playwright.async_api import async_playwright, expect

    expect.set_options(timeout=PATIENCE_MS)
    path = chromium()
    async with async_playwright() as playwright:
        driven = await playwright.chromium.launch(executable_path=path, args=list(ARGUMENTS))
        try:
            yield driven
        finally:
            await driven.close()


@asynccontextmanager
async def browser(driven: Any, *origins: str) -> AsyncIterator[Browser]:
    """The first origin is that of the pages, the others are those that they may talk to besides."""
    opened = Browser(driven, origins)
    try:
        yield opened
    finally:
        await opened.leave()


@cache
def _axe() -> str:
    return AXE.read_text(encoding="utf-8")


TAGS = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"]


async def require_accessible(page: Any) -> None:
    """Everything that axe can tell of WCAG 2.2 AA and of good practice."""
    await page.evaluate(_axe())
    found = await page.evaluate("tags => axe.run(document, {runOnly: tags, resultTypes: ['violations']})", TAGS)
    wrong = {
        f"{one['id']}: {node['target']}: {node['failureSummary']}"
        for one in found["violations"]
        for node in one["nodes"]
    }
    assert not wrong, "\n".join((page.url, *sorted(wrong)))


async def require_fitting(page: Any) -> None:
    """Nothing sticks out at the side."""
    wide = await page.evaluate("document.documentElement.scrollWidth - document.documentElement.clientWidth")
    assert wide <= 0, f"{page.url} is {wide} px too wide"


async def inspected(page: Any, name: str, full: bool = False) -> None:
    """Looks at a page as it stands, and leaves a picture."""
    PICTURES.mkdir(parents=True, exist_ok=True)
    await page.screenshot(path=PICTURES / f"{name}.png", full_page=full)
    await require_fitting(page)
    await require_accessible(page)
