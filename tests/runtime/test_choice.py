"""Which runtime "auto" takes, on machines that this one is not."""

from __future__ import annotations

import pytest

from ctpn_crnn.crnn.definition import CRNN_DEFINITION
from ctpn_crnn.errors import ConfigError
from ctpn_crnn.runtime import choice, choose_runtime, load_network
from ctpn_crnn.runtime import machine as machine_module
from ctpn_crnn.runtime.choice import explain_choice, explain_onnx_precision


@pytest.fixture
def machine(monkeypatch):
    """Pretend: what is installed, and what the hardware has."""

    def pretend(installed: str, gpu: bool = False, flags: str = "") -> None:
        monkeypatch.setattr(choice, "is_installed", lambda name: name in installed.split())
        monkeypatch.setattr(choice, "may_have_gpu", lambda: gpu)
        monkeypatch.setattr(machine_module, "processor_flags", lambda: set(flags.split()))

    return pretend


@pytest.mark.parametrize(
    ("installed", "hardware", "expected", "reason"),
    [
        ("onnx keras", {}, "onnx", "neither a GPU nor AMX"),
        ("onnx", {}, "onnx", "only one"),
        ("keras", {}, "keras", "only one"),
        ("onnx keras", {"gpu": True}, "keras", "may be a GPU"),
        ("onnx keras", {"flags": "avx2 avx512_bf16"}, "onnx", "neither a GPU nor AMX"),
        ("onnx keras", {"flags": "avx512_bf16 avx512_vnni"}, "onnx", "neither a GPU nor AMX"),
        ("keras", {"flags": "avx512_vnni"}, "keras", "only one"),
        ("onnx keras", {"flags": "amx_bf16 amx_int8 avx512_vnni"}, "keras", "(AMX)"),
        ("onnx", {"gpu": True, "flags": "amx_bf16"}, "onnx", "only one"),
    ],
)
def test_auto(machine, installed, hardware, expected, reason):
    machine(installed, **hardware)
    assert choose_runtime() == expected
    assert reason in explain_choice()


def test_what_is_asked_for_decides_first(machine):
    machine("onnx keras", flags="amx_bf16")
    assert choose_runtime(precision="float32") == "onnx"  # bfloat16 was Keras' advantage
    assert choose_runtime("exported.onnx") == "onnx"
    assert choose_runtime(precision="int8") == "onnx"
    machine("onnx keras")
    assert choose_runtime(precision="bfloat16") == "keras"


def test_nothing_installed_is_said_plainly(machine):
    machine("")
    with pytest.raises(ConfigError, match="neither TensorFlow"):
        choose_runtime()
    for name in ("onnx", "keras"):
        with pytest.raises(ConfigError, match="not installed"):
            load_network(CRNN_DEFINITION, runtime=name)


def test_onnx_runtime_needs_the_package_that_builds_its_graphs(monkeypatch):
    present = {"onnxruntime"}
    monkeypatch.setattr(choice, "_exists", lambda module: module in present)
    assert not choice.is_installed("onnx")
    present.add("onnx")
    assert choice.is_installed("onnx")


@pytest.mark.parametrize(
    ("flags", "said"),
    [
        ("sse4_2 avx", "float32: "),
        ("avx2 fma avx512f", "int8 with 7-bit kernels, since the processor has avx2"),
        ("avx2 avx_vnni", "int8 with 8-bit kernels, since the processor has avx_vnni"),
        ("avx2 avx512_vnni amx_int8", "int8 with 8-bit kernels, since the processor has amx_int8"),
        ("neon asimd", "float32: "),
        ("asimd asimddp", "int8 with 8-bit kernels, since the processor has asimddp"),
        ("", "float32: "),
    ],
)
def test_the_precision_of_onnx_runtime_is_explained(machine, flags, said):
    machine("onnx", flags=flags)
    assert explain_onnx_precision().startswith(said)
