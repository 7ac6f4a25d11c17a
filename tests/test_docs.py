"""What the documents show must work."""

import doctest
import re
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent
DOCUMENTS = sorted([ROOT / "README.md", *(ROOT / "docs").glob("*.md")])


@pytest.mark.parametrize("path", DOCUMENTS, ids=lambda path: path.name)
def test_examples_in_documents(path):
    failed, _ = doctest.testfile(str(path), module_relative=False, optionflags=doctest.ELLIPSIS)
    assert failed == 0


@pytest.mark.parametrize("path", DOCUMENTS, ids=lambda path: path.name)
def test_links_and_scripts_exist(path):
    text = path.read_text(encoding="utf-8")
    links = [link for link in re.findall(r"\]\(([^)#]+)\)", text) if "://" not in link]
    scripts = [ROOT / script for script in re.findall(r"python ((?:tools|docs)/\w+\.py)", text)]
    assert all((path.parent / link).exists() for link in links), links
    assert all(script.exists() for script in scripts), scripts


def test_options_named_in_the_documents_exist(load_tool, capsys):
    """Every --option after a script's name in a command of the documents is one that the script has."""
    commands = re.findall(
        r"python (tools/\w+\.py)([^\n`]*(?:\\\n[^\n`]*)*)", "".join(p.read_text("utf-8") for p in DOCUMENTS)
    )
    assert commands
    sources = {script: (ROOT / script).read_text(encoding="utf-8") for script, _ in commands}
    for script, module in {
        "tools/demo.py": "read",
        "tools/evaluate.py": "evaluate",
        "tools/detect.py": "detect",
    }.items():  # thin over these
        parts = [ROOT / "ctpn_crnn" / "commands" / f"{name}.py" for name in (module, "arguments")]
        sources[script] = "".join(part.read_text(encoding="utf-8") for part in parts)
    for name in ("train_crnn", "train_ctpn"):  # options made of the fields of a dataclass
        with pytest.raises(SystemExit):
            load_tool(name).main(["--help"])
        options = re.findall(r"--[a-z0-9-]+", capsys.readouterr().out)
        sources[f"tools/{name}.py"] = " ".join(f'"{option}"' for option in options)
    for script, rest in commands:
        for option in re.findall(r"(?<=\s)--[a-z0-9-]+", rest.split("#")[0]):
            assert f'"{option}"' in sources[script], f"{script} has no {option}"


def test_package_is_light():
    code = "import ctpn_crnn, sys; print([m for m in ('tensorflow', 'keras', 'cv2') if m in sys.modules])"
    output = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True, cwd=ROOT).stdout
    assert "tensorflow" not in output and "keras" not in output
