"""The border's part of the command line."""

from __future__ import annotations

import signal
import threading
from pathlib import Path
from typing import Annotated

import structlog
import typer
from sqlalchemy import Engine
from sqlalchemy.exc import ArgumentError, NoSuchModuleError

from broker_bridge.bridge import Bridge
from broker_bridge.embedded import BrokerError
from broker_bridge.transactions import OUTAGE, short
from dashboard.database import migrate, open_database, sessions_of
from dashboard.settings import Settings

FIRST_WAIT_S, LONGEST_WAIT_S = 0.2, 5.0
app = typer.Typer()
log = structlog.get_logger()


@app.command()
def bridge(
    mqtt: Annotated[str, typer.Option(help="The broker, mqtt:// or mqtts://[user:password@]host:port.")] = "",
    db: Annotated[str, typer.Option(help="SQLAlchemy URL of the database.")] = "",
    home: Annotated[Path | None, typer.Option(help="The folder where state lives.")] = None,
) -> None:
    """Store what the edge says; until stopped. Options left out come from the settings."""
    settings = Settings() if home is None else Settings(home=home)
    engine = _open(db or settings.database, settings.home)
    carrier = Bridge(mqtt or settings.mqtt_url, sessions_of(engine), settings.media)
    stop = _stop_on_signals()
    try:
        if _migrate_patiently(engine, stop):
            carrier.run(stop)
    finally:
        engine.dispose()


def _stop_on_signals() -> threading.Event:
    stop = threading.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda _number, _frame: stop.set())
    return stop


def _open(url: str, home: Path) -> Engine:
    try:
        home.mkdir(parents=True, exist_ok=True)
        return open_database(url)
    except OSError as error:
        raise BrokerError(f"cannot write to {home} ({error.strerror}); make it writable or give --home") from error
    except (ArgumentError, NoSuchModuleError) as error:
        raise BrokerError("--db is not a database URL; write it as sqlite:///file or postgresql://...") from error


def _migrate_patiently(engine: Engine, stop: threading.Event) -> bool:
    """Bring the schema up to date as soon as the database is there; False where `stop` came first."""
    wait_s = FIRST_WAIT_S
    while not stop.is_set():
        try:
            migrate(engine)
        except OUTAGE as error:
            log.warning("the database cannot be opened; trying again", reason=short(error))
            stop.wait(wait_s)
            wait_s = min(2 * wait_s, LONGEST_WAIT_S)
        else:
            return True
    return False
