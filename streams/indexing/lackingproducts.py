"""Products that searches lack, because the index refused their documents."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

import structlog

from projections.search.port import Rejected

LACKING_MAX = 1_000

log = structlog.get_logger("indexer")


class LackingProducts(dict[str, str]):
    """By product why; the newest LACKING_MAX, each until its document changes."""

    def committed(self, product_ids: Iterable[str], rejected: Sequence[Rejected]) -> None:
        for product_id in product_ids:
            self.pop(product_id, None)
        for one in rejected:
            self[one.product_id] = one.reason
            log.error("document_rejected", product=one.product_id, reason=one.reason)
        while len(self) > LACKING_MAX:
            del self[next(iter(self))]
