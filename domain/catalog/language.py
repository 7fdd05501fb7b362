"""Texts in several languages: what they may be, and which of them somebody is shown who reads some languages.

Languages are named by tags of BCP 47, as far as products need them: de, pt-BR, zh-Hant.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Mapping, Sequence
from functools import lru_cache

from domain.catalog.attributes import NAME_MAX, escaped
from domain.decider import Event
from domain.errors import Invalid

DEFAULT = "en"
"""Of what was said without naming one."""
TAG = re.compile(r"[a-z]{2,3}(-[A-Z][a-z]{3})?(-([A-Z]{2}|[0-9]{3}))?")
TAG_MAX = 11
LANGUAGES_MAX = 20
"""Besides the product's own."""
TEXTS_CHARS_MAX = 200_000
"""In all of them together."""
TITLE_MAX = 1_000
DESCRIPTION_MAX = 50_000
LABELS_MAX = 500
LABEL_MAX = 200
ANY = "*"


class Text(Event, frozen=True):
    """What a product says in one language."""

    title: str
    description: str = ""
    labels: dict[str, str] = {}
    """What its attributes are called, by their names."""


def check_texts(own: str, texts: Mapping[str, Text]) -> None:
    """``own`` is the language of the product's own title. Raises Invalid."""
    if not is_tag(own):
        raise Invalid("expected a language tag such as en or pt-BR", "/language")
    if len(texts) > LANGUAGES_MAX:
        raise Invalid(f"at most {LANGUAGES_MAX} languages besides its own", "/texts")
    for tag, text in texts.items():
        at = f"/texts/{escaped(tag)}"
        if not is_tag(tag):
            raise Invalid("expected a language tag such as de or pt-BR", at)
        if tag == own:
            raise Invalid("this is the language of the product's own title and description", at)
        _check_text(text, at)
    if sum(map(_characters, texts.values())) > TEXTS_CHARS_MAX:
        raise Invalid(f"more than {TEXTS_CHARS_MAX} characters in all languages together", "/texts")


def is_tag(text: str) -> bool:
    return TAG.fullmatch(text) is not None


def _check_text(text: Text, at: str) -> None:
    limits: Sequence[tuple[Collection[object], int, str]] = (
        (text.title, TITLE_MAX, "/title"),
        (text.description, DESCRIPTION_MAX, "/description"),
        (text.labels, LABELS_MAX, "/labels"),
    )
    for value, limit, name in limits:
        if len(value) > limit:
            raise Invalid(f"longer than {limit}", at + name)
    if not text.title.strip():
        raise Invalid("a text needs a title", f"{at}/title")
    for name, label in text.labels.items():
        if not (1 <= len(name) <= NAME_MAX and 1 <= len(label) <= LABEL_MAX):
            raise Invalid(f"expected 1 to {LABEL_MAX} characters", f"{at}/labels/{escaped(name)}")


def _characters(text: Text) -> int:
    return len(text.title) + len(text.description) + sum(len(name) + len(label) for name, label in text.labels.items())


def base(tag: str) -> str:
    """pt of pt-BR."""
    return tag.partition("-")[0]


@lru_cache(4_096)
def best_of(there: tuple[str, ...], wanted: tuple[str, ...]) -> str:
    """The tag among those that are ``there``, the default first, for somebody who reads the ``wanted`` ones, in lower
    case and the dearest first: lookup of RFC 4647, but that de is content with de-AT where there is no other."""
    known = {tag.lower(): tag for tag in reversed(there)}
    for asked in wanted:
        if asked == ANY:
            return there[0]
        parts = asked.split("-")
        for length in range(len(parts), 0, -1):
            tag = "-".join(parts[:length])
            if tag in known:
                return known[tag]
        for tag in there:
            if tag.lower().startswith(asked + "-"):
                return tag
    return there[0]
