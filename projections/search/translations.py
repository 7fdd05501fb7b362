"""Texts in other languages than English, which the index's own fields are stemmed by.

Each word is a term of its language and its stem there (``de:stuhl``), all of them in two fields; so documents say which
language they are in, and a word that is looked for is looked for as each language would have it. Both engines get the
terms ready made, and stem alike.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from functools import lru_cache

from domain.catalog.language import ANY as ANY_LANGUAGE
from domain.catalog.language import base, best_of
from projections.search import analysis

FIELDS = {"told_title": 2.4, "told_text": 0.6}
"""What a hit in each is worth: as much as in title and description."""
ANY = "*"
"""A term of every title in here."""
STEMMERS = {"en": "english", "de": "german", "fr": "french", "es": "spanish", "it": "italian"}
OTHER = "x"
"""Languages without a stemmer: words as they are."""
ASKED_MAX = 3
"""Languages of one reader in which words are completed and corrected."""
Titles = Sequence[tuple[str, str]]
"""Of one product, with their languages; its own first."""


class _Stemmer:
    def __init__(self, name: str) -> None:
        self._accented = analysis.stemming(name, folded_first=False)
        self._folded = analysis.stemming(name, folded_first=True)

    def of_text(self, text: str) -> Iterator[str]:
        """With accents first and without them: an ending may be known by its accent, and is typed without."""
        for one, other in zip(self._accented.analyze(text), self._folded.analyze(text), strict=True):
            yield one
            if other != one:
                yield other

    def of_word(self, word: str) -> str:
        stems: list[str] = self._folded.analyze(word)
        return stems[0] if len(stems) == 1 else word


_stemmers = {language: _Stemmer(name) for language, name in STEMMERS.items()}


def terms(texts: Iterable[tuple[str, str]]) -> str:
    """Of texts with their languages, for an analyser that does nothing but cut at blanks."""
    return " ".join(f"{language}:{stem}" for tag, text in texts for language, stem in _stems(base(tag), text))


def _stems(language: str, text: str) -> Iterator[tuple[str, str]]:
    stemmer = _stemmers.get(language)
    if stemmer is None:
        return ((OTHER, word) for word in analysis.words(text))
    return ((language, stem) for stem in stemmer.of_text(text))


@lru_cache(4_096)
def ways(word: str) -> tuple[str, ...]:
    """The terms of a word, as ``analysis.words`` gives it, in each language."""
    return tuple(way(language, word) for language in (*_stemmers, OTHER))


def way(language: str, word: str) -> str:
    """The term of a word in one of ``asked``."""
    stemmer = _stemmers.get(language)
    return as_typed(language, word if stemmer is None else stemmer.of_word(word))


def as_typed(language: str, word: str) -> str:
    """A word, or the beginning of one, that is not to be bent."""
    return f"{language}:{word}"


def term_languages(wanted: Iterable[str]) -> tuple[str, ...]:
    """What terms call the languages of somebody who reads the ``wanted`` ones."""
    bases = (base(tag) for tag in wanted if tag != ANY_LANGUAGE)
    return tuple(dict.fromkeys(one if one in _stemmers else OTHER for one in bases))[:ASKED_MAX]


def title_for(titles: Titles, wanted: Sequence[str]) -> str:
    """The one that somebody would rather read."""
    return dict(titles)[best_of(tuple(language for language, _ in titles), tuple(wanted))]


def is_asked_for(language: str, asked_for: Sequence[str]) -> bool:
    one = base(language)
    return (one if one in _stemmers else OTHER) in asked_for
