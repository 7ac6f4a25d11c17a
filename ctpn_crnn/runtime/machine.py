"""Abilities of this machine: processor flags, GPU, cores. Imports no framework."""

from __future__ import annotations

import os
from pathlib import Path

BFLOAT16_MATRIX_FLAG = "amx_bf16"
BFLOAT16_FLAGS = frozenset({BFLOAT16_MATRIX_FLAG, "avx512_bf16"})
"""Processor flags of which one is enough; without them bfloat16 is emulated, slower than float32."""

INT8_FLAGS = frozenset({"avx512_vnni", "avx_vnni", "amx_int8"})
"""Processor flags of which one is enough to sum products of 8 bits in 32."""


def processor_flags(cpuinfo: str | os.PathLike[str] = "/proc/cpuinfo") -> set[str]:
    """Return the flags of the first processor; empty on systems without /proc/cpuinfo."""
    try:
        lines = Path(cpuinfo).read_text(errors="replace").splitlines()
    except OSError:
        return set()
    return next((set(line.partition(":")[2].split()) for line in lines if line.startswith("flags")), set())


def has_bfloat16() -> bool:
    """Tell whether the processor computes in bfloat16."""
    return bool(BFLOAT16_FLAGS & processor_flags())


def has_bfloat16_matrices() -> bool:
    """Tell whether the processor multiplies whole matrices in bfloat16 (AMX)."""
    return BFLOAT16_MATRIX_FLAG in processor_flags()


def has_int8_sums() -> bool:
    """Tell whether the processor sums products of 8-bit integers in 32 bits in one instruction."""
    return bool(INT8_FLAGS & processor_flags())


def may_have_gpu(devices: str | os.PathLike[str] = "/dev") -> bool:
    """Tell whether there is the device file of a GPU, NVIDIA's or AMD's. TensorFlow may still be unable to use it."""
    if os.environ.get("CUDA_VISIBLE_DEVICES", "0").strip() in ("", "-1"):
        return False
    return any(Path(devices).glob("nvidia[0-9]*")) or (Path(devices) / "kfd").exists()


def processors() -> set[int]:
    """Return the numbers of the processors (hardware threads) that this process may use."""
    return os.sched_getaffinity(0) if hasattr(os, "sched_getaffinity") else set(range(os.cpu_count() or 1))


def thread_count(topology: str | os.PathLike[str] = "/sys/devices/system/cpu") -> int:
    """Return the threads for numerical work: OMP_NUM_THREADS if set, else the physical cores that this process may use.

    Two hardware threads of one core share its arithmetic units: a second one slows the first.
    """
    asked = os.environ.get("OMP_NUM_THREADS", "").split(",")[0].strip()
    if asked.isdigit() and int(asked) > 0:
        return int(asked)
    allowed = processors()
    cores = set()
    for cpu in allowed:
        try:
            cores.add((Path(topology) / f"cpu{cpu}" / "topology" / "thread_siblings_list").read_text())
        except OSError:
            return len(allowed)
    return len(cores)
