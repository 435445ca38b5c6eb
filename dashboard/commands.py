"""The server's own commands."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated

import typer

from dashboard.accounts.service import CannotAddAccount, add_account
from dashboard.accounts.tables import Role
from dashboard.database import migrate, open_database, sessions_of
from dashboard.settings import Settings

app = typer.Typer(help="The server: pages for volunteers and staff.", no_args_is_help=True)
STOP_WITHIN_S = 3


@app.command("add-account")
def add(
    username: Annotated[str, typer.Argument(help="The name to log in with.")],
    role: Annotated[Role, typer.Option(help="What the account may do.")] = Role.VOLUNTEER,
    name: Annotated[str, typer.Option(help="The name others see; the login name if not given.")] = "",
    language: Annotated[str, typer.Option(help="zh-CN or en; what the browser asks for if not given.")] = "",
    password: Annotated[
        str, typer.Option(prompt=True, hide_input=True, confirmation_prompt=True, help="At least 8 characters.")
    ] = "",
    home: Annotated[Path | None, typer.Option(help="The one folder where state lives.")] = None,
) -> None:
    """Add somebody who may log in."""
    settings = settings_with(home=home)
    settings.home.mkdir(parents=True, exist_ok=True)
    engine = open_database(settings.database)
    migrate(engine)
    try:
        with sessions_of(engine).begin() as session:
            add_account(session, username, password, role, datetime.now(UTC), display_name=name, language=language)
    except CannotAddAccount as error:
        raise _refuse(str(error)) from error
    typer.echo(f"{username} may log in now, as {role}.")


def settings_with(**given: object) -> Settings:
    """The environment's settings, with what was given on the command line in front."""
    return Settings(**{name: value for name, value in given.items() if value is not None})  # type: ignore[arg-type]


def _refuse(sentence: str) -> typer.Exit:
    typer.echo(sentence, err=True)
    return typer.Exit(2)
