"""Icons, and what is drawn in place of a picture: the same lines as the scripts draw, from the same files of theirs."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import msgspec
from markupsafe import Markup

from readapi.storefront.assets import Assets, UnusableFiles

ICONS = "lib/iconpaths.js"
GLYPHS = "shop/glyphs.js"
HUES = 6
LABEL_CHARS = 22
CIRCLE = '<circle class="halo" cx="{}" cy="{}" r="{}"></circle>'
BACKGROUNDS = (
    Markup(CIRCLE.format(100, 72, 50)),
    Markup(CIRCLE.format(40, 150, 95) + CIRCLE.format(172, 12, 48)),
    Markup('<path class="halo" d="M0 118 200 38v122H0z"></path>'),
    Markup(CIRCLE.format(100, 72, 62) + CIRCLE.format(100, 72, 40)),
    Markup('<path class="halo" d="M0 0h200v34L0 96z"></path>'),
)
_ICON = Markup(
    '<svg class="icon" viewBox="0 0 24 24" width="{size}" height="{size}" aria-hidden="true" focusable="false">'
    '<path d="{path}"></path></svg>'
)
_GLYPH = Markup(
    '<svg class="glyph" viewBox="0 0 24 24" width="{size}" height="{size}" aria-hidden="true">'
    '<path d="{path}"></path></svg>'
)
_DRAWING = Markup(
    '<svg class="drawn hue-{hue}" viewBox="0 0 200 160" aria-hidden="true" preserveAspectRatio="xMidYMid slice">'
    '<rect class="ground" width="200" height="160"></rect>{background}'
    '<g class="glyph" transform="translate(67 39) scale(2.75)"><path d="{path}"></path></g>{label}</svg>'
)
_LABEL = Markup('<text class="label" x="100" y="146" text-anchor="middle">{brand}</text>')


class Drawings:
    def __init__(self, assets: Assets) -> None:
        """Raises UnusableFiles where one's own file is no table of paths."""
        self._icons = _table(assets, ICONS)
        self._glyphs = _table(assets, GLYPHS)

    def icon(self, name: str, size: int = 20) -> Markup:
        return _ICON.format(size=size, path=self._icons[name])

    def glyph(self, category: str, size: int = 24) -> Markup:
        return _GLYPH.format(size=size, path=self._path(category))

    def drawing(self, product_id: str, category: Sequence[str], brand: str | None, labelled: bool = True) -> Markup:
        """In place of a picture: the category, with the brand's name."""
        top, below = (*category, "", "")[:2]
        label = _LABEL.format(brand=_short(brand)) if brand and labelled else ""
        return _DRAWING.format(
            hue=drawn(brand if brand is not None else below or top, HUES),
            background=BACKGROUNDS[drawn(product_id, len(BACKGROUNDS))],
            path=self._path(top),
            label=label,
        )

    def _path(self, category: str) -> str:
        return self._glyphs.get(category) or self._glyphs["Other"]


def _table(assets: Assets, name: str) -> Mapping[str, str]:
    """``export const …`` of an object that is JSON as well."""
    try:
        text = assets.files[name].body.partition(b"export const ")[2].partition(b"=")[2]
        return msgspec.json.decode(text.strip().removesuffix(b";"), type=dict[str, str])
    except msgspec.MsgspecError as error:
        raise UnusableFiles(f"{name}: expected nothing but a table of names and paths, in JSON: {error}") from error


def drawn(text: str, most: int) -> int:
    """The same number below ``most`` for the same text."""
    total = 7
    for letter in text:
        total = (total * 31 + _unit(ord(letter))) % 9973
    return total % most


def _unit(point: int) -> int:
    """The first of UTF-16, which is what scripts see."""
    return point if point < 0x10000 else 0xD800 + ((point - 0x10000) >> 10)


def _short(brand: str) -> str:
    return brand if len(brand) <= LABEL_CHARS else f"{brand[: LABEL_CHARS - 1]}…"
