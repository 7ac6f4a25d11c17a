"""An ONNX graph written by hand, without the `onnx` package: nodes in, the bytes of a model out.

ONNX is protocol buffers, of which a graph needs three kinds of field: integers, 4-byte floats and nested bytes. Field
numbers are those of onnx.proto (IR version 8). Large arrays stay outside the bytes, in two kinds. Constants are
"external data" that the session is given with `add_external_initializers`; it copies them, in the layout that suits it.
Parameters are inputs fed at every run; it takes them as they are, which for large ones that need no other layout saves
the copy. Shapes, scales and other small constants lie within.
"""

from __future__ import annotations

import struct
from collections.abc import Callable, Mapping, Sequence
from types import MappingProxyType

import numpy as np

IR_VERSION = 8
OPSET = 17

_FLOAT = 1
_TYPES = {"float32": _FLOAT, "uint8": 2, "int8": 3, "int32": 6, "int64": 7}  # TensorProto.DataType
_INLINE_BYTES = 256
_EXTERNAL = 1  # TensorProto.DataLocation
_ATTRIBUTE_FLOAT, _ATTRIBUTE_INT, _ATTRIBUTE_STRING, _ATTRIBUTE_INTS = 1, 2, 3, 7  # AttributeProto.AttributeType

Attribute = int | float | str | Sequence[int]


class Graph:
    """Nodes and their constants, added one after the other.

    Example:
        >>> graph = Graph("double")
        >>> x = graph.input("x", ("n", 3))
        >>> graph.output("y", graph.add("Mul", x, np.full((1, 1), 2, np.float32)), ("n", 3))
        >>> model, constants = graph.to_bytes(), graph.constants

    Args:
        name: Of the graph.

    Attributes:
        parameters: What computes each parameter, by name; they are to be fed beside the inputs.
    """

    def __init__(self, name: str) -> None:
        self.name = name
        self._tensors: dict[str, np.ndarray] = {}
        self.parameters: dict[str, Callable[[], np.ndarray]] = {}
        self._nodes: list[bytes] = []
        self._domains = {""}
        self._inputs: list[bytes] = []
        self._outputs: list[bytes] = []

    def input(self, name: str, shape: Sequence[int | str]) -> str:
        """Declare a float32 input; a string stands for a size that varies."""
        self._inputs.append(_value_info(name, shape))
        return name

    def parameter(self, shape: Sequence[int], compute: Callable[[], np.ndarray]) -> str:
        """Declare an input that is fed with the float32 array (of this shape) that `compute` returns."""
        name = f"parameter_{len(self.parameters)}"
        self.parameters[name] = compute
        return self.input(name, shape)

    def output(self, name: str, value: str, shape: Sequence[int | str]) -> None:
        """Declare a float32 output of the graph: what the node output `value` holds."""
        self._nodes.append(_node("Identity", [value], [name], {}))
        self._outputs.append(_value_info(name, shape))

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
        self._nodes.append(_node(operator, names, [name], attributes, domain))
        self._domains.add(domain)
        return name

    @property
    def constants(self) -> dict[str, np.ndarray]:
        """The large constants by name, which are not part of the bytes."""
        return {name: array for name, array in self._tensors.items() if _is_large(array)}

    def to_bytes(self, *, embedded: bool = False, metadata: Mapping[str, str] = MappingProxyType({})) -> bytes:
        """The model.

        Args:
            embedded: Whether the large constants are in it.
            metadata: Properties of the model.
        """
        parts = [_nested(1, node) for node in self._nodes]
        parts.append(_text(2, self.name))
        parts += [_nested(5, _tensor(*tensor, inside=embedded)) for tensor in self._tensors.items()]
        parts += [_nested(11, value) for value in self._inputs] + [_nested(12, value) for value in self._outputs]
        model = [_integer(1, IR_VERSION), _text(2, "ctpn_crnn"), _nested(7, b"".join(parts))]
        for domain in sorted(self._domains):
            model.append(_nested(8, _text(1, domain) + _integer(2, 1 if domain else OPSET)))
        model += [_nested(14, _text(1, key) + _text(2, value)) for key, value in metadata.items()]
        return b"".join(model)

    def _constant(self, array: np.ndarray, name: str) -> str:
        self._tensors[name] = np.asarray(array, order="C")
        return name


def ints(*values: int) -> np.ndarray:
    """An int64 constant: shapes, axes, bounds."""
    return np.array(values, np.int64)


def _is_large(array: np.ndarray) -> bool:
    return array.nbytes > _INLINE_BYTES and array.dtype != np.int64


def _tensor(name: str, array: np.ndarray, *, inside: bool) -> bytes:
    content = b"".join(_integer(1, size) for size in array.shape)
    content += _integer(2, _TYPES[array.dtype.name]) + _text(8, name)
    if _is_large(array) and not inside:
        return content + _nested(13, _text(1, "location") + _text(2, name)) + _integer(14, _EXTERNAL)
    return content + _nested(9, np.asarray(array, array.dtype.newbyteorder("<")).tobytes())


def _node(
    operator: str, inputs: Sequence[str], outputs: Sequence[str], attributes: Mapping[str, Attribute], domain: str = ""
) -> bytes:
    parts = [_text(1, name) for name in inputs] + [_text(2, name) for name in outputs]
    parts += [_text(3, outputs[0]), _text(4, operator), _text(7, domain)]
    return b"".join(parts + [_nested(5, _attribute(name, value)) for name, value in attributes.items()])


def _attribute(name: str, value: Attribute) -> bytes:
    if isinstance(value, str):
        content, kind = _text(4, value), _ATTRIBUTE_STRING
    elif isinstance(value, float):
        content, kind = _key(2, 5) + struct.pack("<f", value), _ATTRIBUTE_FLOAT
    elif isinstance(value, int):
        content, kind = _integer(3, value), _ATTRIBUTE_INT
    else:
        content, kind = b"".join(_integer(8, number) for number in value), _ATTRIBUTE_INTS
    return _text(1, name) + content + _integer(20, kind)


def _value_info(name: str, shape: Sequence[int | str]) -> bytes:
    sizes = b"".join(_nested(1, _text(2, size) if isinstance(size, str) else _integer(1, size)) for size in shape)
    tensor = _integer(1, _FLOAT) + _nested(2, sizes)
    return _text(1, name) + _nested(2, _nested(1, tensor))


def _key(field: int, wire_type: int) -> bytes:
    return _varint(field << 3 | wire_type)


def _integer(field: int, value: int) -> bytes:
    return _key(field, 0) + _varint(value)


def _nested(field: int, content: bytes) -> bytes:
    return _key(field, 2) + _varint(len(content)) + content


def _text(field: int, value: str) -> bytes:
    return _nested(field, value.encode("utf-8"))


def _varint(value: int) -> bytes:
    """Seven bits a byte, lowest first; negative numbers as 64-bit two's complement."""
    value &= (1 << 64) - 1
    encoded = bytearray()
    while value > 0x7F:
        encoded.append(value & 0x7F | 0x80)
        value >>= 7
    encoded.append(value)
    return bytes(encoded)
