"""The commands about accounts."""

from __future__ import annotations

from typing import Annotated

import typer

from kontor.clioptions import Data, settings_of

Email = Annotated[str, typer.Option(help="Address to sign in with.")]
Password = Annotated[
    str | None,
    typer.Option(help="8 to 200 characters; others may see it here. [asked for, or a line of standard input]"),
]


def create_user(
    email: Email,
    password: Password = None,
    scope: Annotated[str, typer.Option(help="customer, merchant or admin.")] = "customer",
    data: Data = None,
) -> None:
    """Create an account; this is how the first administrator comes to be."""
    from kontor import console
    from kontor.operating.users import run_create

    if scope not in ("customer", "merchant", "admin"):
        console.fail(f"no such scope: {scope!r}; one of customer, merchant, admin", 2)
    run_create(email, password, scope, settings_of(data=data))


def set_password(email: Email, password: Password = None, data: Data = None) -> None:
    """Set a new password for an account whose own is forgotten, and end all its sessions; beside a service or not."""
    from kontor.operating.users import run_password

    run_password(email, password, settings_of(data=data))
