"""What commands of the command line have in common."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Any

import typer

Data = Annotated[Path | None, typer.Option("--data", help="Data folder. [$KONTOR_DATA, else ./kontor-data]")]
Json = Annotated[bool, typer.Option("--json", help="For programs.")]
Url = Annotated[str | None, typer.Option("--url", help="A Postgres log. [$KONTOR_POSTGRES_URL in the full profile]")]


def settings_of(**given: Any) -> Any:
    """From the command line and the surroundings; ends with exit code 2 when they make no sense."""
    from kontor import console
    from kontor.settings import BadSettings, load

    try:
        settings = load(**given)
    except BadSettings as error:
        console.fail(str(error), 2)
    console.configure_logs(settings.log_level)
    return settings
