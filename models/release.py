"""Turn trained weights into a model folder: `python -m models.release --help`. Needs the `[train]` extra."""

from __future__ import annotations

import json
import tempfile
import tomllib
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Any

import typer

from detector.detection_ultralytics import UltralyticsMissingError, import_ultralytics
from detector.lock_model import LockFacts
from detector.model_folder import FACTS_FILE, ModelFacts, sha256_of
from detector.training.fine_tune import CLASSES, Purpose, keep_classes
from detector.training.labelled import WORDS
from models.storage import Storage, store_narrow

LICENCE = "AGPL-3.0-only"
KEPT_METADATA = frozenset({"names", "stride", "task", "end2end"})
FACTS_TEXT = """\
name = "{name}"
version = {version}
file = "{file}"
sha256 = "{sha256}"
licence = "{licence}"

# The model's own class name = what pleaselock calls it. Other classes of the model are ignored.
[classes]
{classes}

# Pictures are scaled to this long side and padded to whole strides; any shape is accepted.
[input]
long_side_px = {long_side_px}
stride_px = 32

{about_scores}
[thresholds]
score_low = {score_low}
score_high = {score_high}
iou = {iou}

[origin]
starting_checkpoint = "{start_name}"
starting_checkpoint_sha256 = "{start_sha256}"
training_command = {training_command}
"""

SCORES: dict[Purpose, dict[str, object]] = {
    Purpose.BIKES: {
        "about_scores": "# Boxes from score_low up continue tracks; boxes from score_high up start them.",
        "score_low": 0.05,
        "score_high": 0.3,
        "iou": 0.7,
    },
    Purpose.LOCKS: {
        "about_scores": "# Boxes from score_high up are told. Two locks seldom lie in one place.",
        "score_low": 0.05,
        "score_high": 0.25,
        "iou": 0.5,
    },
}


def blend(start: Path, tuned: Path, tuned_share: float) -> Any:  # noqa: ANN401 -- an ultralytics model
    """Average two checkpoints weight by weight (Wortsman et al., WiSE-FT, 2022): `tuned_share` 1 is `tuned` as it is.

    A few epochs on a few hundred photos pull a detector towards those photos; going part of the way keeps more of what
    the start knew about other places.
    """
    ours, before = cut_to(tuned, CLASSES[Purpose.BIKES]), cut_to(start, CLASSES[Purpose.BIKES])
    kept, learnt = before.model.state_dict(), ours.model.state_dict()
    mixed = {
        name: _between(kept[name], value, tuned_share) if value.is_floating_point() else value
        for name, value in learnt.items()
    }
    ours.model.load_state_dict(mixed)
    return ours


def _between(start: Any, end: Any, share: float) -> Any:  # noqa: ANN401 -- torch tensors
    return start * (1 - share) + end * share


def cut_to(weights: Path, classes: tuple[str, ...]) -> Any:  # noqa: ANN401 -- an ultralytics model
    yolo = import_ultralytics().YOLO(str(weights))
    yolo.model.float()
    if tuple(yolo.names.values()) != classes:
        keep_classes(yolo.model, classes)
    return yolo


def export_onnx(yolo: Any, out: Path, imgsz: int, storage: Storage = Storage.FLOAT16) -> None:  # noqa: ANN401 -- an ultralytics model
    """Write a detector as ONNX that accepts any height and width."""
    with tempfile.TemporaryDirectory() as folder:
        checkpoint = Path(folder) / f"{out.stem}.pt"
        yolo.save(str(checkpoint))
        exported = import_ultralytics().YOLO(str(checkpoint)).export(format="onnx", dynamic=True, imgsz=imgsz)
        write_lean(Path(exported), out, storage)


def write_lean(exported: Path, out: Path, storage: Storage) -> None:
    """Write an export with narrow weights and without the day and the machine: equal weights give an equal file."""
    import onnx  # noqa: PLC0415 -- heavy and optional

    model: Any = onnx.load(str(exported))
    kept = {one.key: one.value for one in model.metadata_props if one.key in KEPT_METADATA}
    del model.metadata_props[:]
    onnx.helper.set_model_props(model, {**kept, "description": out.stem, "license": LICENCE})
    store_narrow(model, storage)
    onnx.checker.check_model(model)
    onnx.save(model, str(out))


@dataclass(frozen=True, slots=True)
class Origin:
    """Where weights come from: the checkpoint and the command, word for word; and the input's long side, in pixels."""

    start: Path
    training_command: str
    imgsz: int


def facts_text(name: str, version: int, onnx_file: Path, origin: Origin, purpose: Purpose = Purpose.BIKES) -> str:
    """Say in TOML what the weights are; checked against the same class that reads it back."""
    text = FACTS_TEXT.format(
        name=name,
        version=version,
        file=onnx_file.name,
        sha256=sha256_of(onnx_file),
        licence=LICENCE,
        classes="\n".join(f'{kind} = "{WORDS[purpose][kind]}"' for kind in CLASSES[purpose]),
        long_side_px=origin.imgsz,
        start_name=origin.start.name,
        start_sha256=sha256_of(origin.start),
        training_command=json.dumps(origin.training_command),  # JSON's escapes are TOML's
        **SCORES[purpose],
    )
    facts = ModelFacts if purpose is Purpose.BIKES else LockFacts
    facts.model_validate(tomllib.loads(text))
    return text


def main(
    weights: Annotated[Path, typer.Option(exists=True, dir_okay=False, help="trained checkpoint (.pt)")],
    start: Annotated[
        Path, typer.Option(exists=True, dir_okay=False, help="checkpoint that training started from (.pt)")
    ],
    out: Annotated[Path, typer.Option(help="model folder to write, called <name>-v<version>")],
    training_command: Annotated[str, typer.Option(help="the command that made the weights, word for word")],
    tuned_share: Annotated[float, typer.Option(min=0, max=1, help="how far to go from START to WEIGHTS")] = 0.5,
    storage: Annotated[Storage, typer.Option(help="how big weights lie in the file")] = Storage.FLOAT16,
    imgsz: Annotated[int, typer.Option(help="long side of the input, in pixels")] = 640,
    purpose: Annotated[Purpose, typer.Option(help="what the model finds; one of locks is not blended")] = Purpose.BIKES,
) -> None:
    """Blend WEIGHTS with START, export to ONNX and write OUT with model.toml beside it; card.md and metrics.json are written by people."""
    name, _, version = out.name.rpartition("-v")
    if not (name and version.isdecimal()):
        raise typer.BadParameter(f"{out.name!r} is not <name>-v<version>", param_hint="--out")
    out.mkdir(parents=True, exist_ok=True)
    onnx_file = out / f"{out.name}.onnx"
    try:
        locks = purpose is Purpose.LOCKS
        yolo = cut_to(weights, CLASSES[purpose]) if locks else blend(start, weights, tuned_share)
        export_onnx(yolo, onnx_file, imgsz, storage)
    except UltralyticsMissingError as error:
        typer.echo(str(error), err=True)
        raise typer.Exit(2) from error
    origin = Origin(start, training_command, imgsz)
    (out / FACTS_FILE).write_text(facts_text(name, int(version), onnx_file, origin, purpose))
    typer.echo(f"Wrote {out}.")


if __name__ == "__main__":
    typer.run(main)
