"""Texts in several languages, as a specification."""

from __future__ import annotations

import pytest

from domain.catalog.attributes import NAME_MAX
from domain.catalog.language import (
    DESCRIPTION_MAX,
    LABEL_MAX,
    LABELS_MAX,
    LANGUAGES_MAX,
    TEXTS_CHARS_MAX,
    TITLE_MAX,
    Text,
    base,
    best_of,
    check_texts,
    is_tag,
)
from domain.catalog.product import Description
from domain.errors import Invalid

BED = Description(
    "Bed",
    "Solid oak.",
    texts={"de": Text("Bett", "Massive Eiche.", {"width": "Breite"}), "fr": Text("Lit")},
)


# tags


@pytest.mark.parametrize("tag", ["de", "fil", "pt-BR", "es-419", "zh-Hant", "zh-Hant-TW"])
def test_tags(tag: str):
    assert is_tag(tag)


def test_a_language_without_its_country():
    assert (base("pt-BR"), base("de")) == ("pt", "de")


@pytest.mark.parametrize("tag", ["", "d", "DE", "de_AT", "de-at", "de-", "deutsch", "de-AT-x", "de\n", "*"])
def test_what_is_no_tag(tag: str):
    assert not is_tag(tag)
    with pytest.raises(Invalid) as refused:
        check_texts("en", {tag: Text("x")})
    assert refused.value.pointer == f"/texts/{tag}"


# what may be said


def test_the_bounds_themselves_are_allowed():
    labels = {f"{n}": "x" * LABEL_MAX for n in range(LABELS_MAX // 2)} | {"n" * NAME_MAX: "x"}
    most = Text("x" * TITLE_MAX, "x" * DESCRIPTION_MAX, labels)
    check_texts("en", {"de": most})
    tags = [f"a{letter}" for letter in "abcdefghijklmnopqrst"]
    check_texts("en", {tag: Text("x", labels=dict.fromkeys(map(str, range(LABELS_MAX)), "y")) for tag in tags})
    assert len(tags) == LANGUAGES_MAX
    full = {tag: Text("x" * (TEXTS_CHARS_MAX // 200 - 1), "y" * (TEXTS_CHARS_MAX // 20 - 999)) for tag in tags}
    check_texts("en", full)
    with pytest.raises(Invalid, match="in all languages together") as refused:
        check_texts("en", {**full, "aa": Text("x" * 1_000, "y" * (TEXTS_CHARS_MAX // 20 - 999))})
    assert refused.value.pointer == "/texts"
    with pytest.raises(Invalid, match="in all languages together"):
        check_texts("en", {**full, "aa": Text("x" * 998, "y" * (TEXTS_CHARS_MAX // 20 - 999), {"n": "l"})})


@pytest.mark.parametrize(
    ("own", "texts", "pointer"),
    [
        ("english", {}, "/language"),
        ("de", {"de": Text("Bett")}, "/texts/de"),
        ("en", {f"a{letter}": Text("x") for letter in "abcdefghijklmnopqrstu"}, "/texts"),
        ("en", {"de": Text(" ")}, "/texts/de/title"),
        ("en", {"de": Text("x" * (TITLE_MAX + 1))}, "/texts/de/title"),
        ("en", {"de": Text("x", "x" * (DESCRIPTION_MAX + 1))}, "/texts/de/description"),
        ("en", {"de": Text("x", labels=dict.fromkeys(map(str, range(LABELS_MAX + 1)), "x"))}, "/texts/de/labels"),
        ("en", {"de": Text("x", labels={"a/b": ""})}, "/texts/de/labels/a~1b"),
        ("en", {"de": Text("x", labels={"a": "x" * (LABEL_MAX + 1)})}, "/texts/de/labels/a"),
        ("en", {"de": Text("x", labels={"": "x"})}, "/texts/de/labels/"),
        ("en", {"de": Text("x", labels={"n" * (NAME_MAX + 1): "x"})}, f"/texts/de/labels/{'n' * (NAME_MAX + 1)}"),
    ],
)
def test_what_cannot_be_said(own: str, texts: dict[str, Text], pointer: str):
    with pytest.raises(Invalid) as refused:
        check_texts(own, texts)
    assert refused.value.pointer == pointer


# which one is shown


@pytest.mark.parametrize(
    ("wanted", "shown"),
    [
        ((), "en"),
        (("de",), "de"),
        (("de-at",), "de"),
        (("pt-br", "fr"), "pt"),
        (("zh-hant-tw",), "zh-Hant"),
        (("zh",), "zh-Hant"),
        (("zh-hans",), "en"),
        (("xx", "*", "de"), "en"),
        (("xx", "fr-ca", "de"), "fr"),
        (("en-gb", "de"), "en"),
        (("d",), "en"),
    ],
)
def test_the_dearest_language_that_there_is(wanted: tuple[str, ...], shown: str):
    assert best_of(("en", "de", "fr", "pt", "zh-Hant"), wanted) == shown


def test_a_product_told_in_another_language_keeps_its_own_among_the_others():
    german = BED.told_in("de")
    assert (german.title, german.description, german.language) == ("Bett", "Massive Eiche.", "de")
    assert german.labels == {"width": "Breite"}
    assert german.languages == ("de", "en", "fr")
    assert (german.told_in("en").title, german.told_in("en").description) == ("Bed", "Solid oak.")
    assert BED.languages == ("en", "de", "fr")
    assert BED.labels == {}


def test_without_a_description_the_products_own_is_shown():
    assert BED.told_in("fr").description == "Solid oak."
    assert BED.told_in("en") == BED
    assert BED.told_in("xx") == BED
