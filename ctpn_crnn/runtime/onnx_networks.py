"""CTPN and CRNN as ONNX graphs, built from the arrays of a weights file: what `CTPN.build_model` and `CRNN.build_model`
build in Keras, for machines that do not have it.

The number of classes, of anchors and of LSTM units is that of the arrays; batch and size of the image are free.
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from ctpn_crnn.ctpn.spec import IMAGE_MEAN, IMAGE_STD
from ctpn_crnn.errors import WeightsError
from ctpn_crnn.runtime.onnx_graph import Graph, ints
from ctpn_crnn.runtime.onnx_layers import Arrays, FloatLayers, dense
from ctpn_crnn.weights.store import WeightsFile

VGG16_BLOCKS = (2, 2, 3, 3, 3)
"""Convolutions of each block; all blocks but the last end in a 2x2 max-pool."""

CONVOLUTIONS = 7
"""Convolutions of the reader."""

POOLS: dict[int, tuple[int, int]] = {1: (2, 2), 2: (2, 2), 4: (2, 1), 6: (2, 1)}
"""Pools of the reader, (height, width), after which of its convolutions."""

BATCH_NORM_EPSILON = 1e-3
"""As `crnn.network` has it."""


def build_graph(file: WeightsFile, make_layers: Callable[[Graph], FloatLayers] = FloatLayers) -> Graph:
    """The network of a weights file, its weights included.

    Inputs and outputs are those of `runtime.Network.predict`, but float32 only; the input is named "image".

    Args:
        file: The weights.
        make_layers: What adds the layers to a graph: `FloatLayers`, or `int8.Int8Layers`.

    Raises:
        WeightsError: The arrays are not those of the network: another architecture, or one of another release.
    """
    arrays = _Used(file.arrays)
    try:
        graph = Graph(file.kind)
        _BUILDERS[file.kind](graph, arrays, make_layers(graph))
    except (KeyError, ValueError, IndexError) as error:
        raise WeightsError(
            f"{file.path} does not hold the arrays of our {file.kind} ({error}): the ONNX graph cannot be built from "
            'it; run it with runtime="keras", or train a network of this release'
        ) from error
    if arrays.left:
        raise WeightsError(
            f"{file.path} holds arrays that our {file.kind} does not have ({', '.join(sorted(arrays.left)[:3])}): "
            'run it with runtime="keras", or train a network of this release'
        )
    return graph


def build_features_graph(
    file: WeightsFile, make_layers: Callable[[Graph], FloatLayers] = FloatLayers, first: int | None = None
) -> Graph:
    """The first layers of a network: what a training need not compute with gradients that keeps them as they are.

    Its input is that of `build_graph`, its output "features" has the channels last: (N, rows, columns, C), or what a
    reader's LSTMs are given, (N, frames, C).

    Args:
        file: The weights.
        make_layers: As `build_graph`.
        first: How many, with the pools after them: of a CTPN blocks of VGG16, of a reader convolutions; None for all.

    Raises:
        WeightsError: As `build_graph`.
    """
    graph = Graph(f"{file.kind}_features")
    layers = make_layers(graph)
    try:
        if file.kind == "ctpn":
            blocks = first or len(VGG16_BLOCKS)
            x, _ = _vgg16(graph, file.arrays, layers, blocks)
            last = f"block{blocks}_conv{VGG16_BLOCKS[blocks - 1]}"
        elif first in (None, CONVOLUTIONS):
            frames = graph.add("Transpose", _frames(graph, file.arrays, layers), perm=(1, 0, 2))
            graph.output("features", frames, ("batch", "frames", _channels(file.arrays, f"conv{CONVOLUTIONS}")))
            return graph
        else:
            x, last = _convolutions(graph, file.arrays, layers, first), f"conv{first}"
        features = graph.add("Transpose", layers.finish(x), perm=(0, 2, 3, 1))
        graph.output("features", features, ("batch", "rows", "columns", _channels(file.arrays, last)))
    except (KeyError, ValueError, IndexError) as error:
        raise WeightsError(f"{file.path} does not hold the arrays of our {file.kind} ({error})") from error
    return graph


def _channels(arrays: Arrays, layer: str) -> int:
    return arrays[f"{layer}/kernel"].shape[-1]


class _Used(dict[str, np.ndarray]):
    """Arrays that remember which of them were never asked for."""

    def __init__(self, arrays: Arrays) -> None:
        super().__init__(arrays)
        self.left = set(arrays)

    def __getitem__(self, name: str) -> np.ndarray:
        self.left.discard(name)
        return super().__getitem__(name)


def _ctpn(graph: Graph, arrays: Arrays, layers: FloatLayers) -> None:
    x, multiple = _vgg16(graph, arrays, layers, len(VGG16_BLOCKS))
    x = _named_convolution(layers, x, arrays, "window", multiple)
    x = _along_rows(graph, layers, layers.finish(x), arrays)
    anchors = arrays["side_head/bias"].shape[0]
    for name in ("scores", "vertical", "side"):
        values = arrays[f"{name}_head/bias"].shape[0] // anchors
        head = graph.add("Reshape", dense(graph, x, arrays, f"{name}_head"), ints(0, 0, 0, anchors, values))
        graph.output(name, head, ("batch", "rows", "columns", anchors, values))


def _vgg16(graph: Graph, arrays: Arrays, layers: FloatLayers, blocks: int) -> tuple[str, int]:
    """The image through so many blocks: the maps, and what their height and width are multiples of."""
    image = graph.input("image", ("batch", "height", "width", 3))
    x = graph.add("Transpose", image, perm=(0, 3, 1, 2))
    x = layers.start(x, 1.0 / (255.0 * np.array(IMAGE_STD)), np.array(IMAGE_MEAN) / np.array(IMAGE_STD))
    multiple = 16
    for block, convolutions in enumerate(VGG16_BLOCKS[:blocks], start=1):
        for index in range(1, convolutions + 1):
            x = _named_convolution(layers, x, arrays, f"block{block}_conv{index}", multiple)
        if block < len(VGG16_BLOCKS):
            x, multiple = layers.max_pool(x, (2, 2)), multiple // 2
    return x, multiple


def _along_rows(graph: Graph, layers: FloatLayers, x: str, arrays: Arrays) -> str:
    """BiLSTM over every row, and the fully connected layer: (N, C, rows, columns) -> (N, rows, columns, F)."""
    size = graph.add("Shape", x)
    columns = graph.add("Gather", size, ints(3))
    by_column = graph.add("Transpose", x, perm=(3, 0, 2, 1))
    channels = arrays["window/bias"].shape[0]
    sequences = graph.add("Reshape", by_column, graph.add("Concat", columns, ints(-1, channels), axis=0))
    y = graph.add("Relu", dense(graph, layers.bidirectional_lstm(sequences, arrays, "bilstm"), arrays, "fc"))
    rows = graph.add("Gather", size, ints(0, 2, 3))
    return graph.add("Reshape", y, graph.add("Concat", rows, ints(-1), axis=0))


def _named_convolution(layers: FloatLayers, x: str, arrays: Arrays, name: str, multiple: int) -> str:
    return layers.convolution(x, name, arrays[f"{name}/kernel"], arrays[f"{name}/bias"], multiple=multiple)


def _crnn(graph: Graph, arrays: Arrays, layers: FloatLayers) -> None:
    first = layers.bidirectional_lstm(_frames(graph, arrays, layers), arrays, "bilstm1")
    second = layers.bidirectional_lstm(graph.add("Transpose", first, perm=(1, 0, 2)), arrays, "bilstm2")
    logits = layers.projection(second, arrays, "projection")
    graph.output("logits", logits, ("batch", "frames", arrays["projection/bias"].shape[0]))


def _frames(graph: Graph, arrays: Arrays, layers: FloatLayers) -> str:
    """The image through the convolutions: (frames, N, C)."""
    x = _convolutions(graph, arrays, layers, CONVOLUTIONS - 1)
    # "same" padding of a 2x2 kernel is one column on the right; the height of 2 needs none.
    kernel, bias = _folded(arrays, CONVOLUTIONS)
    x = layers.convolution(x, f"conv{CONVOLUTIONS}", kernel, bias, pads=(0, 0, 0, 1), strides=(2, 1))
    return graph.add("Transpose", graph.add("Squeeze", layers.finish(x), ints(2)), perm=(2, 0, 1))


def _convolutions(graph: Graph, arrays: Arrays, layers: FloatLayers, count: int) -> str:
    """The image through the first `count` convolutions, not the last one of all, and the pools after them."""
    image = graph.input("image", ("batch", 32, "width", 1))
    x = layers.start(graph.add("Transpose", image, perm=(0, 3, 1, 2)), np.ones(1), np.zeros(1))
    for number in range(1, count + 1):
        kernel, bias = _folded(arrays, number)
        # The division by 255 of the input is the first convolution's, since its padding is 0 either way.
        x = layers.convolution(x, f"conv{number}", kernel / np.float32(255) if number == 1 else kernel, bias)
        if number in POOLS:
            x = layers.max_pool(x, POOLS[number])
    return x


def _folded(arrays: Arrays, number: int) -> tuple[np.ndarray, np.ndarray]:
    """Kernel and bias of a convolution of the reader, with its batch normalisation folded in where it has one."""
    kernel = arrays[f"conv{number}/kernel"]
    if f"bn{number}/gamma" not in arrays:
        return kernel, arrays[f"conv{number}/bias"]
    gamma, beta, mean, variance = (
        arrays[f"bn{number}/{part}"] for part in ("gamma", "beta", "moving_mean", "moving_variance")
    )
    factor = gamma / np.sqrt(variance + np.float32(BATCH_NORM_EPSILON))
    return kernel * factor, beta - mean * factor


_BUILDERS: dict[str, Callable[[Graph, Arrays, FloatLayers], None]] = {"ctpn": _ctpn, "crnn": _crnn}
