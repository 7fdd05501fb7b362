"""Merchandisers' rules, for searches and for those who write them."""

from __future__ import annotations

from domain.catalog.rule import RulePut, RuleWithdrawn, Terms
from domain.recorded import Recorded
from projections.projector import Index, Projection, Table, ViewRow


class RuleRow(ViewRow, frozen=True):
    terms: Terms
    created_at: int
    updated_at: int
    version: int


def rule_put(row: RuleRow | None, recorded: Recorded) -> RuleRow:
    at = recorded.meta.occurred_at
    return RuleRow(recorded.event.terms, row.created_at if row else at, at, recorded.version)


RULE_ROWS = Table(
    name="rules",
    row=RuleRow,
    folds={RulePut: rule_put, RuleWithdrawn: lambda row, recorded: None},
    indexes={"all": Index(lambda key, row: "", lambda key, row: row.created_at)},
)
RULES = Projection("rules", 1, (RULE_ROWS,))
