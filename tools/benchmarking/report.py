"""Results of a benchmark as markdown tables and as a dictionary for JSON."""

from __future__ import annotations

import platform
from collections.abc import Sequence
from dataclasses import asdict
from typing import Any

from benchmarking.comparison import EngineResult, Plan
from ctpn_crnn.evaluation.report import markdown_table
from ctpn_crnn.runtime.machine import processors

_HEADER = (
    "engine", "character F1", "CER", "s a page", "slowest page", "ms a line", "cold start s", "peak MB", "growth MB",
)  # fmt: skip


def benchmark_tables(results: Sequence[EngineResult], plan: Plan) -> str:
    """Return a table with a row for each engine, then engines that did not run, pages that failed, and the machine."""
    parts = [markdown_table(_HEADER, [_row(result) for result in results if result.absent is None])]
    parts += [f"- {result.name}: took no part, {result.absent}" for result in results if result.absent is not None]
    parts += [f"- {result.name}: failed at {page}: {reason}" for result in results for page, reason in result.failures]
    where = machine()
    parts.append(f"{where['processor']}, {plan.threads} of {where['processors']} processors, {where['system']}")
    return "\n\n".join(parts)


def benchmark_to_dict(results: Sequence[EngineResult], plan: Plan) -> dict[str, Any]:
    """Return all measurements, in seconds and bytes."""
    engines = [{**asdict(r), "seconds_a_page": r.seconds_a_page, "ms_a_line": r.ms_a_line} for r in results]
    return {"version": 1, "machine": machine(), "plan": asdict(plan), "engines": engines}


def machine() -> dict[str, Any]:
    """Return the processor, the number of processors, and the system of this machine."""
    processor = platform.processor() or platform.machine()
    try:
        with open("/proc/cpuinfo", encoding="utf-8", errors="replace") as file:
            names = [line.partition(":")[2].strip() for line in file if line.startswith("model name")]
        processor = names[0] if names else processor
    except OSError:
        pass
    system = f"{platform.system()}, Python {platform.python_version()}"
    return {"processor": processor, "processors": len(processors()), "system": system}


def _row(result: EngineResult) -> list[Any]:
    score = result.score or {}
    return [
        f"{result.name} {result.version}".strip(),
        score.get("character_f1"),
        score.get("cer"),
        result.seconds_a_page,
        max(result.seconds, default=None),
        result.ms_a_line,
        result.cold_start,
        result.peak / 1e6,
        None if result.growth is None else result.growth / 1e6,
    ]
