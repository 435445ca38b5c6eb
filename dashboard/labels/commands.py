"""The analyst's commands on the server: `pleaselock labels export`, `correct` and `take-back`."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated

import typer

from dashboard.commands import settings_with
from dashboard.database import Sessions, migrate, open_database, sessions_of
from dashboard.labels.formats import CannotWriteLabelsError, Format, write
from dashboard.labels.service import NoSuchAlertError, correct, gather, take_back
from dashboard.labels.tables import Saying
from dashboard.settings import Settings

labels = typer.Typer(
    help="What people found at the bikes, as a dataset for the next model.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    rich_markup_mode=None,
)
Home = Annotated[Path | None, typer.Option("--home", help="The one folder where state lives.")]


@labels.command()
def export(
    out: Annotated[Path, typer.Option("--out", metavar="DIR", help="New folder for the dataset.")],
    form: Annotated[Format, typer.Option("--format", help="How the labels are written.")] = Format.YOLO,
    since: Annotated[
        datetime | None, typer.Option("--since", formats=["%Y-%m-%d"], help="Only alerts from this day (UTC) on.")
    ] = None,
    home: Home = None,
) -> None:
    """Write every answer of a volunteer or an analyst whose picture is still kept, as a dataset."""
    settings = settings_with(home=home)
    with _sessions(settings).begin() as session:
        gathered = gather(session, settings.media, since and since.replace(tzinfo=UTC))
    try:
        write(gathered.labels, out, form)
    except CannotWriteLabelsError as error:
        raise _refuse(str(error)) from error
    typer.echo(f"{len(gathered.labels)} labels in {out}.")
    for why, count in sorted(gathered.left_out.items()):
        typer.echo(f"{count} left out: {why}.")


@labels.command("correct")
def correct_one(
    alert: Annotated[str, typer.Argument(metavar="ALERT", help="Id of the alert, the last part of its address.")],
    says: Annotated[Saying, typer.Argument(help="What the picture shows.")],
    home: Home = None,
) -> None:
    """Say what an alert's picture really shows; this counts in place of the volunteer's answer."""
    with _sessions(settings_with(home=home)).begin() as session:
        try:
            correct(session, alert, says, datetime.now(UTC))
        except NoSuchAlertError as error:
            raise _refuse(str(error)) from error
    typer.echo(f"{alert}: {says.value}.")


@labels.command("take-back")
def take_back_one(
    alert: Annotated[str, typer.Argument(metavar="ALERT", help="Id of the alert, the last part of its address.")],
    home: Home = None,
) -> None:
    """Forget what an analyst said of an alert's picture; the volunteer's answer counts again."""
    with _sessions(settings_with(home=home)).begin() as session:
        try:
            take_back(session, alert)
        except NoSuchAlertError as error:
            raise _refuse(str(error)) from error
    typer.echo(f"{alert}: taken back.")


def _sessions(settings: Settings) -> Sessions:
    if not settings.database_url and not (settings.home / "pleaselock.db").is_file():
        raise _refuse(f"There is no database in {settings.home}: name the server's folder with --home.")
    engine = open_database(settings.database)
    migrate(engine)
    return sessions_of(engine)


def _refuse(sentence: str) -> typer.Exit:
    typer.echo(sentence, err=True)
    return typer.Exit(2)
