"""Accuracy, time, cold start and memory of our runtimes and of other OCR engines, on the same pages in one run.

`worker.py` runs one engine in its own process, `engine_process.py` talks to that process, `comparison.py` lets the
engines take turns and adds up, `report.py` writes the tables. `detector_times.py` times the parts of our detector.
`kinds/` draws pictures of the kinds on which text was lost.
"""

from benchmarking.comparison import Plan, run_benchmark
from benchmarking.engine_process import OUR_ENGINES, EngineProcess, EngineSpec
from benchmarking.report import benchmark_tables, benchmark_to_dict

__all__ = [
    "OUR_ENGINES",
    "EngineProcess",
    "EngineSpec",
    "Plan",
    "benchmark_tables",
    "benchmark_to_dict",
    "run_benchmark",
]
