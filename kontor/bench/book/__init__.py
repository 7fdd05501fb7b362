"""``kontor bench all``: every benchmark in one run, written down as a page and held against the last accepted run."""
