"""Keep the file small without changing how the model runs: big convolution weights are stored narrow and widened when
the file is opened (ONNX Runtime folds the widening away), so every picture is still computed in 32-bit floats.
"""

from __future__ import annotations

from enum import StrEnum
from typing import Any

import numpy as np
from numpy.typing import NDArray

SMALLEST_WORTH_IT = 4096  # values; below that nothing is saved


class Storage(StrEnum):
    """How big weights lie in the file: `float16` loses next to nothing, `int8` a little for a quarter of the size."""

    FLOAT16 = "float16"
    INT8 = "int8"


def store_narrow(model: Any, storage: Storage) -> None:  # noqa: ANN401 -- an onnx.ModelProto
    """Rewrite the big convolution weights of an ONNX model in place."""
    from onnx import numpy_helper  # noqa: PLC0415 -- optional

    graph = model.graph
    weights = {node.input[1] for node in graph.node if node.op_type == "Conv"}
    kept, narrow, widening = [], [], []
    for tensor in graph.initializer:
        values = numpy_helper.to_array(tensor)
        if tensor.name in weights and values.size >= SMALLEST_WORTH_IT:
            constants, nodes = _narrow(tensor.name, values, storage)
            narrow += constants
            widening += nodes
        else:
            kept.append(tensor)
    _replace(graph.initializer, kept + narrow)
    _replace(graph.node, widening + list(graph.node))


def quantise(values: NDArray[np.float32]) -> tuple[NDArray[np.int8], NDArray[np.float32]]:
    """Nearest 8-bit steps per output channel: `values` of shape (out, ...) is about `steps * scale`.

    The scale has shape (out, 1, ...), so that it multiplies each channel.
    """
    largest = np.abs(values).max(axis=tuple(range(1, values.ndim)), keepdims=True)
    scale = np.maximum(largest / 127, np.finfo(np.float32).tiny).astype(np.float32)
    return np.rint(values / scale).astype(np.int8), scale


def _narrow(name: str, values: NDArray[np.float32], storage: Storage) -> tuple[list[Any], list[Any]]:
    """The constants that replace a weight, and the nodes that make it again under its old name."""
    from onnx import TensorProto, helper, numpy_helper  # noqa: PLC0415 -- optional

    if storage is Storage.FLOAT16:
        stored = numpy_helper.from_array(values.astype(np.float16), f"{name}_stored")
        return [stored], [helper.make_node("Cast", [stored.name], [name], to=TensorProto.FLOAT)]
    steps, scale = quantise(values)
    constants = [numpy_helper.from_array(steps, f"{name}_stored"), numpy_helper.from_array(scale, f"{name}_scale")]
    widened = helper.make_node("Cast", [f"{name}_stored"], [f"{name}_steps"], to=TensorProto.FLOAT)
    return constants, [widened, helper.make_node("Mul", [f"{name}_steps", f"{name}_scale"], [name])]


def _replace(repeated: Any, values: list[Any]) -> None:  # noqa: ANN401 -- a protobuf list
    del repeated[:]
    repeated.extend(values)
