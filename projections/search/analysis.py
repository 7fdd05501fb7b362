"""Text into terms, the same way for documents and for what shoppers type."""

from __future__ import annotations

import re
from collections.abc import Iterator

import tantivy

STEMMED = "kontor_en"
TERMS = "kontor_terms"
VERBATIM = "kontor_verbatim"

_LONGEST_TERM = 40
_MARKS = re.compile(r"[\W_]+")
_DIGIT = re.compile(r"\d")


def _builder() -> tantivy.TextAnalyzerBuilder:
    words = tantivy.TextAnalyzerBuilder(tantivy.Tokenizer.simple()).filter(tantivy.Filter.remove_long(_LONGEST_TERM))
    return words.filter(tantivy.Filter.lowercase())


def stemming(language: str, *, folded_first: bool) -> tantivy.TextAnalyzer:
    """Stems without accents; these are taken off before the ending is, or after it."""
    fold, stem = tantivy.Filter.ascii_fold(), tantivy.Filter.stemmer(language)
    return _builder().filter(fold if folded_first else stem).filter(stem if folded_first else fold).build()


_plain = _builder().filter(tantivy.Filter.ascii_fold()).build()
_stemmed = stemming("english", folded_first=True)
_terms = tantivy.TextAnalyzerBuilder(tantivy.Tokenizer.whitespace()).build()


def register(index: tantivy.Index) -> None:
    """Teaches an opened index the analysers its schema names."""
    verbatim = tantivy.TextAnalyzerBuilder(tantivy.Tokenizer.raw()).filter(tantivy.Filter.lowercase()).build()
    index.register_tokenizer(STEMMED, _stemmed)
    index.register_tokenizer(VERBATIM, verbatim)
    index.register_tokenizer(TERMS, _terms)


def clean(text: str) -> str:
    """The text without halves of surrogate pairs, which no UTF-8 engine takes."""
    return text.encode("utf-8", "replace").decode("utf-8")


def words(text: str) -> list[str]:
    """Lower-case words without accents; any text gives a list, perhaps an empty one."""
    return _plain.analyze(text)


def stems(text: str) -> list[str]:
    """The Snowball (Porter 2) stems of its ``words``, one for each."""
    return _stemmed.analyze(text)


def stem(word: str) -> str:
    """The Snowball (Porter 2) stem of one word as ``words`` gives it."""
    stems = _stemmed.analyze(word)
    return stems[0] if len(stems) == 1 else word


def codes(*texts: str) -> Iterator[str]:
    """Model and part numbers: pieces with a digit, without their marks, so that DV7-1211EA and dv71211ea meet."""
    for text in texts:
        for piece in text.split():
            if not piece.isalpha() and _DIGIT.search(piece):
                code = _MARKS.sub("", piece).lower()
                if 1 < len(code) <= _LONGEST_TERM:
                    yield code
