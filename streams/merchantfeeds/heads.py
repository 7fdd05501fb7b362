"""The first bytes of a copy: what it is encoded in, where its rows begin, and whether it is a file of rows at all.

A source that sends something else sends it whole: a page that asks to sign in, a workbook, one long list. That is told
once for the file, not for each of its lines.
"""

from __future__ import annotations

import codecs
import re
from typing import NamedTuple

from domain.sellers.feedterms import FeedTerms
from streams.merchantfeeds.sources import SourceFailed

HEAD_MAX = 1 << 16
"""Bytes that are looked at."""
UTF8_MARK = codecs.BOM_UTF8
MEANT_MIN = 3
"""So many different letters beyond ASCII must all be UTF-8 before a file is taken for it against its feed's word."""
_SEPARATOR = re.compile(rb"(?i)sep=([^\r\n])\r?\n")
"""A line that spreadsheets write for each other."""
_LIST = re.compile(rb"\s*\[\s*\{")
_SPREAD = re.compile(rb"\s*\{\s*\n\s*\"")
_STRANGE = (
    (re.compile(rb"(?i)\s*<(!doctype html|html|head|body)\b"), "it is a web page; does its address ask to sign in?"),
    (re.compile(rb"\s*<\?xml\b"), "it is XML; send CSV or NDJSON"),
    (re.compile(rb"PK\x03\x04"), "it is a ZIP archive or a workbook; save the sheet as CSV, or pack it with gzip"),
    (re.compile(rb"\xd0\xcf\x11\xe0"), "it is a workbook; save the sheet as CSV"),
    (re.compile(rb"%PDF-"), "it is a PDF; send CSV or NDJSON"),
)


class Head(NamedTuple):
    start: int
    """Where the rows begin, or the line that names the columns."""
    line: int
    encoding: str
    delimiter: str


def head_of(first: bytes, terms: FeedTerms) -> Head:
    """``first`` are the first bytes of the file, at most ``HEAD_MAX``. Raises SourceFailed."""
    start, encoding = 0, terms.encoding
    if first.startswith(UTF8_MARK):
        start, encoding = len(UTF8_MARK), "utf-8"
    body = first[start:]
    _require_rows(body, terms)
    if encoding != "utf-8" and _is_utf8(body):
        raise SourceFailed(f"it is in UTF-8, and the feed says {encoding}; set its encoding to utf-8")
    found = _SEPARATOR.match(body) if terms.format == "csv" else None
    if found is None:
        return Head(start, 1, encoding, terms.delimiter)
    return Head(start + found.end(), 2, encoding, found[1].decode("latin-1"))


def _require_rows(body: bytes, terms: FeedTerms) -> None:
    for pattern, why in _STRANGE:
        if pattern.match(body):
            raise SourceFailed(why)
    if any(body[i:8:2] == bytes(4) and 0 not in body[1 - i : 8 : 2] for i in (0, 1)):
        raise SourceFailed("every other byte is zero: it is in UTF-16 without the mark that says so; send UTF-8")
    if terms.format == "ndjson":
        if _LIST.match(body):
            raise SourceFailed("it is one JSON list; send an object a line, without brackets and commas around them")
        if _SPREAD.match(body):
            raise SourceFailed("its objects go over several lines; send each on one line")
    elif b"\r" in body and b"\n" not in body and not body.endswith(b"\r"):
        raise SourceFailed("its lines end with CR alone; end them with LF or CRLF")


def _is_utf8(body: bytes) -> bool:
    """Whether it cannot well be anything else. Letters of one byte that look so by chance come alone or in twos."""
    decoder = codecs.getincrementaldecoder("utf-8")()  # the last letter may be cut
    try:
        text = decoder.decode(body)
    except UnicodeDecodeError:
        return False
    return len({letter for letter in text if letter > "\x7f"}) >= MEANT_MIN
