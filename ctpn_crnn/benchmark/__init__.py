"""Our runtimes and other OCR engines on the same pages in one run: accuracy, time, cold start, memory.

`worker.py` runs one engine in a process of its own, `engine_process.py` talks with it, `bench.py` takes the turns and
adds up, `report.py` writes it down.
"""

from ctpn_crnn.benchmark.bench import Plan, run_benchmark
from ctpn_crnn.benchmark.engine_process import OUR_ENGINES, EngineProcess, EngineSpec
from ctpn_crnn.benchmark.report import benchmark_tables, benchmark_to_dict

__all__ = [
    "OUR_ENGINES",
    "EngineProcess",
    "EngineSpec",
    "Plan",
    "benchmark_tables",
    "benchmark_to_dict",
    "run_benchmark",
]
