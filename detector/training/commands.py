"""The commands of the loop: `pleaselock train` and `pleaselock models evaluate`, `compare` and `promote`."""

from __future__ import annotations

import json
from dataclasses import asdict
from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated

import typer

from detector.errors import UsageError
from detector.model_folder import find_folder
from detector.training.compare import Comparison, compare
from detector.training.fine_tune import Run, fine_tune
from detector.training.labelled import found_in, kept_split, open_finder, purpose_of, read_photos
from detector.training.precision import Widths, figures_of
from detector.training.promote import check_win, complete, model_in_use, switch, told_of

app = typer.Typer(add_completion=False, pretty_exceptions_enable=False, rich_markup_mode=None)
models = typer.Typer(
    help="Judge models on labelled photos and put a better one in use.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    rich_markup_mode=None,
)
Data = Annotated[
    Path, typer.Option("--data", metavar="DIR", help="Folder of a YOLO dataset: data.yaml, images/, labels/.")
]
Split = Annotated[str, typer.Option("--split", help="Which split of it; test where there is one, else val.")]


@app.command()
def train(  # noqa: PLR0913, PLR0917 -- each is a flag
    data: Annotated[
        list[Path],
        typer.Option(
            "--data", metavar="DIR", help="Folder of a YOLO dataset; several are joined, one named twice counts twice."
        ),
    ],
    start: Annotated[Path, typer.Option("--start", metavar="FILE", help="COCO checkpoint to start from (.pt).")],
    out: Annotated[Path, typer.Option("--out", metavar="DIR", help="Folder for the copied dataset and every epoch.")],
    epochs: Annotated[int, typer.Option("--epochs", min=1, help="Passes over the training photos.")] = 4,
    imgsz: Annotated[int, typer.Option("--imgsz", min=32, help="Longest side of a photo, in pixels.")] = 640,
    batch: Annotated[int, typer.Option("--batch", min=1, help="Photos per step.")] = 16,
    lr: Annotated[float, typer.Option("--lr", help="Highest learning rate (AdamW).")] = 2e-4,
    freeze: Annotated[int, typer.Option("--freeze", min=0, help="Layers, from the input on, that stay.")] = 10,
    fraction: Annotated[float, typer.Option("--fraction", min=0.001, max=1, help="Part of the photos to use.")] = 1.0,
    seed: Annotated[int, typer.Option("--seed", help="Seed of everything random.")] = 0,
    device: Annotated[str, typer.Option("--device", help="`cpu`, or the number of a GPU.")] = "cpu",
    bfloat16: Annotated[bool, typer.Option("--bfloat16", help="Half the time on a CPU that knows bfloat16.")] = False,
    hours: Annotated[float | None, typer.Option("--hours", help="As many epochs as fit, instead of --epochs.")] = None,
) -> None:
    """Fine-tune a checkpoint on a dataset of bikes or of locks, keeping every epoch; needs the [train] extra."""
    if not start.is_file():
        raise UsageError(f"There is no checkpoint {start} to start from.")
    purpose = purpose_of(data[0])
    fine_tune(Run(data, start, out, purpose, epochs, imgsz, batch, lr, freeze, fraction, seed, device, bfloat16, hours))
    typer.echo(f"Every epoch is in {out / 'run' / 'weights'}.")


@models.command()
def evaluate(
    names: Annotated[list[str], typer.Argument(metavar="MODEL...", help="Names, folders or files of models.")],
    data: Data,
    split: Split = "",
    limit: Annotated[int | None, typer.Option("--limit", help="Only the first photos, by their names.")] = None,
    starting: Annotated[str, typer.Option("--starting", help="Only photos whose names start so.")] = "",
    least_width: Annotated[float, typer.Option("--least-width", help="Only boxes at least so wide, in pixels.")] = 0.0,
    most_width: Annotated[float, typer.Option("--most-width", help="Only boxes less wide, in pixels.")] = float("inf"),
) -> None:
    """Print AP50 and AP50-95 of models on labelled photos by kind, as JSON."""
    purpose, chosen, widths = purpose_of(data), split or kept_split(data), Widths(least_width, most_width)
    finders = {Path(name).name: open_finder(name, purpose) for name in names}
    figures = {
        name: figures_of(found_in(finder, read_photos(data, chosen, limit, starting)), widths)
        for name, finder in finders.items()
    }
    typer.echo(json.dumps(figures, indent=2))


@models.command("compare")
def compare_two(
    a: Annotated[str, typer.Argument(metavar="A", help="A model: name, folder or file.")],
    b: Annotated[str, typer.Argument(metavar="B", help="The other one.")],
    data: Data,
    split: Split = "",
) -> None:
    """Print what B has more than A in AP50 on the same pictures, with 95 % intervals, as JSON."""
    comparison = _compared(a, b, data, split)
    typer.echo(json.dumps({**asdict(comparison), "b_wins": comparison.b_wins}, indent=2))


@models.command()
def promote(
    model: Annotated[str, typer.Argument(metavar="MODEL", help="Folder or name of the new model.")],
    data: Data,
    over: Annotated[
        str, typer.Option("--over", metavar="MODEL", help="What it has to beat; default what is in use.")
    ] = "",
    split: Split = "",
) -> None:
    """Put MODEL in use under its name without version, if it is complete and wins on the kept test set."""
    folder = find_folder(model)
    candidate = complete(folder, purpose_of(data))
    shelf = folder.resolve().parent
    old = over or str(model_in_use(shelf, candidate.name) or "")
    if not old:
        raise UsageError(f"No {candidate.name} is in use yet: say with --over which model it has to beat.")
    comparison = _compared(old, str(folder), data, split)
    check_win(candidate, Path(old).name, comparison)
    link = switch(shelf, candidate, told_of(comparison, Path(old).name, data), datetime.now(UTC))
    typer.echo(f"{link} is {candidate.model_id} now; cameras that run `{candidate.name}` take it when they start next.")


def _compared(a: str, b: str, data: Path, split: str) -> Comparison:
    purpose, chosen = purpose_of(data), split or kept_split(data)
    of_a, of_b = (found_in(open_finder(model, purpose), read_photos(data, chosen)) for model in (a, b))
    try:
        return compare(of_a, of_b)
    except ValueError as error:
        raise UsageError(f"{data}: {error}") from error
