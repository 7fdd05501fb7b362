"""Pages that are kept as they were drawn."""

from __future__ import annotations

from readapi.storefront.rendered import Drawn, Rendered


def test_what_is_drawn_is_kept_until_it_would_be_another() -> None:
    kept, drawn = Rendered(), []

    def draw(text: bytes) -> Drawn:
        drawn.append(text)
        return Drawn(text, '"1"', ())

    for _ in range(3):
        assert kept.page("v1", lambda: draw(b"one")).body == b"one"
    assert kept.page("v2", lambda: draw(b"two")).body == b"two"
    assert (drawn, kept.hits, kept.misses) == ([b"one", b"two"], 2, 2)


def test_the_least_recently_asked_for_make_room() -> None:
    kept = Rendered(bytes_max=25)
    for name in ("a", "b", "a", "c"):
        kept.page(name, lambda name=name: Drawn(name.encode() * 10, "", ()))  # type: ignore[misc]  # a default
    hits = kept.hits
    kept.page("a", lambda: Drawn(b"", "", ()))
    assert kept.hits == hits + 1
    kept.page("b", lambda: Drawn(b"", "", ()))
    assert kept.hits == hits + 1
