"""Show versions, the shipped weights and their checksums, the runtimes, and what the processor offers."""

from __future__ import annotations

import argparse
import json
import platform
from importlib.metadata import PackageNotFoundError, version
from typing import Any

from ctpn_crnn import __version__, opencv_error
from ctpn_crnn.errors import CtpnCrnnError
from ctpn_crnn.runtime import choose_runtime, is_installed
from ctpn_crnn.runtime.choice import explain_choice, explain_onnx_precision
from ctpn_crnn.runtime.machine import may_have_gpu, processor_flags, thread_count
from ctpn_crnn.weights import LANGUAGE_MODEL, shipped
from ctpn_crnn.weights.manifest import read_manifest

EPILOG = """\
exit codes: 0 all is there, 1 OpenCV, the weights or every runtime is missing or damaged
"""

PACKAGES = {
    "numpy": "arrays",
    "opencv-python": "images",
    "pillow": "images",
    "h5py": "weights",
    "tensorflow": "training, runtime keras",
    "keras": "training, runtime keras",
    "onnxruntime": "runtime onnx",
    "onnx": "runtime onnx",
    "tf2onnx": "export to ONNX",
    "pandas": "HDF5 tables of detect",
    "tables": "HDF5 tables of detect",
    "pypdfium2": "reading PDFs",
    "pikepdf": "writing PDFs",
    "ocrmypdf": "the OCRmyPDF plugin",
}
"""Package -> what needs it."""

FLAGS = ("avx2", "avx_vnni", "avx512f", "avx512_vnni", "avx512_bf16", "amx_bf16", "amx_int8", "asimddp")
"""Processor flags on which the choice of runtime and precision depends."""


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the options of the command."""
    parser.add_argument("--json", action="store_true", help="print JSON")


def run(arguments: argparse.Namespace) -> int:
    """Print versions, weights, runtimes and processor; returns the exit code."""
    facts = collect()
    if arguments.json:
        print(json.dumps(facts, ensure_ascii=False, indent=2))
    else:
        print(as_text(facts))
    return 0 if is_usable(facts) else 1


def collect() -> dict[str, Any]:
    """Collect all facts as JSON types, without importing a framework."""
    return {
        "ctpn_crnn": __version__,
        "python": platform.python_version(),
        "platform": platform.platform(),
        "packages": {name: _version(name) for name in PACKAGES},
        "opencv": _opencv(),
        "weights": {kind: _weights(kind) for kind in ("ctpn", "crnn", LANGUAGE_MODEL)},
        "runtimes": {
            "keras": is_installed("keras"),
            "onnx": is_installed("onnx"),
            "auto": _chosen(),
            "reason": explain_choice(),
            "onnx_precision": explain_onnx_precision(),
        },
        "processor": {
            "flags": [flag for flag in FLAGS if flag in processor_flags()],
            "threads": thread_count(),
            "gpu": may_have_gpu(),
        },
    }


def is_usable(facts: dict[str, Any]) -> bool:
    """Whether pages can be read: OpenCV can be imported, and weights and a runtime are there."""
    states = (facts["opencv"], *(entry["state"] for entry in facts["weights"].values()))
    return facts["runtimes"]["auto"] is not None and all(state == "ok" for state in states)


def as_text(facts: dict[str, Any]) -> str:
    """Format the facts as text."""
    lines = [f"ctpn_crnn {facts['ctpn_crnn']}, Python {facts['python']}, {facts['platform']}", "", "packages"]
    for name, number in facts["packages"].items():
        lines.append(f"  {name:<14} {number or 'not installed':<14} {PACKAGES[name]}")
    if facts["opencv"] != "ok":
        lines.append(f"  {facts['opencv']}")
    lines += ["", "shipped weights"]
    for kind, entry in facts["weights"].items():
        size = f", {entry['bytes'] / 1e6:.1f} MB" if "bytes" in entry else ""
        lines.append(f"  {kind:<14} {entry['state']}{size}")
    runtimes = facts["runtimes"]
    lines += ["", "runtimes"]
    for name in ("keras", "onnx"):
        chosen = f", taken by default: {runtimes['reason']}" if runtimes["auto"] == name else ""
        lines.append(f"  {name:<14} {'installed' if runtimes[name] else 'not installed'}{chosen}")
    lines.append(f"  {'precision':<14} of onnx: {runtimes['onnx_precision']}")
    processor = facts["processor"]
    lines += ["", "processor", f"  {'flags':<14} {' '.join(processor['flags']) or 'none that matter, or not known'}"]
    lines.append(f"  {'threads':<14} {processor['threads']}")
    lines.append(f"  {'GPU':<14} {'there may be one' if processor['gpu'] else 'none seen'}")
    return "\n".join(lines)


def _version(package: str) -> str | None:
    try:
        return version(package)
    except PackageNotFoundError:
        return _version_of_variant(package)


def _version_of_variant(package: str) -> str | None:
    """The version of the same package under another name, such as a build for GPUs or servers."""
    for variant in _VARIANTS.get(package, ()):
        try:
            return f"{version(variant)} ({variant})"
        except PackageNotFoundError:
            continue
    return None


_VARIANTS = {
    "opencv-python": ("opencv-python-headless", "opencv-contrib-python", "opencv-contrib-python-headless"),
    "tensorflow": ("tensorflow-cpu",),
    "onnxruntime": ("onnxruntime-gpu",),
}


def _opencv() -> str:
    """Import OpenCV: "ok", or why it cannot be imported and what to do."""
    try:
        import cv2  # noqa: F401
    except ImportError as error:
        return str(opencv_error(error) or error)
    return "ok"


def _weights(kind: str) -> dict[str, Any]:
    try:
        path = shipped(kind)  # compares the checksum
        entry = read_manifest()["weights"][kind]
    except CtpnCrnnError as error:
        return {"state": str(error)}
    return {"state": "ok", "path": str(path), "bytes": path.stat().st_size, "sha256": entry["sha256"]}


def _chosen() -> str | None:
    try:
        return choose_runtime()
    except CtpnCrnnError:
        return None
