"""An ONNX graph under construction: nodes in, the bytes of a model out.

Built with the `onnx` package. An encoder of our own for its protocol buffers made the cold start of `Recognizer()`,
import to the first page, .2 s shorter (2.26 s of processor time instead of 2.45, medians of five): too little to keep.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from types import MappingProxyType

import numpy as np
from onnx import ModelProto, NodeProto, TensorProto, ValueInfoProto, helper, numpy_helper

IR_VERSION = 8
OPSET = 17

_INLINE_BYTES = 256

Attribute = int | float | str | Sequence[int]


class Graph:
    """Nodes and their constants, added one after the other.

    Small constants (shapes, scales) lie within the model's bytes. Large arrays stay outside, as external data, which a
    session is given with `add_external_initializers` and copies, in the layout that suits it.

    Example:
        >>> graph = Graph("double")
        >>> x = graph.input("x", ("n", 3))
        >>> graph.output("y", graph.add("Mul", x, np.full((1, 1), 2, np.float32)), ("n", 3))
        >>> model, constants = graph.to_bytes(), graph.constants

    Args:
        name: Of the graph.
    """

    def __init__(self, name: str) -> None:
        self.name = name
        self._arrays: dict[str, np.ndarray] = {}
        self._nodes: list[NodeProto] = []
        self._inputs: list[ValueInfoProto] = []
        self._outputs: list[ValueInfoProto] = []

    def input(self, name: str, shape: Sequence[int | str]) -> str:
        """Declare a float32 input; a string stands for a size that varies."""
        self._inputs.append(helper.make_tensor_value_info(name, TensorProto.FLOAT, shape))
        return name

    def output(self, name: str, value: str, shape: Sequence[int | str]) -> None:
        """Declare a float32 output of the graph: what the node output `value` holds."""
        self._nodes.append(helper.make_node("Identity", [value], [name], name=name))
        self._outputs.append(helper.make_tensor_value_info(name, TensorProto.FLOAT, shape))

    def add(self, operator: str, *inputs: str | np.ndarray, **attributes: Attribute) -> str:
        """Add a node of one output.

        Args:
            operator: Its name in the operator set, for example "Conv"; "domain::name" for one of another set.
            inputs: Names of values, "" for an optional input left out, or arrays as constants (float32, int64, int32,
                int8 or uint8).
            attributes: Of the node.

        Returns:
            The name of its output.
        """
        domain, _, operator = operator.rpartition("::")
        name = f"{operator}_{len(self._nodes)}"
        names = [self._constant(x, f"{name}_{i}") if isinstance(x, np.ndarray) else x for i, x in enumerate(inputs)]
        self._nodes.append(helper.make_node(operator, names, [name], name=name, domain=domain, **attributes))
        return name

    @property
    def constants(self) -> dict[str, np.ndarray]:
        """The large constants by name, which are not part of the bytes."""
        return {name: array for name, array in self._arrays.items() if _is_large(array)}

    def to_bytes(self, *, embedded: bool = False, metadata: Mapping[str, str] = MappingProxyType({})) -> bytes:
        """Return the serialized model.

        Args:
            embedded: Whether the large constants are in it.
            metadata: Properties of the model.
        """
        return self._to_model(embedded, metadata).SerializeToString()

    def _to_model(self, embedded: bool, metadata: Mapping[str, str]) -> ModelProto:
        tensors = [
            numpy_helper.from_array(array, name) if embedded or not _is_large(array) else _external(name, array)
            for name, array in self._arrays.items()
        ]
        domains = sorted({node.domain for node in self._nodes})
        model = helper.make_model(
            helper.make_graph(self._nodes, self.name, self._inputs, self._outputs, tensors),
            producer_name="ctpn_crnn",
            ir_version=IR_VERSION,
            opset_imports=[helper.make_opsetid(domain, 1 if domain else OPSET) for domain in domains],
        )
        helper.set_model_props(model, dict(metadata))
        return model

    def _constant(self, array: np.ndarray, name: str) -> str:
        self._arrays[name] = np.asarray(array, order="C")
        return name


def ints(*values: int) -> np.ndarray:
    """Make an int64 constant: shapes, axes, bounds."""
    return np.array(values, np.int64)


def _is_large(array: np.ndarray) -> bool:
    return array.nbytes > _INLINE_BYTES and array.dtype != np.int64


def _external(name: str, array: np.ndarray) -> TensorProto:
    """Declare a tensor whose values are given to the session under its name."""
    tensor = TensorProto(
        name=name,
        dims=array.shape,
        data_type=helper.np_dtype_to_tensor_dtype(array.dtype),
        data_location=TensorProto.EXTERNAL,
    )
    tensor.external_data.add(key="location", value=name)
    return tensor
