"""``kontor replay``: a projection folded anew from the log, beside the live one, which it then replaces."""
