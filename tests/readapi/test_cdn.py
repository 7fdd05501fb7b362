"""What shared caches are told: how long, by which keys, and what they may not hold."""

from __future__ import annotations

from readapi.caching.categorypages import CategoryPages
from readapi.caching.cdn import KEY_CHARS_MAX, KEYS_MAX, category_key, list_headers, page_headers
from readapi.shown.categories import grown

ENGLISH = ("en",)


def test_keys_are_sent_both_ways_and_bounded() -> None:
    keys = ["x" * (KEY_CHARS_MAX + 1), *(f"prd_{number}" for number in range(KEYS_MAX + 1))]
    headers = dict(page_headers(b"{}", '"1"', keys))
    assert headers[b"surrogate-key"].split(b" ") == headers[b"cache-tag"].split(b",")
    assert headers[b"surrogate-key"].split(b" ") == [b"prd_%d" % number for number in range(KEYS_MAX)]


def test_a_category_is_a_key_without_spaces_and_commas() -> None:
    assert category_key(("Bed, Bath & Möbel", "Beds")) == "category:Bed%2C%20Bath%20%26%20M%C3%B6bel%2FBeds"


def test_what_ends_by_itself_is_held_by_nobody() -> None:
    assert dict(page_headers(b"{}", '"1"', (), shared=False))[b"surrogate-control"] == b"no-store"
    assert dict(list_headers(b"{}", (), shared=False))[b"surrogate-control"] == b"no-store"


def test_a_category_page_is_put_together_when_a_part_is_another() -> None:
    pages, tree = CategoryPages(), grown({("Beds",): 2})
    first = pages.page(("Beds",), ENGLISH, tree, b'{"items":[1]}')
    assert pages.page(("Beds",), ENGLISH, tree, b'{"items":[1]}') is first
    other = pages.page(("Beds",), ENGLISH, tree, b'{"items":[2]}')
    assert (other.body, other.etag) != (first.body, first.etag)
    assert pages.page(("Beds",), ("en", "de"), tree, b'{"items":[1]}') is not other
    assert pages.page(("Beds",), ENGLISH, tree, b'{"items":[2]}') is other, "each language has its own"
    counted = pages.page(("Beds",), ENGLISH, grown({("Beds",): 3}), b'{"items":[2]}')
    assert counted.body != other.body


def test_category_pages_are_bounded() -> None:
    tree = grown({("A",): 1, ("B",): 1})
    pages = CategoryPages(bytes_max=2_000)
    listing = b'{"items":["' + b"x" * 600 + b'"]}'
    first = pages.page(("A",), ENGLISH, tree, listing)
    pages.page(("B",), ENGLISH, tree, listing)
    assert pages.page(("A",), ENGLISH, tree, listing) is not first
