"""The body that announces a drop."""

from __future__ import annotations

from typing import Annotated

from pydantic import ConfigDict, Field, StrictInt

from domain.sellers.drop import ADMISSION_MS_MAX, ADMISSION_MS_MIN, PER_MINUTE_MAX, DropTerms
from readapi.edge.schemas import InstantIn
from writeapi.requests import Body

LASTS_MS = 86_400_000


class NewDrop(Body):
    """Without ``endsAt`` it lasts a day."""

    model_config = ConfigDict(
        json_schema_extra={
            "examples": [
                {
                    "shopId": "shp_01JD3Z8Q5V7W9X2Y4Z6A8B0C1D",
                    "sku": "BED-160",
                    "opensAt": "2026-12-01T18:00:00Z",
                    "perMinute": 600,
                    "admissionSeconds": 300,
                }
            ]
        },
    )

    shop_id: Annotated[str, Field(max_length=40)]
    sku: Annotated[str, Field(min_length=1, max_length=100)]
    opens_at: InstantIn
    ends_at: InstantIn | None = None
    per_minute: Annotated[StrictInt, Field(ge=1, le=PER_MINUTE_MAX)] = 600
    admission_seconds: Annotated[StrictInt, Field(ge=ADMISSION_MS_MIN // 1000, le=ADMISSION_MS_MAX // 1000)] = 300

    def terms(self) -> DropTerms:
        ends_at = self.opens_at + LASTS_MS if self.ends_at is None else self.ends_at
        return DropTerms(self.opens_at, ends_at, self.per_minute, self.admission_seconds * 1000)
