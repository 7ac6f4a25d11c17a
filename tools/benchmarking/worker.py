"""One OCR engine in its own process: reads the pages named on standard input and answers on standard output.

It runs as a script in any Python that has the engine, and itself needs the standard library only:

    python worker.py '{"engine": "tesseract", "threads": 2, "options": {}}'

The first line of output is {"ready": version} or {"absent": reason}. Then it answers each line of JSON {"image": path}
by {"seconds", "lines": [{"text", "quad", "confidence"}], "rss", "peak"}, with memory in bytes, or by {"error"}. What
the engine prints goes to standard error.
"""

from __future__ import annotations

import csv
import io
import json
import os
import resource
import subprocess
import sys
import time
from collections.abc import Callable
from importlib.metadata import PackageNotFoundError, version
from typing import Any

Read = Callable[[str], list[dict[str, Any]]]


class AbsentError(Exception):
    """The engine is not installed here, or cannot run; the message says what is missing."""


def open_ours(options: dict[str, Any], threads: int) -> tuple[Read, str]:
    """Our Recognizer."""
    from ctpn_crnn import Recognizer, __version__

    recognizer = Recognizer(**options)

    def read(path: str) -> list[dict[str, Any]]:
        lines = recognizer.recognize(path).lines
        return [_line(line.text, line.quad, line.confidence) for line in lines if line.kind == "text"]

    return read, __version__


def open_rapidocr(options: dict[str, Any], threads: int) -> tuple[Read, str]:
    """RapidOCR 2 and later with the models in its wheel."""
    from rapidocr import RapidOCR

    engine = RapidOCR(
        params={
            "Global.log_level": "error",
            "EngineConfig.onnxruntime.intra_op_num_threads": threads,
            "EngineConfig.onnxruntime.inter_op_num_threads": 1,
            **options,
        }
    )

    def read(path: str) -> list[dict[str, Any]]:
        found = engine(path)
        if found.boxes is None:
            return []
        return [_line(text, quad, score) for text, quad, score in zip(found.txts, found.boxes, found.scores)]

    return read, _version("rapidocr")


def open_rapidocr_onnxruntime(options: dict[str, Any], threads: int) -> tuple[Read, str]:
    """RapidOCR 1."""
    from rapidocr_onnxruntime import RapidOCR

    engine = RapidOCR(intra_op_num_threads=threads, **options)

    def read(path: str) -> list[dict[str, Any]]:
        found, _ = engine(path)
        return [_line(text, quad, float(score)) for quad, text, score in found or []]

    return read, _version("rapidocr_onnxruntime")


def open_easyocr(options: dict[str, Any], threads: int) -> tuple[Read, str]:
    """EasyOCR with models that are on this machine already: a benchmark downloads nothing."""
    import easyocr
    import torch

    torch.set_num_threads(threads)
    try:
        engine = easyocr.Reader(
            **{"lang_list": ["ch_sim", "en"], "gpu": False, "download_enabled": False, "verbose": False, **options}
        )
    except FileNotFoundError as error:
        raise AbsentError(f"its models are not on this machine ({error})") from error

    def read(path: str) -> list[dict[str, Any]]:
        return [_line(text, quad, score) for quad, text, score in engine.readtext(path)]

    return read, _version("easyocr")


def open_tesseract(options: dict[str, Any], threads: int) -> tuple[Read, str]:
    """The tesseract program, with its Chinese and English data if installed; it is started for each page."""
    program = options.get("program", "tesseract")
    try:
        about = subprocess.run([program, "--version"], capture_output=True, text=True, check=True).stdout
        listed = subprocess.run([program, "--list-langs"], capture_output=True, text=True, check=True).stdout
    except (OSError, subprocess.CalledProcessError) as error:
        raise AbsentError("no tesseract program on the path") from error
    known = [language for language in ("chi_sim", "eng") if language in listed.split()]
    if not known:
        raise AbsentError("tesseract has neither chi_sim nor eng data")
    languages = options.get("languages", "+".join(known))

    def read(path: str) -> list[dict[str, Any]]:
        command = [program, path, "stdout", "-l", languages, "tsv"]
        done = subprocess.run(command, capture_output=True, text=True, encoding="utf-8", errors="replace")
        if done.returncode:
            raise RuntimeError(done.stderr.strip().splitlines()[-1] if done.stderr.strip() else "tesseract failed")
        return tesseract_lines(done.stdout)

    return read, f"{about.split()[1]} ({languages})"


