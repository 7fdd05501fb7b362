"""Bodies of the commands about search rules."""

from __future__ import annotations

from typing import Annotated, Any, Literal

from pydantic import ConfigDict, Field, RootModel

from domain.catalog import rule
from domain.catalog.rule import PHRASE_MAX, PHRASES_MAX, PLACED_MAX, SCOPE_MAX
from domain.money import PPM
from readapi.edge.schemas import ONE_LINE, TRIMMED
from readapi.edge.validation import told
from writeapi.bodies.merchandise import CategoryPath
from writeapi.requests import Body

Phrase = Annotated[str, TRIMMED, Field(min_length=1, max_length=PHRASE_MAX, examples=["sofa"]), ONE_LINE]
Phrases = Annotated[list[Phrase], Field(max_length=PHRASES_MAX, examples=[["sofa", "couch"]])]
ProductId = Annotated[str, Field(min_length=1, max_length=40, examples=["prd_01KARQ0000ABCDEFGHJKMNPQRS"]), ONE_LINE]
Placed = Annotated[list[ProductId], Field(max_length=PLACED_MAX)]
Region = Annotated[
    str,
    Field(
        pattern=told(r"^[A-Z]{2}(-[A-Z0-9]{1,3})?$", "a country or a region of one, such as US or US-CA"),
        examples=["US-CA"],
    ),
]
_EXAMPLES: list[Any] = [
    {"kind": "synonyms", "phrases": ["sofa", "couch"], "finds": ["loveseat"]},
    {"kind": "placement", "query": "sofa", "pinned": ["prd_01KARQ0000ABCDEFGHJKMNPQRS"]},
    {"kind": "restriction", "regions": ["US-CA"], "categories": [["Furniture", "Beds"]], "reason": "TB 117"},
    {"kind": "margin", "brands": ["Nora"], "percent": 12.5},
]


class SynonymsBody(Body):
    """Each of the phrases finds what the others find, and the narrower ones that it ``finds``."""

    kind: Literal["synonyms"]
    phrases: Phrases
    finds: Phrases = []

    def terms(self) -> rule.Terms:
        return rule.Synonyms(tuple(self.phrases), tuple(self.finds))


class PlacementBody(Body):
    """For one query, in whatever grammatical number: what comes first, in this order, and what comes last."""

    kind: Literal["placement"]
    query: Phrase
    pinned: Placed = []
    buried: Placed = []

    def terms(self) -> rule.Terms:
        return rule.Placement(self.query, tuple(self.pinned), tuple(self.buried))


class Scoped(Body):
    """Products of these categories and below, of these brands, and these."""

    categories: Annotated[list[CategoryPath], Field(max_length=SCOPE_MAX)] = []
    brands: Annotated[list[Phrase], Field(max_length=SCOPE_MAX)] = []
    product_ids: Annotated[list[ProductId], Field(max_length=SCOPE_MAX)] = []

    def scope(self) -> rule.Scope:
        return rule.Scope(tuple(map(tuple, self.categories)), tuple(self.brands), tuple(self.product_ids))


class RestrictionBody(Scoped):
    """What may not be sold to these regions."""

    kind: Literal["restriction"]
    regions: Annotated[list[Region], Field(min_length=1, max_length=SCOPE_MAX)]
    reason: Annotated[str, Field(max_length=500), ONE_LINE] = ""

    def terms(self) -> rule.Terms:
        return rule.Restriction(tuple(self.regions), self.scope(), self.reason)


class MarginBody(Scoped):
    """What the marketplace earns by these products, in percent of their price."""

    kind: Literal["margin"]
    percent: Annotated[float, Field(ge=0, le=100, multiple_of=0.01)]

    def terms(self) -> rule.Terms:
        return rule.Margin(self.scope(), round(self.percent * 100) * (PPM // 10_000))


AnyRule = Annotated[SynonymsBody | PlacementBody | RestrictionBody | MarginBody, Field(discriminator="kind")]


class RuleBody(RootModel[AnyRule]):
    """One of the kinds of rules; `kind` says which."""

    model_config = ConfigDict(json_schema_extra={"examples": _EXAMPLES})

    def terms(self) -> rule.Terms:
        return self.root.terms()
