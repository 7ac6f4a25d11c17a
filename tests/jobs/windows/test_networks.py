import json

import pytest

from ctpn_crnn.ctpn.spec import ANCHOR_HEIGHTS
from ctpn_crnn.errors import ConfigError, WeightsError
from ctpn_crnn.jobs.windows import networks
from ctpn_crnn.jobs.windows.preprocessing import Preprocessing


class FakeNetwork:
    config = {"classes": ["background", "text", "formula"], "heights": list(ANCHOR_HEIGHTS)}
    charset = None


@pytest.fixture
def fake(monkeypatch):
    monkeypatch.setattr(networks, "load_network", lambda kind, weights, runtime: FakeNetwork())


def definition(folder, content):
    path = folder / "model.json"
    path.write_text(content if isinstance(content, str) else json.dumps(content), encoding="utf-8")
    return path


def test_a_definition_names_the_classes(fake, tmp_path):
    path = definition(
        tmp_path, {"classes": ["ground", "text", "stamp"], "heights": [round(h, 4) for h in ANCHOR_HEIGHTS]}
    )
    network = networks.load_ctpn(path, None, Preprocessing())
    assert network.config["classes"] == ["ground", "text", "stamp"]
    assert networks.load_ctpn(None, None, Preprocessing()).config == FakeNetwork.config


@pytest.mark.parametrize(
    "content, message",
    [
        ({"classes": ["background", "text"]}, "names 2 classes, but those of the shipped weights are 3"),
        ({"heights": [11, 22]}, "anchor heights"),
        ({"heights": [h + 1 for h in ANCHOR_HEIGHTS]}, "anchor heights"),
    ],
)
def test_a_definition_of_other_weights(fake, tmp_path, content, message):
    with pytest.raises(WeightsError, match=message):
        networks.load_ctpn(definition(tmp_path, content), None, Preprocessing())


@pytest.mark.parametrize(
    "content, message",
    [
        ("layer {", "is not JSON"),
        ([1], "not list"),
        ({"layers": 3}, "not layers"),
        ({"classes": ["text"]}, "classes must be"),
        ({"classes": ["a", "a"]}, "classes must be"),
        ({"heights": []}, "heights a list"),
        ({"heights": [11, -1]}, "heights a list"),
        ({"heights": "11"}, "heights a list"),
    ],
)
def test_malformed_definitions(tmp_path, content, message):
    with pytest.raises(ConfigError, match=message):
        networks.read_definition(definition(tmp_path, content))


def test_missing_definition(tmp_path):
    with pytest.raises(ConfigError, match="model_def .* cannot be read"):
        networks.read_definition(tmp_path / "none.json")


def test_reader_of_another_charset(monkeypatch):
    class Reader:
        config = {"num_classes": 38}
        charset = "abc"

    monkeypatch.setattr(networks, "load_network", lambda kind, weights, runtime: Reader())
    with pytest.raises(WeightsError, match="37 characters apart, but its charset has 3"):
        networks.load_reader(None)
    Reader.config = {"num_classes": 4}
    assert networks.load_reader(None).charset.decode([1, 3]) == "ac"
