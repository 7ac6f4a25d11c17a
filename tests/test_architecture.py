"""The house stays in order: imports point down, the core stays small, files and functions stay short."""

from __future__ import annotations

import ast
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).parents[1]
PACKAGE = ROOT / "ctpn_crnn"
CORE = "recognizer.py layout refine ctpn crnn runtime weights documents page.py geometry.py files.py errors.py".split()


def _lines(path: Path) -> int:
    return len(path.read_text(encoding="utf-8").splitlines())


def _modules(*roots: Path) -> list[Path]:
    return [path for root in roots for path in ([root] if root.is_file() else sorted(root.rglob("*.py")))]


def test_imports_point_down_and_run_in_no_circle():
    # In a process of its own: import-linter sets up logging anew.
    code = "import sys; from importlinter.cli import lint_imports; sys.exit(lint_imports(no_cache=True))"
    run = subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=False)
    assert run.returncode == 0, run.stdout + run.stderr


def test_the_core_is_read_in_an_afternoon():
    assert sum(_lines(path) for path in _modules(*(PACKAGE / name for name in CORE))) <= 10_000


def test_no_file_is_longer_than_450_lines():
    assert not [path.name for path in _modules(PACKAGE, ROOT / "tools") if _lines(path) > 450]


def test_no_function_is_longer_than_60_lines():
    long = [
        f"{path.name}: {node.name}"
        for path in _modules(PACKAGE, ROOT / "tools")
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8")))
        if isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef)) and node.end_lineno - node.lineno + 1 > 60
    ]
    assert not long
