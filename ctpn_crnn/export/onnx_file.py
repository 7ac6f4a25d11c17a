"""A weights file to one .onnx file, by tf2onnx."""

from __future__ import annotations

import json
import logging
import os
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from ctpn_crnn.ctpn.definition import spec_of
from ctpn_crnn.errors import ConfigError
from ctpn_crnn.files import written_aside
from ctpn_crnn.runtime import require_keras
from ctpn_crnn.runtime.onnx_graph import OPSET
from ctpn_crnn.runtime.onnx_network import FORMAT
from ctpn_crnn.weights import WeightsFile, read_weights

if TYPE_CHECKING:
    import onnx

_SIZES = {"ctpn": ("batch", "height", "width"), "crnn": ("batch", "", "width")}
"""Names of the input's sizes that vary."""

_INT32 = 6  # TensorProto.DataType


def export_onnx(weights: str | os.PathLike[str], path: str | os.PathLike[str], outputs: str = "heads") -> Path:
    """Write the network as an ONNX model (opset 17): input "image" (batch, height, width, channels), float32 0..255.

    Charset, configuration and kind lie in its metadata; `Recognizer` takes such a file as weights.

    Args:
        weights: A weights file.
        path: Of the .onnx file.
        outputs: "heads": what the network computes (the logits of a reader, the three heads of a detector).
            "proposals": a detector's heads decoded and suppressed, see `export.proposal.Proposal`; for other programs.

    Returns:
        The path.

    Raises:
        WeightsError: The weights are missing or damaged.
        ConfigError: tf2onnx or TensorFlow is not installed, or a reader's proposals are asked for.
        OutputError: The file cannot be written.
    """
    file = read_weights(weights)
    if outputs not in ("heads", "proposals") or (outputs == "proposals" and file.kind != "ctpn"):
        raise ConfigError(f"outputs is {outputs!r} for a {file.kind}: give 'heads', or 'proposals' for a ctpn.")
    model = _convert(file, outputs)
    _name_sizes(model, _SIZES[file.kind])
    for key, value in metadata(file, outputs).items():
        model.metadata_props.add(key=key, value=value)
    with written_aside(path) as aside:
        aside.write_bytes(model.SerializeToString())
    return Path(path)


def _convert(file: WeightsFile, outputs: str) -> onnx.ModelProto:
    require_keras("exporting", ("tensorflow",))
    try:
        import tf2onnx
    except ImportError as error:
        raise ConfigError(f"exporting to ONNX needs tf2onnx ({error}): pip install tf2onnx onnx.") from error
    from ctpn_crnn.export.keras_model import OUTPUT_NAMES, load_model, serving, with_proposals

    logging.getLogger("tf2onnx").setLevel(logging.ERROR)  # its remarks on TensorFlow's optimizer help nobody
    keras_model, names = load_model(file), OUTPUT_NAMES[file.kind]
    if outputs == "proposals":
        keras_model, names = with_proposals(keras_model, spec_of(file)), OUTPUT_NAMES["proposals"]
    serve = serving(keras_model, names)
    model, _ = tf2onnx.convert.from_function(
        serve,
        input_signature=serve.input_signature,
        opset=OPSET,
        custom_op_handlers={"Bitcast": (_bitcast, []), "BitwiseAnd": (_sign_bit, [])},
    )
    unsupported = sorted({node.op_type for node in model.graph.node if node.domain not in ("", "ai.onnx")})
    if unsupported:
        raise ConfigError(f"this tf2onnx cannot convert {', '.join(unsupported)}: update tf2onnx.")
    ordered = sorted(model.graph.output, key=lambda output: names.index(output.name))  # tf2onnx sorts them by name
    del model.graph.output[:]
    model.graph.output.extend(ordered)
    return model


def _bitcast(context: Any, node: Any, name: str, arguments: Any) -> None:
    """Convert the Bitcast of `ops.argmax` to a Cast: ONNX 17 has no bit operations.

    `ops.argmax` asks for the sign bit of what it compares, to tell -0 from 0. Here it compares probabilities, which are
    not below 0, so that any integer will do.
    """
    for attribute in list(node.attr):
        del node.attr[attribute]
    node.type = "Cast"
    node.set_attr("to", _INT32)
    context.set_dtype(node.output[0], _INT32)


def _sign_bit(context: Any, node: Any, name: str, arguments: Any) -> None:
    """Convert the BitwiseAnd of `ops.argmax`, which picks the sign bit of a probability, to a product with 0."""
    zero = context.make_const(f"{name}_zero", np.zeros((), np.int32))
    node.type = "Mul"
    context.replace_input(node, node.input[1], zero.output[0], 1)


def _name_sizes(model: onnx.ModelProto, names: tuple[str, ...]) -> None:
    """Name the sizes that vary: those of the input as given, those of the outputs by output and axis."""
    for size, name in zip(model.graph.input[0].type.tensor_type.shape.dim, names):
        if not size.dim_value:
            size.dim_param = name
    for number, output in enumerate(model.graph.output):
        for axis, size in enumerate(output.type.tensor_type.shape.dim):
            if not size.dim_value:
                size.dim_param = "batch" if axis == 0 else f"output{number}_{axis}"


def metadata(file: WeightsFile, outputs: str) -> dict[str, str]:
    """Return the metadata by which `OnnxNetwork` recognises a file: format, kind, outputs, config, charset, info."""
    texts = {"format": FORMAT, "kind": file.kind, "outputs": outputs, "config": json.dumps(file.config)}
    if file.charset is not None:
        texts["charset"] = file.charset
    return {**texts, "info": json.dumps(file.info, ensure_ascii=False)}
