"""Fine-tune a COCO checkpoint on the project's own classes: `pleaselock train`.

Needs the `[train]` extra. For bikes the new head is cut out of the COCO head, so step 0 is exactly the starting checkpoint
and training can only be judged by what it adds; COCO knows no locks, so theirs starts new. Every epoch is kept.
"""

from __future__ import annotations

import shutil
from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path
from typing import Any

import yaml

from detector.cores import usable_cores
from detector.detection_ultralytics import import_ultralytics
from detector.errors import UsageError


class Purpose(StrEnum):
    """What a model is to find."""

    BIKES = "bikes"
    LOCKS = "locks"


CLASSES: dict[Purpose, tuple[str, ...]] = {
    Purpose.BIKES: ("person", "bicycle", "motorcycle"),
    Purpose.LOCKS: ("u_lock", "chain_lock", "cable_lock", "ring_lock", "folding_lock"),
}
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

LOCK_RECIPE = {"mosaic": 0.0, "scale": 0.25, "erasing": 0.0, "cls": 1.5, "box": 5.0}
"""What is otherwise for locks: a piece of one is none, and telling one from a brake cable is harder than drawing its box."""


class DatasetRefusedError(UsageError, ValueError):
    """A folder that is no dataset to train on; the message is one sentence."""


@dataclass(frozen=True, slots=True)
class Run:
    """One training run. `imgsz`: longest side in pixels; `freeze`: layers, from the input on, that keep their weights.

    `data`: folders of YOLO datasets to train on together; one that is given twice counts twice.
    `hours`: instead of a number of epochs; the learning rate is laid out anew after each epoch, so that it ends low in time.
    """

    data: Sequence[Path]
    start: Path
    out: Path
    purpose: Purpose = Purpose.BIKES
    epochs: int = 4
    imgsz: int = 640
    batch: int = 16
    lr: float = 2e-4
    freeze: int = 10
    fraction: float = 1.0
    seed: int = 0
    device: str = "cpu"
    bfloat16: bool = False
    hours: float | None = None


def fine_tune(run: Run) -> None:
    """Train, keeping every epoch in OUT/run/weights.

    Raises:
        UltralyticsMissingError: the `[train]` extra is not installed.
        DatasetRefusedError: a folder is not a YOLO dataset, or has none of the classes.
    """
    trainer = trainer_class(bfloat16=run.bfloat16)
    out = run.out.resolve()
    data = write_our_dataset(run.data, out / "dataset", CLASSES[run.purpose])
    trainer(overrides={**RECIPE, **_overrides(run, out), "model": str(run.start), "data": str(data)}).train()


def _overrides(run: Run, out: Path) -> dict[str, object]:
    chosen: dict[str, object] = {
        "epochs": run.epochs,
        "imgsz": run.imgsz,
        "batch": run.batch,
        "nbs": run.batch,
        "lr0": run.lr,
    }
    chosen |= {"freeze": run.freeze, "fraction": run.fraction, "seed": run.seed, "time": run.hours}
    if run.purpose is Purpose.LOCKS:
        chosen |= LOCK_RECIPE
    return {**chosen, "project": str(out), "name": "run", "exist_ok": True, "device": run.device}


def write_our_dataset(data: Sequence[Path], out: Path, classes: Sequence[str]) -> Path:
    """Join YOLO datasets into a new one with only `classes`, renumbered; photos with none of them stay as background.

    A dataset that is given twice is there twice to train on, and once to validate on. Photos are copied, never linked:
    the trainer repairs broken JPEGs in place. Returns the new data.yaml.

    Raises:
        DatasetRefusedError: as `fine_tune`.
    """
    for place, one in enumerate(data):
        renumbered = _renumbering(one, classes)
        prefix = f"{place}-" if len(data) > 1 else ""
        for split in ("train", "val") if one not in data[:place] else ("train",):
            _copy_split(one, out, split, renumbered, prefix)
    description = {
        "path": str(out),
        "train": "images/train",
        "val": "images/val",
        "names": dict(enumerate(classes)),
    }
    (out / "data.yaml").write_text(yaml.safe_dump(description))
    return out / "data.yaml"


