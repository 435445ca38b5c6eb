"""The front door: one command line, composed of the packages' own commands.

Everything a person did wrong is said in one sentence on stderr, and the exit status is 2.
"""

from __future__ import annotations

import asyncio
import json
import sys
from contextlib import AsyncExitStack
from pathlib import Path
from typing import Annotated

import typer
from pydantic import ValidationError

import broker_bridge.commands
import dashboard.commands
import dashboard.labels.commands
import detector.commands
import detector.training.commands
import detector.worker_commands
import pleaselock_demo
from broker_bridge.doctor import examine_broker
from broker_bridge.embedded import BrokerError, embedded_broker, listen_address
from dashboard.commands import settings_with
from dashboard.doctor import examine_server
from dashboard.server import CannotServeError, listen, server_of
from dashboard.settings import Settings
from detector.doctor import examine_edge
from detector.errors import UsageError
from pleaselock_demo import CannotStartError
from pleaselock_log import log_plainly

app = typer.Typer(
    help="Watches bicycle parking and asks volunteers on duty to say: please lock your bike.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    rich_markup_mode=None,
)
for package in (
    detector.commands,
    detector.worker_commands,
    detector.training.commands,
    broker_bridge.commands,
    dashboard.commands,
):
    app.registered_commands += package.app.registered_commands
app.add_typer(detector.training.commands.models, name="models")
app.add_typer(dashboard.labels.commands.labels, name="labels")

SAID_PLAINLY = (BrokerError, CannotServeError, CannotStartError, UsageError)


@app.command()
def serve(
    broker: Annotated[bool, typer.Option("--broker", help="Run the embedded MQTT broker in the same process.")] = False,
    home: Annotated[Path | None, typer.Option(help="The one folder where state lives.")] = None,
    host: Annotated[str | None, typer.Option(help="Address to listen on; 0.0.0.0 for the whole network.")] = None,
    port: Annotated[int | None, typer.Option(help="Port to listen on; 0 for any free one.", min=0, max=65535)] = None,
) -> None:
    """Serve the pages and tell people on duty, until stopped; on one machine, run the broker too."""
    settings = settings_with(home=home, host=host, port=port)
    asyncio.run(_serve(settings, broker=broker))


async def _serve(settings: Settings, *, broker: bool) -> None:
    async with AsyncExitStack() as beside:
        listener = beside.enter_context(listen(settings))
        if broker:
            await beside.enter_async_context(embedded_broker(*listen_address(settings.mqtt_url)))
        typer.echo(f"serving on http://{settings.host}:{listener.getsockname()[1]}")
        await server_of(settings).serve(sockets=[listener])


@app.command()
def demo() -> None:
    """Run the whole system on this machine, on a clip replayed as a live camera."""
    beside = Path(__file__).parent / "sample_videos"
    installed = Path(sys.prefix) / "share" / "pleaselock" / "sample_videos"
    pleaselock_demo.run(Settings(), beside if beside.is_dir() else installed)


@app.command()
def doctor(
    config: Annotated[Path | None, typer.Option(help="The site's YAML file: this is an edge box.")] = None,
    server: Annotated[bool, typer.Option("--server", help="This is a server, though nothing says so yet.")] = False,
    home: Annotated[Path | None, typer.Option(help="The folder where state lives.")] = None,
    as_json: Annotated[bool, typer.Option("--json", help="For machines: a list of what, state, said, todo.")] = False,
) -> None:
    """Say on one screen what is wrong here and what to do, and what was not checked. Exit status 1: something is wrong."""
    settings, chart = settings_with(home=home), Chart()
    site = examine_edge(config, settings.home, chart.add) if config else None
    if config is None:
        chart.add("edge", None, "no configuration was named", "on an edge box give --config FILE")
    is_server = server or bool(settings.database_url) or (settings.home / "pleaselock.db").is_file()
    if is_server:
        examine_server(settings, chart.add)
    else:
        chart.add("server", None, f"no database in {settings.home}", "on a server give --server, or its --home")
    if site is not None:
        examine_broker(site.mqtt, site.site, site.worker, chart.add)
    elif is_server:
        examine_broker(settings.mqtt_url, None, None, chart.add)
    else:
        chart.add("broker, bridge, clock", None, "nothing names a broker", "")
    typer.echo(chart.as_json() if as_json else chart.as_text())
    raise typer.Exit(1 if chart.is_wrong else 0)


class Chart:
    """What the doctor found, in the order it was looked at."""

    def __init__(self) -> None:
        self._rows: list[tuple[str, bool | None, str, str]] = []

    def add(self, what: str, fine: bool | None, said: str, todo: str) -> None:
        """`fine` None: it was not checked."""
        self._rows.append((what, fine, said, todo))

    @property
    def is_wrong(self) -> bool:
        return any(fine is False for _, fine, _, _ in self._rows)

    def as_json(self) -> str:
        rows = [
            dict(zip(("what", "state", "said", "todo"), (w, _state(f), s, t), strict=True)) for w, f, s, t in self._rows
        ]
        return json.dumps(rows, ensure_ascii=False, indent=2)

    def as_text(self) -> str:
        """What is wrong comes last, next to the prompt."""
        rows = sorted(self._rows, key=lambda row: (True, None, False).index(row[1]))
        width = max(len(what) for what, *_ in rows)
        lines = [
            f"{_state(fine):<11} {what:<{width}}  {said}{f'; {todo}' if todo else ''}"
            for what, fine, said, todo in rows
        ]
        wrong = sum(fine is False for _, fine, _, _ in rows)
        return "\n".join(
            [*lines, "", f"{wrong} thing(s) to mend." if wrong else "Nothing is wrong in what was checked."]
        )


def _state(fine: bool | None) -> str:
    return "not checked" if fine is None else "fine" if fine else "wrong"


def main() -> None:
    log_plainly()
    try:
        app()
    except SAID_PLAINLY as error:
        typer.echo(f"pleaselock: {error}", err=True)
        sys.exit(2)
    except ValidationError as error:
        first = error.errors()[0]
        name = "PLEASELOCK_" + "_".join(str(part) for part in first["loc"]).upper()
        typer.echo(f"pleaselock: {name}: {first['msg'].lower()}, not {first['input']!r}; mend the variable", err=True)
        sys.exit(2)


if __name__ == "__main__":
    main()
