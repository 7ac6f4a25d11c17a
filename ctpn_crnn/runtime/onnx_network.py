"""A network run by ONNX Runtime: from a weights file, or from an .onnx file. Needs neither TensorFlow nor Keras."""

from __future__ import annotations

import json
from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor
from pathlib import Path
from typing import Any

import numpy as np
import onnxruntime

from ctpn_crnn.errors import WeightsError
from ctpn_crnn.runtime.int8 import build_int8_graph, int8_layers
from ctpn_crnn.runtime.machine import has_int8_sums, thread_count
from ctpn_crnn.runtime.onnx_graph import Graph
from ctpn_crnn.runtime.onnx_layers import FloatLayers
from ctpn_crnn.runtime.onnx_networks import build_features_graph, build_graph
from ctpn_crnn.weights import RANGES, WeightsFile, read_weights, shipped

FORMAT = "ctpn_crnn network"
"""Value of the metadata entry "format" in the .onnx files of `ctpn_crnn.export`."""


class OnnxNetwork:
    """A network that ONNX Runtime computes on the CPU. See ``runtime.Network``.

    Args:
        kind: "ctpn" or "crnn".
        weights: A weights file, whose graph is then built here, or an .onnx file made by `ctpn_crnn.export`; the
            shipped weights when None.
        precision: "float32"; "int8": in 8-bit integers (see `runtime.int8`); "auto": int8 where the
            processor is fast in it and the weights file says what it needs. An .onnx file has its own.
        threads: Threads that work on one batch; the physical cores when None (see `machine.thread_count`).

    Raises:
        WeightsError: The file is missing, damaged, or that of another network.
    """

    def __init__(
        self, kind: str, weights: str | Path | None = None, precision: str = "auto", threads: int | None = None
    ) -> None:
        path = Path(weights) if weights is not None else shipped(kind)
        self._run: Callable[[np.ndarray], list[np.ndarray]]
        if path.suffix.lower() == ".onnx":
            self.precision = "as exported"
            session = _open_session(path, _options(threads))
            self.config, self.charset = _read_metadata(session, path, kind)
            self._run = lambda image: session.run(None, {"image": image})
        else:
            file = read_weights(path, kind)
            self.config, self.charset = dict(file.config), file.charset
            self.precision = _precision(file) if precision == "auto" else precision
            self._run = GraphRun(build_int8_graph(file) if self.precision == "int8" else build_graph(file), threads)

    def predict(self, batch: np.ndarray) -> tuple[np.ndarray, ...]:
        """Run the network on (N, height, width, channels); any N and any size that the network allows."""
        return tuple(self._run(np.ascontiguousarray(batch, np.float32)))


def first_layers(file: WeightsFile, count: int | None = None) -> Callable[[np.ndarray], np.ndarray]:
    """The first layers of a network, to be run on the batches of a training that keeps them as they are.

    In 8-bit integers where the file and the processor allow it, which is also how they are run afterwards; several
    times faster than as layers of a Keras model.

    Args:
        file: The weights.
        count: How many: of a CTPN blocks of VGG16 (1 to 5), of a reader convolutions (1 to 7); None for all of them.

    Returns:
        A function of images, as `predict` takes them, to features, see `onnx_networks.build_features_graph`.
    """
    layers = int8_layers(file) if _precision(file) == "int8" else FloatLayers
    run = GraphRun(build_features_graph(file, layers, count))
    return lambda images: run(np.ascontiguousarray(images, np.float32))[0]


def _precision(file: WeightsFile) -> str:
    return "int8" if has_int8_sums() and RANGES in file.config else "float32"


class GraphRun:
    """A graph that was built here, ready to run: `run(image)` gives its outputs.

    Args:
        graph: Its one input is named "image".
        threads: Threads that work on one batch; the physical cores when None.
    """

    def __init__(self, graph: Graph, threads: int | None = None) -> None:
        self._session = _make_session(graph, _options(threads))
        # Done while the other network is read and the image decoded: a run waits for what is missing.
        pool = ThreadPoolExecutor(threads or thread_count(), thread_name_prefix="parameters")
        self._parameters: dict[str, Future[np.ndarray]] = {
            name: pool.submit(compute) for name, compute in graph.parameters.items()
        }
        pool.shutdown(wait=False)

    def __call__(self, image: np.ndarray) -> list[np.ndarray]:
        parameters = {name: array.result() for name, array in self._parameters.items()}
        return self._session.run(None, {"image": image, **parameters})


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
            f"{path} is damaged, or no ONNX model that this ONNX Runtime can run: {reason}; export it again"
        ) from error


def _read_metadata(session: onnxruntime.InferenceSession, path: Path, kind: str) -> tuple[dict[str, Any], str | None]:
    """The network's config and charset, which the export put into the file."""
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
