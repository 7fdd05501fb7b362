"""``kontor what-if``: a past period's purchases once more under other terms, in memory."""