def tesseract_lines(table: str) -> list[dict[str, Any]]:
    """Return the lines of tesseract's TSV output: its words joined by spaces, in their common box."""
    lines: dict[tuple[str, ...], list[dict[str, str]]] = {}
    for row in csv.DictReader(io.StringIO(table), delimiter="\t", quoting=csv.QUOTE_NONE):
        if row["level"] == "5" and (row["text"] or "").strip():
            key = tuple(row[column] for column in ("page_num", "block_num", "par_num", "line_num"))
            lines.setdefault(key, []).append(row)
    return [_tesseract_line(words) for words in lines.values()]


def _tesseract_line(words: list[dict[str, str]]) -> dict[str, Any]:
    left, top = (min(float(word[side]) for word in words) for side in ("left", "top"))
    right = max(float(word["left"]) + float(word["width"]) for word in words)
    bottom = max(float(word["top"]) + float(word["height"]) for word in words)
    confidence = sum(float(word["conf"]) for word in words) / len(words) / 100
    quad = [[left, top], [right, top], [right, bottom], [left, bottom]]
    return _line(" ".join(word["text"] for word in words), quad, min(max(confidence, 0.0), 1.0))


OPENERS: dict[str, Callable[[dict[str, Any], int], tuple[Read, str]]] = {
    "ours": open_ours,
    "rapidocr": open_rapidocr,
    "rapidocr_onnxruntime": open_rapidocr_onnxruntime,
    "easyocr": open_easyocr,
    "tesseract": open_tesseract,
}


def _line(text: str, quad: Any, confidence: float) -> dict[str, Any]:
    return {"text": text, "quad": [[float(x), float(y)] for x, y in quad], "confidence": float(confidence)}


def _version(package: str) -> str:
    try:
        return version(package)
    except PackageNotFoundError:
        return "?"


def memory() -> tuple[int, int]:
    """Return bytes of memory held now, and the most held so far, by this process or by its largest child."""
    kibibytes = {"VmRSS": 0, "VmHWM": 0}
    try:
        with open("/proc/self/status", encoding="ascii", errors="replace") as file:
            for line in file:
                name, _, value = line.partition(":")
                if name in kibibytes:
                    kibibytes[name] = int(value.split()[0])
    except OSError:  # not Linux
        unit = 1 if sys.platform == "darwin" else 1024
        peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * unit
        return peak, peak
    children = resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss
    return 1024 * kibibytes["VmRSS"], 1024 * max(kibibytes["VmHWM"], children)


def limit_threads(threads: int) -> None:
    """Keep this process on `threads` processors: the one limit that every engine obeys."""
    if hasattr(os, "sched_setaffinity"):
        os.sched_setaffinity(0, sorted(os.sched_getaffinity(0))[:threads])


def answer_to(read: Read, path: str) -> dict[str, Any]:
    """Read a page; its time includes opening the file."""
    began = time.perf_counter()
    try:
        lines = read(path)
    except Exception as error:  # noqa: BLE001 - an error of any kind is reported, and the next page is read
        return {"error": f"{type(error).__name__}: {error}"}
    seconds = time.perf_counter() - began
    rss, peak = memory()
    return {"seconds": seconds, "lines": lines, "rss": rss, "peak": peak}


def main() -> int:
    """Open the engine and answer until standard input ends."""
    asked = json.loads(sys.argv[1])
    answers = os.fdopen(os.dup(1), "w", encoding="utf-8")
    os.dup2(2, 1)  # whatever the engine prints must not come between the answers

    def answer(content: dict[str, Any]) -> None:
        answers.write(json.dumps(content) + "\n")
        answers.flush()

    limit_threads(asked["threads"])
    try:
        read, engine_version = OPENERS[asked["engine"]](asked["options"], asked["threads"])
    except ModuleNotFoundError as error:
        answer({"absent": f"the module {error.name} is not installed"})
        return 0
    except Exception as error:  # noqa: BLE001 - an engine that cannot start is reported, whatever the reason
        answer({"absent": str(error) or type(error).__name__})
        return 0
    answer({"ready": engine_version})
    for line in sys.stdin:
        answer(answer_to(read, json.loads(line)["image"]))
    return 0


if __name__ == "__main__":
    # Python puts the script's folder first on the path; its files must not hide modules of the engine.
    sys.path[:] = [p for p in sys.path if os.path.abspath(p or ".") != os.path.dirname(os.path.abspath(__file__))]
    sys.exit(main())
