"""Engines read the same pages in turns: all engines page 1, then all engines page 2, and so on."""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from statistics import median
from typing import Any

import numpy as np

from benchmarking.engine_process import EngineError, EngineProcess, EngineSpec
from ctpn_crnn.datasets.samples import PageTruth
from ctpn_crnn.documents.images import load_image
from ctpn_crnn.errors import ConfigError
from ctpn_crnn.evaluation.pages import PageScore
from ctpn_crnn.page import Page, TextLine


@dataclass(frozen=True)
class Plan:
    """How engines are compared.

    Attributes:
        repeats: How often each engine reads each page.
        threads: Number of processors and threads of each engine.
        growth_pages: Number of pages read afterwards, over and over, to see whether memory grows; 0 for none.
        timeout: Seconds that an engine may take for its start, and for each page.
    """

    repeats: int = 1
    threads: int = 2
    growth_pages: int = 0
    timeout: float = 300.0

    def __post_init__(self) -> None:
        least = {"repeats": 1, "threads": 1, "growth_pages": 0, "timeout": 1}
        for name, smallest in least.items():
            if getattr(self, name) < smallest:
                raise ConfigError(f"{name} is {getattr(self, name)}: give at least {smallest}.")


@dataclass
class EngineResult:
    """Measurements of one engine.

    Attributes:
        name, version: Of the engine.
        absent: Why it did not run, or None.
        cold_start: Seconds from the start of its process to the text of the first page.
        seconds: Of each page read after that, in the order of reading.
        lines: Number of lines found on each of these pages.
        peak: Most memory held, in bytes.
        growth: Bytes by which its memory grew over `growth_pages` pages, or None.
        growth_pages: Number of pages read to measure the growth.
        score: `PageScore.summary()`, or None without ground truth.
        failures: (page, reason) of the pages that it could not read.
    """

    name: str
    version: str = ""
    absent: str | None = None
    cold_start: float | None = None
    seconds: list[float] = field(default_factory=list)
    lines: list[int] = field(default_factory=list)
    peak: int = 0
    growth: int | None = None
    growth_pages: int = 0
    score: dict[str, Any] | None = None
    failures: list[tuple[str, str]] = field(default_factory=list)

    @property
    def seconds_a_page(self) -> float | None:
        """Median over all pages read."""
        return median(self.seconds) if self.seconds else None

    @property
    def ms_a_line(self) -> float | None:
        """Time of all pages over the number of all lines, in milliseconds."""
        return 1000 * sum(self.seconds) / sum(self.lines) if sum(self.lines) else None


def run_benchmark(
    specs: Sequence[EngineSpec],
    pages: Sequence[PageTruth | Path],
    plan: Plan,
    on_turn: Callable[[str, str], None] = lambda engine, page: None,
) -> list[EngineResult]:
    """Let each engine read each page.

    At its start each engine reads the first page once more. This warms it up and counts as its cold start only. Then
    the engines take turns at each page, each time beginning with another engine, so that whatever slows the machine
    for a while slows all of them.

    Args:
        specs: The engines.
        pages: Images, or pages with their ground truth.
        plan: How they are compared.
        on_turn: Called with the names of engine and page before each turn.

    Raises:
        ConfigError: There is no page or no engine, or two engines have the same name.
        ImageError: The first page is no image.
    """
    if not pages or not specs:
        raise ConfigError("a benchmark needs at least one page and one engine.")
    if len({spec.name for spec in specs}) < len(specs):
        raise ConfigError("two engines have the same name: each may take part once.")
    load_image(_path(pages[0]))  # no engine could start with a first page that is no image
    results = [EngineResult(spec.name) for spec in specs]
    with contextlib.ExitStack() as stack:
        running: list[tuple[EngineProcess, EngineResult, PageScore | None]] = []
        for spec, result in zip(specs, results):
            on_turn(spec.name, "start")
            process = _start(spec, plan, _path(pages[0]), result)
            if process is not None:
                stack.enter_context(process)
                running.append((process, result, PageScore() if isinstance(pages[0], PageTruth) else None))
        _take_turns(running, pages, plan, on_turn)
        for process, result, score in running:
            if score is not None and result.seconds:
                result.score = score.summary()
            _measure_growth(process, result, [_path(page) for page in pages], plan.growth_pages, on_turn)
    return results


def _start(spec: EngineSpec, plan: Plan, first: Path, result: EngineResult) -> EngineProcess | None:
    try:
        process = EngineProcess(spec, plan.threads, plan.timeout)
    except EngineError as error:
        result.absent = str(error)
        return None
    try:
        answer = process.read(first)
    except EngineError as error:
        result.absent = f"it could not read the first page: {error}"
        process.close()
        return None
    result.version, result.cold_start, result.peak = process.version, process.age, answer["peak"]
    return process


def _take_turns(
    running: Sequence[tuple[EngineProcess, EngineResult, PageScore | None]],
    pages: Sequence[PageTruth | Path],
    plan: Plan,
    on_turn: Callable[[str, str], None],
) -> None:
    for turn in range(plan.repeats * len(pages)):
        page = pages[turn % len(pages)]
        shift = turn % max(len(running), 1)
        for process, result, score in [*running[shift:], *running[:shift]]:
            on_turn(result.name, _path(page).name)
            answer = _read(process, result, _path(page))
            if answer is None:
                continue
            result.seconds.append(answer["seconds"])
            result.lines.append(len(answer["lines"]))
            if score is not None and isinstance(page, PageTruth) and turn < len(pages):
                score.update(page, page_of(answer["lines"], page.path))


def _read(process: EngineProcess, result: EngineResult, path: Path) -> dict[str, Any] | None:
    if not process.alive:
        return None
    try:
        answer = process.read(path)
    except EngineError as error:
        result.failures.append((path.name, str(error)))
        return None
    result.peak = max(result.peak, answer["peak"])
    return answer


def _measure_growth(
    process: EngineProcess,
    result: EngineResult,
    paths: Sequence[Path],
    count: int,
    on_turn: Callable[[str, str], None],
) -> None:
    """Read pages again: memory that a page needs when it is read for the first time is no growth."""
    held = []
    for number in range(count):
        on_turn(result.name, f"memory {number + 1}/{count}")
        answer = _read(process, result, paths[number % len(paths)])
        if answer is not None:
            held.append(answer["rss"])
    result.growth, result.growth_pages = growth(held), len(held)


def growth(held: Sequence[int]) -> int | None:
    """Return the median of the last tenth of memory readings minus that of the first tenth; None for fewer than 2."""
    if len(held) < 2:
        return None
    tenth = max(len(held) // 10, 1)
    return int(median(held[-tenth:]) - median(held[:tenth]))


def page_of(lines: Sequence[dict[str, Any]], path: Path) -> Page:
    """Turn the lines of a worker's answer into a page; they stay in their order."""
    image = load_image(path)
    found = [TextLine(line["text"], line["confidence"], np.float32(line["quad"])) for line in lines]
    return Page(image.shape[1], image.shape[0], found, str(path))


def _path(page: PageTruth | Path) -> Path:
    return page.path if isinstance(page, PageTruth) else page
