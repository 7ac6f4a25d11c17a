"""Which runtime "auto" takes, on machines that this one is not."""

from __future__ import annotations

import pytest

from ctpn_crnn.crnn.definition import CRNN_DEFINITION
from ctpn_crnn.errors import ConfigError
from ctpn_crnn.runtime import choice, choose_runtime, load_network
from ctpn_crnn.runtime import machine as machine_module
from ctpn_crnn.runtime.choice import explain_choice
from ctpn_crnn.runtime.machine import may_have_gpu, thread_count


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
        ("onnx keras", {"flags": "avx2 avx512_bf16"}, "keras", "no sums of 8-bit"),
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


def test_gpus_are_seen_by_their_device_files(tmp_path, monkeypatch):
    monkeypatch.delenv("CUDA_VISIBLE_DEVICES", raising=False)
    assert not may_have_gpu(tmp_path)
    (tmp_path / "nvidiactl").touch()
    assert not may_have_gpu(tmp_path)
    (tmp_path / "nvidia0").touch()
    assert may_have_gpu(tmp_path)
    monkeypatch.setenv("CUDA_VISIBLE_DEVICES", "-1")
    assert not may_have_gpu(tmp_path)


def test_threads_are_physical_cores(tmp_path, monkeypatch):
    monkeypatch.delenv("OMP_NUM_THREADS", raising=False)
    monkeypatch.setattr("os.sched_getaffinity", lambda process: {0, 1, 2, 3}, raising=False)
    for cpu, siblings in enumerate(("0,2", "1,3", "0,2", "1,3")):
        folder = tmp_path / f"cpu{cpu}" / "topology"
        folder.mkdir(parents=True)
        (folder / "thread_siblings_list").write_text(siblings)
    assert thread_count(tmp_path) == 2
    assert thread_count(tmp_path / "none") == 4
    monkeypatch.setenv("OMP_NUM_THREADS", "3")
    assert thread_count(tmp_path) == 3
