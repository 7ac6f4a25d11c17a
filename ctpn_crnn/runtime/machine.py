"""Abilities of this machine: processor flags, GPU, cores. Imports no framework."""

from __future__ import annotations

import os
import warnings
from functools import lru_cache
from pathlib import Path

BFLOAT16_MATRIX_FLAG = "amx_bf16"
BFLOAT16_FLAGS = frozenset({BFLOAT16_MATRIX_FLAG, "avx512_bf16"})
"""Processor flags of which one is enough; without them bfloat16 is emulated, slower than float32."""

INT8_SUM_FLAGS = ("amx_int8", "avx512_vnni", "avx_vnni", "asimddp")
"""Processor flags of which one is enough to sum products of 8 bits in 32: AMX, VNNI, the dot products of ARM64."""

INT8_PAIR_FLAG = "avx2"
"""Flag of x86 processors that add pairs of products of 8 bits in 16, which is still faster than float32."""


@lru_cache(maxsize=1)
def processor_flags() -> frozenset[str]:
    """Return the instruction sets of the processor under Linux' names, on Linux, Windows and macOS.

    They are those that the system reports and those that the model is known for: macOS does not list Apple's own.
    """
    from archspec.cpu import host
    from archspec.cpu.detect import detected_info

    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # of a system that tells nothing: then there are no flags
        return frozenset(detected_info().features | host().features)


def has_bfloat16() -> bool:
    """Tell whether the processor computes in bfloat16."""
    return bool(BFLOAT16_FLAGS & processor_flags())


def has_bfloat16_matrices() -> bool:
    """Tell whether the processor multiplies whole matrices in bfloat16 (AMX)."""
    return BFLOAT16_MATRIX_FLAG in processor_flags()


def int8_flag() -> str | None:
    """Return the flag by which the processor is faster in 8-bit integers than in float32, the fastest; None without."""
    flags = processor_flags()
    return next((flag for flag in (*INT8_SUM_FLAGS, INT8_PAIR_FLAG) if flag in flags), None)


def has_int8_sums() -> bool:
    """Tell whether the processor sums products of 8-bit integers in 32 bits in one instruction."""
    return int8_flag() in INT8_SUM_FLAGS


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
