from __future__ import annotations

from pathlib import Path

import numpy as np
import onnxruntime as ort
import pytest
from hypothesis import given
from hypothesis import strategies as st

from models.storage import Storage, quantise, store_narrow


@given(seed=st.integers(0, 2**32 - 1), channels=st.integers(1, 6), size=st.floats(1e-6, 1e6))
def test_a_quantised_weight_is_off_by_half_a_step_at_most(seed: int, channels: int, size: float) -> None:
    values = (np.random.default_rng(seed).normal(size=(channels, 3, 2, 2)) * size).astype(np.float32)
    steps, scale = quantise(values)
    assert steps.dtype == np.int8
    assert scale.shape == (channels, 1, 1, 1)
    assert np.all(np.abs(steps * scale - values) <= scale * 0.501)


def test_a_channel_of_zeros_stays_zero() -> None:
    steps, scale = quantise(np.zeros((2, 4, 1, 1), dtype=np.float32))
    assert not np.any(steps * scale)


@pytest.mark.train
@pytest.mark.parametrize(
    ("storage", "part_of_the_size", "tolerance"),
    [(Storage.FLOAT16, 0.52, 1e-3), (Storage.INT8, 0.28, 0.02)],
)
def test_a_narrow_file_computes_nearly_the_same(
    tmp_path: Path, storage: Storage, part_of_the_size: float, tolerance: float
) -> None:
    import onnx  # noqa: PLC0415 -- optional
    from onnx import TensorProto, helper, numpy_helper  # noqa: PLC0415 -- optional

    weights = np.random.default_rng(3).normal(size=(64, 32, 3, 3)).astype(np.float32)
    graph = helper.make_graph(
        [helper.make_node("Conv", ["x", "w"], ["y"])],
        "one convolution",
        [helper.make_tensor_value_info("x", TensorProto.FLOAT, [1, 32, 8, 8])],
        [helper.make_tensor_value_info("y", TensorProto.FLOAT, [1, 64, 6, 6])],
        [numpy_helper.from_array(weights, "w")],
    )
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 18)], ir_version=9)
    onnx.save(model, str(tmp_path / "wide.onnx"))
    store_narrow(model, storage)
    onnx.save(model, str(tmp_path / "narrow.onnx"))

    picture = np.random.default_rng(4).normal(size=(1, 32, 8, 8)).astype(np.float32)
    wide, narrow = (
        np.asarray(ort.InferenceSession(str(tmp_path / name)).run(None, {"x": picture})[0])
        for name in ("wide.onnx", "narrow.onnx")
    )
    assert np.abs(narrow - wide).max() < tolerance * np.abs(wide).max()
    assert (tmp_path / "narrow.onnx").stat().st_size < part_of_the_size * (tmp_path / "wide.onnx").stat().st_size
