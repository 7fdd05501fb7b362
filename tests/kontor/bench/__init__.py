"""``kontor bench all``: what it reads, compares and writes. How fast anything is, is not asked here."""
