"""What a machine has, told from its files."""

from __future__ import annotations

import re
from pathlib import Path
from types import SimpleNamespace

import pytest

from ctpn_crnn.runtime.machine import has_int8_sums, int8_flag, may_have_gpu, processor_flags, thread_count


@pytest.fixture
def processor(monkeypatch):
    """Pretend: what the system tells of its processor, and the model that this makes it."""

    def pretend(told: str, model: str = "") -> None:
        def machine(flags: str) -> SimpleNamespace:
            return SimpleNamespace(features=set(flags.split()))

        monkeypatch.setattr("archspec.cpu.detect.detected_info", lambda: machine(told))
        monkeypatch.setattr("archspec.cpu.host", lambda: machine(model))
        processor_flags.cache_clear()

    yield pretend
    processor_flags.cache_clear()


@pytest.mark.parametrize(
    ("told", "model", "flag", "sums"),
    [
        ("sse2 avx", "sse2", None, False),
        ("sse2 avx avx2", "avx2", "avx2", False),
        ("avx2 avx_vnni", "avx2", "avx_vnni", True),
        ("avx2 avx512f avx512_vnni amx_int8", "avx2", "amx_int8", True),
        ("asimd", "", None, False),
        ("asimd asimddp", "", "asimddp", True),
        ("", "asimd asimddp", "asimddp", True),  # macOS on Apple silicon tells no flags
        ("", "", None, False),
    ],
)
def test_int8_is_for_processors_that_are_fast_in_it(processor, told, model, flag, sums):
    processor(told, model)
    assert int8_flag() == flag and has_int8_sums() == sums


@pytest.mark.skipif(not Path("/proc/cpuinfo").exists(), reason="only Linux has the file to compare with")
def test_flags_are_those_of_the_system():
    processor_flags.cache_clear()
    assert processor_flags() >= set(
        re.findall(r"\b(?:avx2|avx_vnni|avx512_vnni|amx_int8|asimddp)\b", Path("/proc/cpuinfo").read_text())
    )


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
