"""``python -m kontor``."""

from kontor.entry import main

main()