def _renumbering(data: Path, classes: Sequence[str]) -> dict[int, int]:
    names = read_class_names(data)
    renumbered = {index: classes.index(name) for index, name in names.items() if name in classes}
    if not renumbered:
        raise DatasetRefusedError(f"{data / 'data.yaml'} has none of the classes {', '.join(classes)}.")
    return renumbered


def read_class_names(data: Path) -> dict[int, str]:
    """Class names of a YOLO dataset by their numbers.

    Raises:
        DatasetRefusedError: there is no readable data.yaml with `names`.
    """
    try:
        names = yaml.safe_load((data / "data.yaml").read_text(encoding="utf-8"))["names"]
        return dict(names) if isinstance(names, dict) else dict(enumerate(names))
    except (OSError, UnicodeDecodeError, yaml.YAMLError, KeyError, TypeError) as error:
        raise DatasetRefusedError(
            f"{data} is not a YOLO dataset: it needs a data.yaml with `names` ({type(error).__name__}: {error})."
        ) from error


def _copy_split(data: Path, out: Path, split: str, renumbered: dict[int, int], prefix: str) -> None:
    if not (data / "images" / split).is_dir():
        raise DatasetRefusedError(f"{data} has no images/{split}: a dataset to train on needs train and val.")
    images, labels = out / "images" / split, out / "labels" / split
    for folder in (images, labels):
        folder.mkdir(parents=True, exist_ok=True)
    for source in sorted(one for one in (data / "images" / split).iterdir() if one.is_file()):
        shutil.copy2(source, images / f"{prefix}{source.name}")
    for source in sorted((data / "labels" / split).glob("*.txt")):
        (labels / f"{prefix}{source.name}").write_text(renumber_labels(source.read_text(), renumbered))


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


def trainer_class(*, bfloat16: bool = False) -> Any:  # noqa: ANN401 -- a class made of an untyped one
    """Make the Ultralytics trainer that starts from the cut head where the checkpoint knows all the classes.

    Raises:
        UltralyticsMissingError: the `[train]` extra is not installed.
    """
    import_ultralytics()
    import torch  # noqa: PLC0415
    from ultralytics.models.yolo.detect import DetectionTrainer  # noqa: PLC0415

    class CutHeadTrainer(DetectionTrainer):  # type: ignore[misc]
        def get_model(self, cfg: object = None, weights: Any = None, verbose: bool = True) -> Any:  # noqa: ANN401
            names = [self.data["names"][number] for number in range(self.data["nc"])]
            if set(names) <= set(weights.names.values()):
                return keep_classes(weights, names)
            return super().get_model(cfg, weights, verbose)

        def _model_train(self) -> None:
            super()._model_train()
            for module in self.model.modules():
                if isinstance(module, torch.nn.BatchNorm2d):
                    module.eval()  # statistics of a few hundred photos undo what the start knew

        def _setup_train(self) -> None:
            super()._setup_train()
            if self.device.type == "cpu":
                torch.set_num_threads(usable_cores())  # Ultralytics leaves one core out, which is half of two
            if bfloat16:
                _run_in_bfloat16(self.model)

    return CutHeadTrainer


def _run_in_bfloat16(model: Any) -> None:  # noqa: ANN401 -- a torch module
    """Run the layers in bfloat16 where autocast thinks it safe; the losses stay in float32.

    Called when the averaged copy has been made, so that nothing of it is saved with the weights. Ultralytics' own switch
    refuses a CPU, where this halves the time.
    """
    import torch  # noqa: PLC0415

    plain = model._predict_once  # noqa: SLF001 -- the one place between the batch and the loss

    def narrow(*args: Any, **kwargs: Any) -> Any:  # noqa: ANN401
        with torch.autocast("cpu", dtype=torch.bfloat16):
            found = plain(*args, **kwargs)
        return torch.utils._pytree.tree_map(_as_float32, found)  # noqa: SLF001 -- torch's own walk through nested outputs

    model.to(memory_format=torch.channels_last)  # a third less time again
    model._predict_once = narrow  # noqa: SLF001


def _as_float32(value: Any) -> Any:  # noqa: ANN401
    return value.float() if getattr(value, "dtype", None) is not None and value.dtype.is_floating_point else value
