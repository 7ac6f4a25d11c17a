#!/usr/bin/env python3
"""Measure our runtimes and other OCR engines on the same pages: accuracy, time, cold start, memory."""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

from benchmarking import OUR_ENGINES, EngineSpec, Plan, benchmark_tables, benchmark_to_dict, run_benchmark
from benchmarking.comparison import EngineResult
from ctpn_crnn.commands.arguments import HelpFormatter
from ctpn_crnn.commands.running import run_command
from ctpn_crnn.datasets import PageTruth, read_detection_set
from ctpn_crnn.errors import ConfigError, DatasetError
from ctpn_crnn.evaluation.report import to_json
from ctpn_crnn.files import writable, write_bytes
from ctpn_crnn.runtime.machine import has_bfloat16, processors

PEERS = ("rapidocr", "rapidocr_onnxruntime", "easyocr", "tesseract")
ENGINES = (*OUR_ENGINES, *PEERS)

EPILOG = f"""\
engines: {", ".join(ENGINES)}; those that are not installed are listed as absent

examples:
  python tools/benchmark.py --set icdar/ --limit 20 --json run.json
  python tools/benchmark.py page.png --engines onnx rapidocr --python rapidocr=/opt/rapidocr/bin/python --repeats 5
  python tools/benchmark.py scans/*.png --engines onnx --growth-pages 500

exit codes: 0 done, 1 some pages failed in some engine (they are named), 2 bad usage or input, 130 interrupted
"""


def parse_arguments(argv: list[str] | None = None) -> argparse.Namespace:
    """Parse the command line."""
    p = argparse.ArgumentParser(description=__doc__, epilog=EPILOG, formatter_class=HelpFormatter)
    p.add_argument(
        "images", nargs="*", type=Path, metavar="IMAGE", help="images without ground truth; no accuracy is measured"
    )
    p.add_argument("--set", type=Path, metavar="DIR", help="detection set with texts, instead of images")
    p.add_argument("--limit", type=int, metavar="N", help="read the first N pages only")
    p.add_argument(
        "--engines", nargs="+", choices=ENGINES, default=list(ENGINES), metavar="ENGINE", help="engines to run"
    )
    p.add_argument("--python", action="append", default=[], metavar="ENGINE=PATH",
                   help="Python interpreter of an engine with its own environment")  # fmt: skip
    p.add_argument("--ctpn-weights", type=Path, metavar="FILE", help="weights of our detector (None: those shipped)")
    p.add_argument("--crnn-weights", type=Path, metavar="FILE", help="weights of our reader (None: those shipped)")
    p.add_argument(
        "--threads",
        type=int,
        default=min(2, len(processors())),
        metavar="N",
        help="number of processors and threads of each engine",
    )
    p.add_argument("--repeats", type=int, default=1, metavar="N", help="how often each page is read")
    p.add_argument(
        "--growth-pages", type=int, default=0, metavar="N", help="read N more pages to measure the growth of memory"
    )
    p.add_argument(
        "--timeout", type=float, default=300.0, metavar="S", help="seconds allowed for a start and for a page"
    )
    p.add_argument("--json", type=Path, metavar="FILE", help="write all measurements to this file")
    p.add_argument("--markdown", type=Path, metavar="FILE", help="write the table to this file, too")
    return p.parse_args(argv)


def main(argv: list[str] | None = None) -> int:
    """Run the benchmark; returns the exit code."""
    arguments = parse_arguments(argv)
    return run_command(lambda: benchmark(arguments), name="benchmark")


def benchmark(arguments: argparse.Namespace) -> int:
    """Measure, print and write the results; returns the exit code."""
    for path in (arguments.json, arguments.markdown):
        if path:
            writable(path)
    available = len(processors())
    if arguments.threads > available:
        raise ConfigError(f"--threads {arguments.threads}: there are {available} processors here; give no more.")
    plan = Plan(arguments.repeats, arguments.threads, arguments.growth_pages, arguments.timeout)
    specs, absent = engine_specs(arguments)
    results = [*run_benchmark(specs, chosen_pages(arguments), plan, show_turn), *absent]
    tables = benchmark_tables(results, plan)
    print(tables)
    if arguments.markdown:
        write_bytes(arguments.markdown, (tables + "\n").encode())
    if arguments.json:
        write_bytes(arguments.json, to_json(benchmark_to_dict(results, plan)).encode())
    if all(result.absent is not None for result in results):
        raise ConfigError("none of the engines could run; the reasons are listed below the table.")
    return 1 if any(result.failures for result in results) else 0


def chosen_pages(arguments: argparse.Namespace) -> list[PageTruth] | list[Path]:
    """Return the pages to read, at least one."""
    if bool(arguments.images) == bool(arguments.set):
        raise ConfigError("give images, or a set by --set; one of the two.")
    pages = read_detection_set(arguments.set) if arguments.set else arguments.images
    if arguments.limit is not None and arguments.limit < 1:
        raise ConfigError(f"--limit {arguments.limit}: give at least 1.")
    if not pages:
        raise DatasetError(f"{arguments.set}: there are no pages in it.")
    return pages[: arguments.limit]


def engine_specs(arguments: argparse.Namespace) -> tuple[list[EngineSpec], list[EngineResult]]:
    """Return the engines to start, and results for those that cannot run on this processor."""
    pythons = interpreters(arguments.python)
    weights = {"ctpn": arguments.ctpn_weights, "crnn": arguments.crnn_weights}
    specs, absent = [], []
    for name in dict.fromkeys(arguments.engines):
        if name == "keras-bf16" and not has_bfloat16():
            absent.append(EngineResult(name, absent="this processor does not compute in bfloat16"))
        elif name in PEERS:
            specs.append(EngineSpec(name, name, {}, pythons.get(name, sys.executable)))
        else:
            files = {kind: path and str(path.absolute()) for kind, path in weights.items()}
            options = {**OUR_ENGINES[name], "weights": files}
            specs.append(EngineSpec(name, "ours", options, pythons.get(name, sys.executable)))
    if not specs:
        raise ConfigError("none of the engines can run: " + "; ".join(f"{r.name}: {r.absent}" for r in absent))
    return specs, absent


def interpreters(given: list[str]) -> dict[str, str]:
    """Parse the arguments of --python, each ENGINE=PATH."""
    pythons = {}
    for text in given:
        name, equals, path = text.partition("=")
        if not equals or name not in ENGINES or not Path(path).is_file():
            raise ConfigError(f"--python {text}: write ENGINE=PATH with an engine of {', '.join(ENGINES)} and a file.")
        pythons[name] = path
    return pythons


def show_turn(engine: str, page: str) -> None:
    """Show the progress if stderr is a terminal."""
    if sys.stderr.isatty():
        print(f"\r{engine}: {page}\x1b[K", end="\r", file=sys.stderr, flush=True)


if __name__ == "__main__":
    sys.exit(main())
