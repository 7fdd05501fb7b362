"""From an Icecat record to a line that the catalog imports: the body of POST /api/products with an ``externalId``.

The rules are few. A record is one product with one SKU, ``ICE-<id>``. Every text is stripped of markup. Attributes are
flattened into one table of readable names; the model, the release date and the GTINs join them. Nothing is lost without
a word: what cannot be taken is ``Rejected`` with a reason, what was taken without a part of it says so in ``notes``.
The data are described in ``data/sample/SOURCE.md``.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from functools import cache
from html.parser import HTMLParser
from typing import Any, NamedTuple

from domain.money import AMOUNT_MAX
from kontor.catalog.categories import category

Line = dict[str, Any]


class Converted(NamedTuple):
    line: Line
    notes: tuple[str, ...]
    """What of the record is not in the line, and why."""


class Rejected(NamedTuple):
    reason: str


def convert(row: Mapping[str, Any]) -> Converted | Rejected:
    """One record as a product line. Its price is an offer's business: see ``base_price``."""
    record_id, title = row.get("id"), plain_text(str(row.get("title") or "")).replace("\n", " ")
    if not isinstance(record_id, str) or not re.fullmatch(r"[0-9A-Za-z-]{1,40}", record_id):
        return Rejected(f"the id {record_id!r} is not one")
    if not title:
        return Rejected("there is no title")
    raw = row.get("attributes")
    if not isinstance(raw, Mapping) or not all(isinstance(group, Mapping) for group in raw.values()):
        return Rejected("the attributes are not grouped in tables")
    good, bad = _gtins(row.get("gtins") or [])
    description = plain_text(str(row.get("description") or ""))
    attributes = _identity(row, good) | _readable(raw)
    line: Line = {
        "externalId": f"icecat-{record_id}",
        "title": title,
        "description": description,
        "brand": plain_text(str(row.get("brand") or "")) or None,
        "category": list(category(title, row.get("product_type"), description, _by_name(raw))),
        "attributes": attributes,
        "media": [row["image"]] if str(row.get("image") or "").startswith(("http://", "https://")) else [],
        "variants": [{"sku": f"ICE-{record_id}", "attributes": {}}],
    }
    return Converted(line, tuple(f"GTIN {gtin!r} is not valid and was left out" for gtin in bad))


def base_price(row: Mapping[str, Any]) -> int | Rejected:
    """US cents. There is no upper bound below the engine's own: a 43,519.95-dollar server is a server."""
    price = row.get("price_minor")
    if type(price) is not int or not 0 < price <= AMOUNT_MAX or row.get("currency") != "USD":
        return Rejected(f"the price {price!r} {row.get('currency')!r} is not a positive number of US cents")
    return price


# identifiers


def valid_gtin(code: str) -> bool:
    """GTIN-8, -12, -13 or -14 with its check digit (GS1 General Specifications, 7.9: weights 3, 1 from the right)."""
    if len(code) not in (8, 12, 13, 14) or not (code.isascii() and code.isdigit()):
        return False
    digits = [int(digit) for digit in reversed(code)]
    return (sum(digits[0::2]) + 3 * sum(digits[1::2])) % 10 == 0


def _gtins(codes: list[Any]) -> tuple[list[str], list[str]]:
    good: list[str] = []
    bad: list[str] = []
    for code in map(str, codes):
        (good if valid_gtin(code) else bad).append(code)
    return good, bad


def _identity(row: Mapping[str, Any], gtins: list[str]) -> dict[str, str]:
    """``gtin`` is the first; a product that is sold in several packages has them all in ``gtins``."""
    found = {
        "model": plain_text(str(row.get("model") or "")),
        "gtin": gtins[0] if gtins else "",
        "gtins": " ".join(gtins) if len(gtins) > 1 else "",
        "released": str(row.get("released") or ""),
    }
    return {name: value for name, value in found.items() if value}


# attributes


def _by_name(groups: Mapping[str, Mapping[str, Any]]) -> dict[str, Any]:
    return {name: value for group in groups.values() for name, value in group.items()}


def _readable(groups: Mapping[str, Mapping[str, Any]]) -> dict[str, str | int | float | bool]:
    """Icecat has some attributes as text and as number; the later one then carries its kind in its name."""
    result: dict[str, str | int | float | bool] = {}
    for kind, group in groups.items():
        for raw, value in group.items():
            name = attribute_name(raw)
            result[_free(name, kind, result)] = _typed(value)
    return result


def _free(name: str, kind: str, taken: Mapping[str, Any]) -> str:
    if name not in taken:
        return name
    candidates = (f"{name} ({kind}{number})" for number in ("", *(f" {n}" for n in range(2, len(taken) + 2))))
    return next(candidate for candidate in candidates if candidate not in taken)


