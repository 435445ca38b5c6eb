"""The server's own commands."""

from __future__ import annotations

import socket
from contextlib import suppress
from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated

import typer
import uvicorn

from dashboard.accounts.service import CannotAddAccount, add_account
from dashboard.accounts.tables import Role
from dashboard.app import create_app
from dashboard.database import migrate, open_database, sessions_of
from dashboard.settings import Settings
from dashboard.web.live import Live

app = typer.Typer(help="The server: pages for volunteers and staff.", no_args_is_help=True)
STOP_WITHIN_S = 3


class CannotServe(OSError):  # noqa: N818 - the sentence is the error
    pass


@app.command()
def serve(
    home: Annotated[Path | None, typer.Option(help="The one folder where state lives.")] = None,
    host: Annotated[str | None, typer.Option(help="Address to listen on; 0.0.0.0 for the whole network.")] = None,
    port: Annotated[int | None, typer.Option(help="Port to listen on; 0 for any free one.", min=0, max=65535)] = None,
) -> None:
    """Serve the pages until Ctrl-C."""
    settings = settings_with(home=home, host=host, port=port)
    try:
        listener = listen(settings)
        settings.home.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise _refuse(str(error)) from error
    address, bound = listener.getsockname()[:2]
    typer.echo(f"Serving on http://{address}:{bound}")
    with suppress(KeyboardInterrupt):
        server_of(settings).run(sockets=[listener])


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


def listen(settings: Settings) -> socket.socket:
    """A bound socket, before anything else is started: a port in use is said in one sentence."""
    listener = socket.socket()
    listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        listener.bind((settings.host, settings.port))
        listener.listen()
    except OSError as error:
        listener.close()
        raise CannotServe(
            f"Cannot listen on {settings.host}:{settings.port} ({error.strerror}); stop what uses it or give another --port."
        ) from error
    return listener


class Server(uvicorn.Server):
    """Ends the open event streams first: a server that waits for its connections would wait for ever."""

    def __init__(self, config: uvicorn.Config, live: Live) -> None:
        super().__init__(config)
        self._live = live

    async def shutdown(self, sockets: list[socket.socket] | None = None) -> None:
        self._live.close()
        await super().shutdown(sockets)


def server_of(settings: Settings) -> Server:
    app = create_app(settings)
    config = uvicorn.Config(app, log_level="warning", timeout_graceful_shutdown=STOP_WITHIN_S, server_header=False)
    return Server(config, app.state.live)


def _refuse(sentence: str) -> typer.Exit:
    typer.echo(sentence, err=True)
    return typer.Exit(2)
