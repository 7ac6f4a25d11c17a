import pytest
from PIL import Image

from benchmarking.comparison import EngineResult


@pytest.fixture(scope="module")
def tool(load_tool):
    return load_tool("benchmark")


@pytest.mark.parametrize(
    ("arguments", "told"),
    [
        ([], "give images, or a set"),
        (["a.png", "--set", "b"], "one of the two"),
        (["missing.png"], "missing.png"),
        (["--set", "missing"], "no such folder"),
        (["a.png", "--limit", "0"], "at least 1"),
        (["a.png", "--threads", "0"], "at least 1"),
        (["a.png", "--threads", "9999"], "processors here"),
        (["a.png", "--python", "rapidocr"], "ENGINE=PATH"),
        (["a.png", "--python", "nobody=/bin/sh"], "ENGINE=PATH"),
        (["a.png", "--json", "no/such/folder/x.json"], "cannot write"),
    ],
)
def test_bad_input_is_one_sentence_and_exit_2(tool, arguments, told, capsys):
    assert tool.main(arguments) == 2
    error = capsys.readouterr().err
    assert told in error and error.count("\n") == 1


def test_without_any_engine_there_is_no_result(tool, tmp_path, capsys, monkeypatch):
    Image.new("RGB", (40, 40)).save(tmp_path / "a.png")
    absent = EngineResult("easyocr", absent="the module easyocr is not installed")
    monkeypatch.setattr(tool, "run_benchmark", lambda *_: [absent])
    assert tool.main([str(tmp_path / "a.png"), "--engines", "easyocr"]) == 2
    told = capsys.readouterr()
    assert "easyocr: took no part" in told.out
    assert told.err == "benchmark: none of the engines could run; the reasons are listed below the table.\n"


def test_each_runtime_becomes_an_engine(tool, tmp_path):
    weights = tmp_path / "reader.h5"
    arguments = tool.parse_arguments(["a.png", "--engines", "onnx", "onnx-int8", "--crnn-weights", str(weights)])
    specs, absent = tool.engine_specs(arguments)
    assert absent == []
    told = [(spec.name, spec.engine, spec.options["runtime"], spec.options["precision"]) for spec in specs]
    assert told == [("onnx", "ours", "onnx", "float32"), ("onnx-int8", "ours", "onnx", "int8")]
    assert specs[1].options["weights"] == {"ctpn": None, "crnn": str(weights)}