def _typed(value: Any) -> str | int | float | bool:
    """Booleans stay, whole numbers lose their ``.0``, text loses its markup and its spelled-out line ends."""
    if isinstance(value, bool):
        return value
    if isinstance(value, (int, float)):
        return int(value) if value == int(value) else value
    return plain_text(re.sub(r",?\s*\\n\s*", ", ", str(value)))


_ACRONYMS = """
    2d 3d ac adf api atx awg bios cd ce cpu ddr dc dns dpi dvd dvi ean ecc eu fm fsb gb gps gpu gtin hd hdd hdmi hs iec
    ieee ip iso kvm l2 l3 lan lcd led mac mb mimo mp3 mpeg ms nfc oem os osd pc pci pcie pdu pin poe ps qos raid ram rca
    rj rpm sata sd sim snmp ssd ssid tcp tdp tv udp uk upc ups us usb vat vga vlan voip vpn wan wep wpa xd
"""
_UPPER = frozenset(_ACRONYMS.split())
_SPELLED = {
    "wi fi": "Wi-Fi",
    "ieee1394": "IEEE 1394",
    "rohs": "RoHS",
    "i o": "I/O",
    "(t t)": "(T-T)",
    "(h h)": "(H-H)",
    "wxdxh": "W x D x H",
    "w x d x h": "W x D x H",
    "ethernet": "Ethernet",
    "bluetooth": "Bluetooth",
    "intel": "Intel",
    "windows": "Windows",
}


@cache
def attribute_name(raw: str) -> str:
    """``thermal_design_power__tdp_`` is ``Thermal design power (TDP)``.

    The data's authors turned every sign that is no letter or digit into an underscore, so two are a bracket with its
    blank, three are a sign between blanks or two brackets back to back, and one at the end closes a bracket.
    """
    raw = re.sub(r"(^|__)intel__(?=.)", r"\1intel_", raw)  # Intel®: a trademark, not a bracket
    raw = re.sub(r"_s_(?=_|$)", "(s)", raw)
    name = "".join(_pieces(raw))
    name = " ".join(word.upper() if word.strip("()") in _UPPER else word for word in name.split())
    for plain, spelled in _SPELLED.items():
        name = re.sub(rf"(?<!\w){re.escape(plain)}(?!\w)", spelled, name)
    name = re.sub(r"\b(\d) (\d)\b", r"\1.\2", name)  # USB 2.0, 3.5 inches
    return name[:1].upper() + name[1:]


def _pieces(raw: str) -> Iterator[str]:
    is_open = False
    for match in re.finditer(r"[^_]+|_+", raw):
        piece, rest = match[0], raw[match.end() :]
        if not piece.startswith("_"):
            yield piece
            continue
        closes_later = "__" in rest or rest.endswith("_")
        if is_open and (len(piece) > 1 or not rest):
            is_open = len(piece) > 2 and closes_later
            yield ") (" if is_open else ") "
        elif len(piece) == 2 and closes_later:
            is_open = True
            yield " ("
        else:
            yield " / " if len(piece) > 2 and rest else " "


# text


class _Text(HTMLParser):
    """Collects what a reader would see; block elements end a line, scripts and styles are not text."""

    BREAKS = frozenset(("br", "p", "div", "li", "ul", "ol", "tr", "table", "h1", "h2", "h3", "h4", "h5", "h6"))
    SILENT = frozenset(("script", "style"))

    def __init__(self) -> None:
        super().__init__(convert_charrefs=True)
        self.parts: list[str] = []
        self.silent = 0

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.silent += tag in self.SILENT
        if tag in self.BREAKS:
            self.parts.append("\n")

    def handle_endtag(self, tag: str) -> None:
        self.silent = max(0, self.silent - (tag in self.SILENT))
        if tag in self.BREAKS and tag != "br":  # <br/> opens and closes
            self.parts.append("\n")

    def handle_data(self, data: str) -> None:
        if not self.silent:
            self.parts.append(data)


def plain_text(marked: str) -> str:
    """Text without markup, entities decoded, blanks single, at most one empty line between paragraphs.

    Markup that was escaped once more is markup too, hence the second and third pass. ``<= 3L`` is not markup.
    """
    text = marked.replace("\\n", "\n")
    for _ in range(3):
        if "<" not in text and "&" not in text:
            break
        parser = _Text()
        parser.feed(text)
        parser.close()
        text = "".join(parser.parts)
    lines = (re.sub(r"[^\S\n]+", " ", line).strip() for line in text.split("\n"))
    return re.sub(r"\n{3,}", "\n\n", "\n".join(lines)).strip()
