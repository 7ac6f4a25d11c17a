"""A network run by ONNX Runtime: from a weights file, or from an .onnx file. Needs neither TensorFlow nor Keras."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import onnxruntime

from ctpn_crnn.errors import WeightsError
from ctpn_crnn.runtime.int8 import int8_layers
from ctpn_crnn.runtime.machine import int8_flag, thread_count
from ctpn_crnn.runtime.network import NetworkDefinition, ReloadedNetwork
from ctpn_crnn.runtime.onnx_graph import Graph
from ctpn_crnn.runtime.onnx_layers import FloatLayers
from ctpn_crnn.weights import RANGES, WeightsFile, read_weights, shipped

FORMAT = "ctpn_crnn network"
"""Value of the metadata entry "format" in the .onnx files of `ctpn_crnn.export`."""


class OnnxNetwork(ReloadedNetwork):
    """A network that ONNX Runtime computes on the CPU. See `runtime.Network`; can be pickled (`ReloadedNetwork`).

    Args:
        definition: Of the network.
        weights: A weights file, whose graph is then built here, or an .onnx file made by `ctpn_crnn.export`; the
            shipped weights when None.
        precision: "float32"; "int8": in 8-bit integers (see `runtime.int8`); "auto": int8 where the processor is fast
            in it and the weights file has the ranges that it needs, else float32. An .onnx file has its own.
        threads: Threads that work on one batch; the physical cores when None (see `machine.thread_count`).

    Raises:
        WeightsError: The file is missing, damaged, or that of another network.
    """

    def __init__(
        self,
        definition: NetworkDefinition,
        weights: str | Path | None = None,
        precision: str = "auto",
        threads: int | None = None,
    ) -> None:
        super().__init__(definition, weights, precision, threads)
        path = Path(weights) if weights is not None else shipped(definition.kind)
        self._run: Callable[[np.ndarray], list[np.ndarray]]
        if path.suffix.lower() == ".onnx":
            self.precision = "as exported"
            session = _open_session(path, _options(threads))
            self.config, self.charset = _read_metadata(session, path, definition.kind)
            self._run = lambda image: session.run(None, {"image": image})
            return
        file = read_weights(path, definition.kind)
        self.config, self.charset = dict(file.config), file.charset
        self.precision = choose_precision(file) if precision == "auto" else precision
        layers = int8_layers(file) if self.precision == "int8" else FloatLayers
        self._run = GraphRun(build_graph(definition, file, layers), threads)

    def predict(self, batch: np.ndarray) -> tuple[np.ndarray, ...]:
        """Run the network on (N, height, width, channels), of any N and any size that it allows."""
        return tuple(self._run(np.ascontiguousarray(batch, np.float32)))


def choose_precision(file: WeightsFile) -> str:
    """Return "int8" where the processor is fast in it and the weights file has the ranges, else "float32"."""
    return "int8" if int8_flag() and RANGES in file.config else "float32"


def build_graph(
    definition: NetworkDefinition, file: WeightsFile, make_layers: Callable[[Graph], FloatLayers] = FloatLayers
) -> Graph:
    """Build the network of a weights file as an ONNX graph, its weights included.

    Inputs and outputs are those of `runtime.Network.predict`, but float32 only; the input is named "image".

    Args:
        definition: Of the network.
        file: The weights.
        make_layers: What adds the layers to a graph: `FloatLayers`, or what `int8.int8_layers` returns.

    Raises:
        WeightsError: The arrays are not those of the architecture in the file's configuration.
    """
    graph, arrays = Graph(file.kind), _UsedArrays(file.arrays)
    try:
        definition.build_onnx(replace(file, arrays=arrays), make_layers(graph))
    except WeightsError:
        raise
    except (KeyError, ValueError) as error:
        reason = f"{error} is missing" if isinstance(error, KeyError) else str(error)
        raise WeightsError(
            f"the arrays in {file.path} do not fit the {file.kind} of its configuration: {reason}; "
            "train it again, or read it with the release that wrote it"
        ) from error
    if arrays.unused:
        raise WeightsError(
            f"{file.path} holds arrays that the {file.kind} of its configuration does not have "
            f"({', '.join(sorted(arrays.unused)[:3])}); train it again, or read it with the release that wrote it"
        )
    return graph


class _UsedArrays(dict[str, np.ndarray]):
    """Arrays by name, with a record of those that were never asked for."""

    def __init__(self, arrays: Mapping[str, np.ndarray]) -> None:
        super().__init__(arrays)
        self.unused = set(arrays)

    def __getitem__(self, name: str) -> np.ndarray:
        self.unused.discard(name)
        return super().__getitem__(name)


class GraphRun:
    """A graph that is ready to run: `run(image)` returns its outputs.

    Args:
        graph: Its one input is named "image".
        threads: Threads that work on one batch; the physical cores when None.
    """

    def __init__(self, graph: Graph, threads: int | None = None) -> None:
        self._session = _make_session(graph, _options(threads))

    def __call__(self, image: np.ndarray) -> list[np.ndarray]:
        return self._session.run(None, {"image": image})


def _options(threads: int | None) -> onnxruntime.SessionOptions:
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = threads or thread_count()
    options.log_severity_level = 3
    # Images come in many sizes: a plan of the memory for each of them would fill it up. The arena without plans grows
    # to what the largest image needs, and stays there; without the arena, fetching fresh memory takes longer than
    # most layers do.
    options.enable_mem_pattern = False
    # Threads that wait do so asleep: what else runs on the machine (other workers, decoding) needs the cores.
    options.add_session_config_entry("session.intra_op.allow_spinning", "0")
    return options


def _make_session(graph: Graph, options: onnxruntime.SessionOptions) -> onnxruntime.InferenceSession:
    values = [onnxruntime.OrtValue.ortvalue_from_numpy(array) for array in graph.constants.values()]
    options.add_external_initializers(list(graph.constants), values)
    return onnxruntime.InferenceSession(graph.to_bytes(), options, providers=["CPUExecutionProvider"])


def _open_session(path: Path, options: onnxruntime.SessionOptions) -> onnxruntime.InferenceSession:
    if not path.is_file():
        raise WeightsError(
            f"the weights file {path} does not exist; check the path, or leave it out for the shipped weights"
        )
    try:
        return onnxruntime.InferenceSession(str(path), options, providers=["CPUExecutionProvider"])
    except Exception as error:  # ONNX Runtime's own exceptions have no common base but this one
        reason = str(error).splitlines()[0][:200]
        raise WeightsError(
            f"{path} is damaged, or not an ONNX model that this ONNX Runtime can run: {reason}; export it again"
        ) from error


def _read_metadata(session: onnxruntime.InferenceSession, path: Path, kind: str) -> tuple[dict[str, Any], str | None]:
    """Return configuration and charset of an exported network, from the metadata of its file."""
    metadata = session.get_modelmeta().custom_metadata_map
    if metadata.get("format") != FORMAT:
        raise WeightsError(f"{path} is an ONNX model, but not one of ctpn_crnn; make one with tools/export_onnx.py")
    if metadata["kind"] != kind:
        raise WeightsError(f"{path} holds a {metadata['kind']}, not a {kind}; were the two files swapped?")
    if metadata["outputs"] != "heads":
        raise WeightsError(
            f"{path} was exported with its {metadata['outputs']} decoded: such a file is for other programs; "
            "export one without --proposals"
        )
    return json.loads(metadata["config"]), metadata.get("charset")
