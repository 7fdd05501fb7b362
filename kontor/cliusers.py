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


Scope = Annotated[str, typer.Option(help="merchant or admin.")]


def grant_scope(email: Email, scope: Scope, data: Data = None) -> None:
    """Let an account do more, also what was taken from it before; beside a service or not."""
    from kontor.operating.users import run_grant

    run_grant(email, _known(scope), settings_of(data=data))


def revoke_scope(
    email: Email,
    scope: Scope,
    force: Annotated[bool, typer.Option("--force", help="Also from the last administrator.")] = False,
    data: Data = None,
) -> None:
    """Take a scope away and end the account's sessions; beside a service, which heeds it within a second."""
    from kontor.operating.users import run_revoke

    run_revoke(email, _known(scope), force, settings_of(data=data))


def drop_second_factor(email: Email, data: Data = None) -> None:
    """Take the second factor from an account whose owner has lost it; beside a service or not."""
    from kontor.operating.users import run_drop_factor

    run_drop_factor(email, settings_of(data=data))


def _known(scope: str) -> str:
    from kontor import console

    if scope not in ("merchant", "admin"):
        console.fail(f"no such scope: {scope!r}; one of merchant, admin", 2)
    return scope


def set_password(email: Email, password: Password = None, data: Data = None) -> None:
    """Set a new password for an account whose own is forgotten, and end all its sessions; beside a service or not."""
    from kontor.operating.users import run_password

    run_password(email, password, settings_of(data=data))
