"""Graphs hold what was added to them, and ONNX Runtime runs them."""

from __future__ import annotations

import numpy as np
import onnx
import onnxruntime
import pytest

from ctpn_crnn.runtime.onnx_graph import OPSET, Graph, ints
from ctpn_crnn.runtime.onnx_network import _make_session, _options


def line() -> Graph:
    graph = Graph("line")
    x = graph.input("image", ("n", 3))
    scaled = graph.add("Mul", x, np.float32([[1, 2, 3]]))
    shifted = graph.add("Add", scaled, np.float32([[10, 20, 30]]))
    graph.output("y", graph.add("Reshape", shifted, ints(-1, 1, 3)), ("n", 1, 3))
    return graph


def test_the_model_holds_what_was_added():
    graph = line()
    graph.output("z", graph.add("LeakyRelu", "y", alpha=0.5), ("n", 1, 3))
    model = onnx.load_from_string(graph.to_bytes())
    assert model.opset_import[0].version == OPSET
    assert [node.op_type for node in model.graph.node] == ["Mul", "Add", "Reshape", "Identity", "LeakyRelu", "Identity"]
    assert [value.name for value in model.graph.input] == ["image"]
    sizes = model.graph.input[0].type.tensor_type.shape.dim
    assert (sizes[0].dim_param, sizes[1].dim_value) == ("n", 3)
    shape = next(tensor for tensor in model.graph.initializer if tensor.data_type == onnx.TensorProto.INT64)
    assert onnx.numpy_helper.to_array(shape).tolist() == [-1, 1, 3]
    leak = model.graph.node[4].attribute[0]
    assert (leak.name, onnx.helper.get_attribute_value(leak)) == ("alpha", 0.5)


def test_embedded_constants_and_metadata():
    graph = Graph("embedded")
    kernel = np.arange(-128, 128, dtype=np.int8).repeat(4)
    added = graph.add("Add", graph.input("image", (1,)), graph.add("Cast", kernel, to=1))
    graph.output("y", graph.add("com.microsoft::Gelu", added), (1024,))
    data = graph.to_bytes(embedded=True, metadata={"kind": "测试"})
    model = onnx.load_from_string(data)
    assert [(entry.key, entry.value) for entry in model.metadata_props] == [("kind", "测试")]
    assert [(entry.domain, entry.version) for entry in model.opset_import] == [("", OPSET), ("com.microsoft", 1)]
    assert onnx.numpy_helper.to_array(model.graph.initializer[0]).tolist() == kernel.tolist()
    assert model.graph.node[2].domain == "com.microsoft"
    (y,) = onnxruntime.InferenceSession(data).run(None, {"image": np.float32([0])})
    assert y[-1] == pytest.approx(127)


def test_onnx_runtime_runs_it():
    graph = line()
    session = _make_session(graph, _options(1))
    (y,) = session.run(None, {"image": np.float32([[1, 1, 1], [0, 2, 4]])})
    assert y.tolist() == [[[11, 22, 33]], [[10, 24, 42]]]


def test_sessions_copy_constants():
    """The arrays of constants are freed once the session is made; it must not look at them again."""
    graph = Graph("copy")
    x = graph.input("image", (1, 4096))
    # One constant is added as it is, the other is rearranged: both ways that a session has with constants.
    y = graph.add("Add", graph.add("MatMul", x, np.eye(4096, dtype=np.float32)), np.ones((1, 4096), np.float32))
    graph.output("y", y, (1, 4096))
    session = _make_session(graph, _options(1))
    assert [array.size for array in graph.constants.values()] == [4096**2, 4096]
    for array in graph.constants.values():
        array[:] = np.nan
    assert (session.run(None, {"image": np.ones((1, 4096), np.float32)})[0] == 2).all()


def test_a_constant_of_another_kind_is_an_error_of_the_runtime():
    graph = Graph("bad")
    graph.output("y", graph.add("NoSuchOperator", graph.input("image", (1,))), (1,))
    with pytest.raises(onnxruntime.capi.onnxruntime_pybind11_state.InvalidGraph):
        _make_session(graph, _options(1))
