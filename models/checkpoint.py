"""Make a checkpoint of a model folder again, to train on from where it is: `python -m models.checkpoint --help`.

Needs the `[train]` extra. An export has the batch statistics folded into its convolutions, and so has this checkpoint:
they stay as they are in training, which suits few photos in small batches.
"""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Any

import typer

from detector.model_folder import load_model_folder
from detector.training.fine_tune import CLASSES, Purpose
from models.release import cut_to

STORED = "_stored"


def write_checkpoint(model: str, architecture: Path, out: Path) -> None:
    """Write the weights of a folder that `models.release` made; `architecture` is a checkpoint of the same network.

    Raises:
        ModelRefusedError: there is no such model.
        ValueError: the network is another one.
    """
    yolo = cut_to(architecture, CLASSES[Purpose.BIKES])
    yolo.model.fuse(verbose=False)
    stored = _tensors(load_model_folder(model).weights)
    state = yolo.model.state_dict()
    for name, value in state.items():
        found = stored.get(name, stored.get(name + STORED))
        if found is None or found.shape != value.shape:
            raise ValueError(f"{architecture} is not the network of {model}: {name} is not the same there")
        state[name] = found
    yolo.model.load_state_dict(state)
    yolo.save(str(out))


def _tensors(weights: Path) -> dict[str, Any]:
    import onnx  # noqa: PLC0415 -- heavy and optional
    import torch  # noqa: PLC0415

    graph: Any = onnx.load(str(weights)).graph
    arrays = {one.name: onnx.numpy_helper.to_array(one) for one in graph.initializer}
    return {name: torch.from_numpy(array.copy()).float() for name, array in arrays.items() if array.dtype.kind == "f"}


def main(
    model: Annotated[str, typer.Argument(help="name or folder of a bike model whose weights are stored as float16")],
    architecture: Annotated[
        Path, typer.Option(exists=True, dir_okay=False, help="checkpoint of the same network (.pt)")
    ],
    out: Annotated[Path, typer.Option(help="checkpoint to write (.pt)")],
) -> None:
    """Write OUT, from which `pleaselock train --start` goes on."""
    write_checkpoint(model, architecture, out)


if __name__ == "__main__":
    typer.run(main)
