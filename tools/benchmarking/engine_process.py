"""An OCR engine in a child process: start it, let it read pages, end it."""

from __future__ import annotations

import json
import os
import queue
import subprocess
import sys
import tempfile
import threading
import time
from dataclasses import dataclass, field
from pathlib import Path
from types import TracebackType
from typing import Any

from ctpn_crnn.errors import CtpnCrnnError

OUR_ENGINES = {
    "keras": {"runtime": "keras", "precision": "float32"},
    "keras-bf16": {"runtime": "keras", "precision": "bfloat16"},
    "onnx": {"runtime": "onnx", "precision": "float32"},
    "onnx-int8": {"runtime": "onnx", "precision": "int8"},
}
"""Name of each of our runtimes in the benchmarks -> its arguments of `load_network`."""

WORKER = Path(__file__).with_name("worker.py")
_THREAD_VARIABLES = (
    "OMP_NUM_THREADS",
    "OMP_THREAD_LIMIT",  # tesseract's
    "OPENBLAS_NUM_THREADS",
    "MKL_NUM_THREADS",
    "TF_NUM_INTRAOP_THREADS",
)


class EngineError(CtpnCrnnError, RuntimeError):
    """An engine is not installed, died, did not answer in time, or could not read a page."""


@dataclass(frozen=True)
class EngineSpec:
    """An engine to run.

    Attributes:
        name: Its name in the tables, such as "onnx".
        engine: A key of `worker.OPENERS`.
        options: Its arguments, of types that JSON knows.
        python: The Python interpreter in whose environment it is installed.
    """

    name: str
    engine: str
    options: dict[str, Any] = field(default_factory=dict)
    python: str = sys.executable


class EngineProcess:
    """A running engine; a context manager that ends it.

    Args:
        spec: The engine.
        threads: Number of processors and threads that it may use.
        timeout: Seconds that it may take for the start, and for each page.

    Attributes:
        version: The version that the engine reports.

    Raises:
        EngineError: It is not installed or does not start; the message is the reason.
    """

    def __init__(self, spec: EngineSpec, threads: int, timeout: float) -> None:
        self.spec, self._timeout = spec, timeout
        self._errors = tempfile.TemporaryFile()
        self._answers: queue.Queue[str | None] = queue.Queue()
        asked = json.dumps({"engine": spec.engine, "threads": threads, "options": spec.options})
        self._began = time.perf_counter()
        try:
            self._process = subprocess.Popen(
                [spec.python, str(WORKER), asked],
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=self._errors,
                env=_environment(spec, threads),
                text=True,
                encoding="utf-8",
            )
        except OSError as error:
            self._errors.close()
            raise EngineError(f"cannot run {spec.python}: {error.strerror or error}") from error
        self._listener = threading.Thread(target=self._listen, daemon=True)
        self._listener.start()
        try:
            greeting = self._next()
            if "absent" in greeting:
                raise EngineError(greeting["absent"])
        except BaseException:
            self.close()
            raise
        self.version: str = greeting["ready"]

    def read(self, path: Path) -> dict[str, Any]:
        """Let the engine read a page; returns the answer of the worker.

        Raises:
            EngineError: It cannot read the page, or it died; `alive` tells which.
        """
        try:
            self._process.stdin.write(json.dumps({"image": str(path.absolute())}) + "\n")
            self._process.stdin.flush()
        except OSError as error:
            raise EngineError(self._last_words()) from error
        answer = self._next()
        if "error" in answer:
            raise EngineError(answer["error"])
        return answer

    @property
    def alive(self) -> bool:
        """Whether the process still runs."""
        return self._process.poll() is None

    @property
    def age(self) -> float:
        """Seconds since the start of the process."""
        return time.perf_counter() - self._began

    def close(self) -> None:
        """End the process; after 10 seconds it is killed."""
        try:
            self._process.stdin.close()
        except OSError:
            pass
        try:
            self._process.wait(10)
        except subprocess.TimeoutExpired:
            self._kill()
        self._listener.join()
        self._process.stdout.close()
        self._errors.close()

    def __enter__(self) -> EngineProcess:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        self.close()

    def _listen(self) -> None:
        for line in self._process.stdout:
            self._answers.put(line)
        self._answers.put(None)

    def _next(self) -> dict[str, Any]:
        try:
            line = self._answers.get(timeout=self._timeout)
        except queue.Empty:
            self._kill()
            raise EngineError(f"gave no answer within {self._timeout:g} s") from None
        if line is None:
            self._process.wait()
            raise EngineError(self._last_words())
        return json.loads(line)

    def _kill(self) -> None:
        self._process.kill()
        self._process.wait()

    def _last_words(self) -> str:
        self._errors.seek(0)
        said = self._errors.read().decode("utf-8", "replace").strip().splitlines()
        return f"died with exit code {self._process.poll()}" + (f": {said[-1]}" if said else "")


def _environment(spec: EngineSpec, threads: int) -> dict[str, str]:
    environment = {**os.environ, **{name: str(threads) for name in _THREAD_VARIABLES}, "TF_CPP_MIN_LOG_LEVEL": "2"}
    if spec.engine == "ours":  # other engines may run in another Python, which must not see our packages
        ours = str(WORKER.parents[2])
        environment["PYTHONPATH"] = os.pathsep.join(filter(None, (ours, os.environ.get("PYTHONPATH"))))
    return environment
