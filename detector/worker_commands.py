"""The live edge's part of the command line."""

from __future__ import annotations

import queue
import signal
import threading
from pathlib import Path
from typing import Annotated

import typer

from detector.check_config import mistakes_in, notes_on, probe_all
from detector.config import ConfigError, SiteConfig, load_config
from detector.errors import UsageError
from detector.replay import replay_file
from detector.steering import Inbox
from detector.worker import run_worker

app = typer.Typer(add_completion=False, pretty_exceptions_enable=False, rich_markup_mode=None)


@app.command()
def watch(
    config: Annotated[Path, typer.Option(help="The site's YAML file: broker, cameras, racks.")],
    home: Annotated[Path, typer.Option(help="The folder where the outbox lives.", envvar="PLEASELOCK_HOME")] = Path(
        "var"
    ),
) -> None:
    """Watch the cameras of a site live; until stopped. SIGHUP: read FILE anew, without a break for unchanged cameras."""
    try:
        site = load_config(config, SiteConfig)
    except ConfigError as error:
        raise UsageError(str(error)) from error
    inbox: Inbox = queue.SimpleQueue()
    if hasattr(signal, "SIGHUP"):  # not on Windows
        signal.signal(signal.SIGHUP, lambda _number, _frame: inbox.put("reload"))
    run_worker(site, home, _stop_on_signals(), reread=lambda: load_config(config, SiteConfig), inbox=inbox)


@app.command("check-config")
def check_config(
    config: Annotated[Path, typer.Option(help="The site's YAML file, as for `pleaselock watch`.")],
    probe: Annotated[
        bool, typer.Option("--probe", help="Look through each camera for some seconds: bike widths, light, rate.")
    ] = False,
    out: Annotated[Path, typer.Option("--out", metavar="DIR", help="Where --probe saves its stills.")] = Path("probe"),
) -> None:
    """Say what is wrong with a configuration (exit status 2), and with --probe what its cameras can tell (1: not all)."""
    site, mistakes = mistakes_in(config)
    for mistake in mistakes:
        typer.echo(mistake, err=True)
    if site is None or mistakes:
        raise typer.Exit(2)
    racks = sum(len(camera.racks) for camera in site.cameras)
    typer.echo(f"{config}: in order; {len(site.cameras)} camera(s), {racks} rack(s)")
    for note in notes_on(site):
        typer.echo(f"note: {note}")
    if probe and probe_all(site, out, typer.echo):
        raise typer.Exit(1)


@app.command()
def replay(
    events: Annotated[Path, typer.Argument(help="The events.jsonl of an offline run; its pictures lie beside it.")],
    mqtt: Annotated[
        str,
        typer.Option(help="The broker, mqtt:// or mqtts://[user:password@]host:port.", envvar="PLEASELOCK_MQTT_URL"),
    ] = "mqtt://127.0.0.1:1883",
    wait: Annotated[float, typer.Option(min=1, help="Give up when not acknowledged for this long (s).")] = 60,
) -> None:
    """Send an offline run's messages and pictures to the bridge, as if its camera were live."""
    done = replay_file(events, mqtt, wait)
    typer.echo(f"stored: messages {done.messages}, pictures {done.pictures}")
    if done.missing_pictures:
        typer.echo(f"pictures not found in {events.parent / 'snapshots'}: {done.missing_pictures}", err=True)


def _stop_on_signals() -> threading.Event:
    stop = threading.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda _number, _frame: stop.set())
    return stop
