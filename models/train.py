"""Fine-tune a COCO checkpoint on the project's own classes: `python -m models.train --help`.

Needs the `[train]` extra. The new head is cut out of the COCO head, so step 0 is exactly the starting checkpoint and
training can only be judged by what it adds. Every epoch is kept; `models/release.py` turns the best one into a folder.
"""

from __future__ import annotations

import shutil
from collections.abc import Sequence
from pathlib import Path
from typing import Annotated, Any

import typer
import yaml

from detector.detection_ultralytics import UltralyticsMissingError, import_ultralytics

OUR_CLASSES = ("person", "bicycle", "motorcycle")
RECIPE = {
    "optimizer": "AdamW",
    "momentum": 0.9,
    "lrf": 0.05,
    "cos_lr": True,
    "warmup_epochs": 0.5,
    "warmup_bias_lr": 0.0,  # the default, 0.1, would throw the kept head away in the first steps
    "mosaic": 0.5,
    "close_mosaic": 1,
    "scale": 0.4,
    "save_period": 1,
    "plots": False,
}


def write_our_dataset(data: Path, out: Path) -> Path:
    """Copy a YOLO dataset with only our classes, renumbered; photos with none of them stay as background.

    Photos are copied, never linked: the trainer repairs broken JPEGs in place. Returns the new data.yaml.
    """
    names: dict[int, str] = yaml.safe_load((data / "data.yaml").read_text())["names"]
    renumbered = {index: OUR_CLASSES.index(name) for index, name in names.items() if name in OUR_CLASSES}
    for split in ("train", "val"):
        shutil.copytree(data / "images" / split, out / "images" / split, dirs_exist_ok=True)
        labels = out / "labels" / split
        labels.mkdir(parents=True, exist_ok=True)
        for source in sorted((data / "labels" / split).glob("*.txt")):
            (labels / source.name).write_text(renumber_labels(source.read_text(), renumbered))
    description = {
        "path": str(out),
        "train": "images/train",
        "val": "images/val",
        "names": dict(enumerate(OUR_CLASSES)),
    }
    (out / "data.yaml").write_text(yaml.safe_dump(description))
    return out / "data.yaml"


def renumber_labels(text: str, renumbered: dict[int, int]) -> str:
    """Keep the lines of a YOLO label file whose class is in `renumbered`, with its new number."""
    rows = (line.split(maxsplit=1) for line in text.splitlines() if line.strip())
    return "".join(f"{renumbered[int(number)]} {box}\n" for number, box in rows if int(number) in renumbered)


def keep_classes(model: Any, names: Sequence[str]) -> Any:  # noqa: ANN401 -- a torch module
    """Cut a detector's class head down to `names`, in that order, in place: every kept score stays what it was."""
    import torch  # noqa: PLC0415

    numbers = {name: number for number, name in model.names.items()}
    kept = [numbers[name] for name in names]
    head = model.model[-1]
    for branch in head.cv3:
        whole = branch[-1]
        cut = torch.nn.Conv2d(whole.in_channels, len(kept), kernel_size=1)
        cut.load_state_dict({"weight": whole.weight[kept], "bias": whole.bias[kept]})
        branch[-1] = cut
    head.nc, head.no = len(kept), len(kept) + 4 * head.reg_max
    model.nc, model.names = len(kept), dict(enumerate(names))
    model.yaml["nc"] = len(kept)
    return model


def trainer_class() -> Any:  # noqa: ANN401 -- a class made of an untyped one
    """Make the Ultralytics trainer that starts from the cut head instead of building a new one."""
    import_ultralytics()
    from ultralytics.models.yolo.detect import DetectionTrainer  # noqa: PLC0415

    class CutHeadTrainer(DetectionTrainer):  # type: ignore[misc]
        def get_model(self, cfg: object = None, weights: Any = None, verbose: bool = True) -> Any:  # noqa: ANN401, ARG002
            return keep_classes(weights, [self.data["names"][number] for number in range(self.data["nc"])])

    return CutHeadTrainer


def main(  # noqa: PLR0913, PLR0917 -- each is a flag
    data: Annotated[
        Path, typer.Option(exists=True, file_okay=False, help="folder of a YOLO dataset: data.yaml, images/, labels/")
    ],
    start: Annotated[Path, typer.Option(exists=True, dir_okay=False, help="COCO checkpoint to start from (.pt)")],
    out: Annotated[Path, typer.Option(help="folder for the copied dataset, epochs and results")],
    epochs: Annotated[int, typer.Option(help="passes over the training photos")] = 4,
    imgsz: Annotated[int, typer.Option(help="longest side of a training photo, in pixels")] = 640,
    batch: Annotated[int, typer.Option(help="photos per optimiser step")] = 16,
    lr: Annotated[float, typer.Option(help="highest learning rate (AdamW)")] = 2e-4,
    freeze: Annotated[int, typer.Option(help="how many layers, from the input on, keep their weights")] = 10,
    fraction: Annotated[float, typer.Option(min=0, max=1, help="part of the training photos to use")] = 1.0,
    seed: Annotated[int, typer.Option(help="seed of everything random")] = 0,
    device: Annotated[str, typer.Option(help="`cpu`, or the number of a GPU")] = "cpu",
) -> None:
    """Fine-tune, keeping every epoch in OUT/run/weights."""
    trainer = _trainer_or_exit()
    chosen = {"epochs": epochs, "imgsz": imgsz, "batch": batch, "nbs": batch, "lr0": lr, "freeze": freeze}
    places = {"model": str(start), "data": str(write_our_dataset(data, out.resolve() / "dataset"))}
    run = {"project": str(out.resolve()), "name": "run", "exist_ok": True, "device": device}
    trainer(overrides={**RECIPE, **chosen, **places, **run, "fraction": fraction, "seed": seed}).train()


def _trainer_or_exit() -> Any:  # noqa: ANN401 -- a class made of an untyped one
    try:
        return trainer_class()
    except UltralyticsMissingError as error:
        typer.echo(str(error), err=True)
        raise typer.Exit(2) from error


if __name__ == "__main__":
    typer.run(main)
