"""OpenVINO behind ONNX Runtime's door: the same ONNX files, half the time on processors that compute in bfloat16.

Nothing here is imported unless a camera asks for it (the `[openvino]` extra).
"""

from __future__ import annotations

import importlib.util
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from queue import LifoQueue
from typing import Any

import numpy as np
from numpy.typing import NDArray

from detector.model_folder import ModelRefusedError

HOW_TO_INSTALL = "This needs OpenVINO: install it with `pip install 'pleaselock[openvino]'`, or leave `runtime` out."


@dataclass(frozen=True, slots=True)
class _Port:
    """A way in or out; a side that may have any length is called `any`."""

    name: str
    shape: tuple[int | str, ...]


@dataclass(frozen=True, slots=True)
class _Metadata:
    custom_metadata_map: Mapping[str, str]


class OpenVinoSession:
    """What the detectors use of an `onnxruntime.InferenceSession`."""

    def __init__(self, weights: Path, threads: int | None, at_once: int = 1) -> None:
        """Open an ONNX file for `at_once` threads; more wait for one another.

        Raises:
            ModelRefusedError: OpenVINO is not installed or cannot read the file.
        """
        if importlib.util.find_spec("openvino") is None:
            raise ModelRefusedError(HOW_TO_INSTALL)
        import openvino  # noqa: PLC0415 -- heavy and optional

        core = openvino.Core()
        try:
            self._model = core.read_model(str(weights))
            compiled = core.compile_model(self._model, "CPU", _settings(core, threads, at_once))
        except RuntimeError as error:
            raise ModelRefusedError(f"{weights} is not a model that OpenVINO can open: {error}") from error
        self._free: LifoQueue[Any] = LifoQueue()
        for _ in range(at_once):
            self._free.put(compiled.create_infer_request())

    def run(self, _outputs: None, feeds: Mapping[str, NDArray[np.float32]]) -> Sequence[NDArray[np.float32]]:
        """All outputs for one picture."""
        request = self._free.get()
        try:
            results = request.infer(dict(feeds), share_inputs=True)
            return [np.asarray(values, dtype=np.float32) for values in results.values()]
        finally:
            self._free.put(request)

    def get_inputs(self) -> Sequence[_Port]:
        return [_port(one) for one in self._model.inputs]

    def get_outputs(self) -> Sequence[_Port]:
        return [_port(one) for one in self._model.outputs]

    def get_modelmeta(self) -> _Metadata:
        if not self._model.has_rt_info(["framework"]):
            return _Metadata({})
        written = self._model.get_rt_info(["framework"]).astype(dict)
        return _Metadata({str(key): str(value.astype(str)) for key, value in written.items()})


def _settings(core: Any, threads: int | None, at_once: int) -> dict[str, object]:  # noqa: ANN401 -- an openvino.Core
    can = core.get_property("CPU", "OPTIMIZATION_CAPABILITIES")
    precision = "bf16" if "BF16" in can else "f32"
    chosen = {"NUM_STREAMS": at_once, "INFERENCE_PRECISION_HINT": precision}
    return chosen | ({"INFERENCE_NUM_THREADS": threads * at_once} if threads else {})


def _port(one: Any) -> _Port:  # noqa: ANN401 -- an openvino.Output
    sides = tuple("any" if side.is_dynamic else side.get_length() for side in one.partial_shape)
    return _Port(one.any_name, sides)
