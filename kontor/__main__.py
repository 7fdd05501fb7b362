"""``python -m kontor``."""

from kontor.cli import main

main()
