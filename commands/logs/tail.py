"""The newest spans of an order, in memory: whoever goes along with it asks nobody where anything lies."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Sequence

from commands.logs.order import Span, cut_to_fit

KEPT = 20_000
"""Spans, of which each cut makes at most one for each log; at most twice as many are kept."""


class Tail:
    def __init__(self, heads: Sequence[int], spans: Sequence[Span]) -> None:
        """``spans`` are the last of the order, and ``heads`` where each log ends in it."""
        self.heads = list(heads)
        self._spans = list(spans)
        self._of = [[span for span in spans if span.log == log] for log in range(len(heads))]

    @property
    def last(self) -> int:
        """The place that the last span begins at; 0 for none."""
        return self._spans[-1].first if self._spans else 0

    @property
    def _first(self) -> int:
        """The place from which on everything is known."""
        return self._spans[0].first if self._spans else 1

    def add(self, spans: Sequence[Span]) -> None:
        """Those that follow; what is known already is passed over."""
        heads = list(self.heads)
        for span in spans:
            if span.first > self.last:
                self._spans.append(span)
                self._of[span.log].append(span)
                heads[span.log] = span.start + span.events - 1
        self.heads = heads
        if len(self._spans) > 2 * KEPT:
            self._spans = self._spans[-KEPT:]
            self._of = [[span for span in self._spans if span.log == log] for log in range(len(heads))]

    def between(self, after: int, upto: int) -> list[Span] | None:
        """What lies in (after, upto] of the order, cut to fit; None if it begins before what is known."""
        if after + 1 < self._first:
            return None
        begin = max(0, bisect_right(self._spans, after + 1, key=_first_of) - 1)
        end = bisect_right(self._spans, upto, key=_first_of)
        return cut_to_fit(self._spans[begin:end], after, upto)

    def places(self, log: int, positions: Sequence[int]) -> list[int] | None:
        """Of events of a log, in its order; None if one of them lies before what is known."""
        own = self._of[log]
        if positions and (not own or positions[0] < own[0].start):
            return None
        return [_place(own, position) for position in positions]

    def place(self, log: int, position: int) -> int | None:
        """From which on an event of a log is seen; None while it is not in the order."""
        if position > self.heads[log]:
            return None
        own = self._of[log]
        if position <= 0:
            return 0
        return _place(own, position) if own and position >= own[0].start else self._first - 1


def _place(own: Sequence[Span], position: int) -> int:
    span = own[bisect_right(own, position, key=_start_of) - 1]
    return span.first + position - span.start


def _first_of(span: Span) -> int:
    return span.first


def _start_of(span: Span) -> int:
    return span.start
