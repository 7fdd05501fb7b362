"""What a browser may choose from where a picture is to fill a frame, and how wide it will be: the same attributes as
``static/shop/picture.js`` sets, so that nothing is loaded twice when scripts take a page over."""

from __future__ import annotations

from typing import NamedTuple

from readapi.storefront.answers import Picture

WIDTH, HEIGHT = 500, 400
"""The shape of every frame, and what is said of a picture whose own size nobody knows."""

SLOTS = {
    "card": (("(max-width: 44rem) ", "50vw - 2.5rem"), ("", "15rem")),
    "stage": (("(max-width: 44rem) ", "100vw - 2rem"), ("", "min(42vw, 34rem)")),
    "small": (("", "5rem"),),
}
"""How wide the frame is, wherever it stands (shop.css): the first one with a condition that holds."""

LARGEST = 1280
"""Pixels of the largest rendition; what is larger itself is left to who looks at it on its own."""


class Choice(NamedTuple):
    """Attributes of an image; without renditions there are no ``sizes`` and no ``srcset``."""

    width: int
    height: int
    sizes: str = ""
    srcset: str = ""


def choice(picture: Picture, slot: str) -> Choice:
    """``slot`` is one of ``SLOTS``. A picture that is taller than its frame is shown less wide than that."""
    if not picture.renditions:
        return Choice(picture.width or WIDTH, picture.height or HEIGHT)
    largest = picture.renditions[-1]
    width, height = picture.width or largest.width, picture.height or largest.height
    made = [(one.url, one.width) for one in picture.renditions]
    if width > largest.width and max(largest.width, largest.height) < LARGEST and max(width, height) <= LARGEST:
        made.append((picture.url, width))
    share = min(1.0, (largest.width * HEIGHT) / (largest.height * WIDTH))
    sizes = ", ".join(f"{when}calc({share:.3f} * ({wide}))" for when, wide in SLOTS[slot])
    return Choice(width, height, sizes, ", ".join(f"{url} {wide}w" for url, wide in made))
