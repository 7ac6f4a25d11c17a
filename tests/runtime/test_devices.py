import sys
from types import SimpleNamespace

import keras  # noqa: F401 - imported while TensorFlow is the real one
import pytest

from ctpn_crnn.errors import ConfigError
from ctpn_crnn.runtime.devices import choose_gpus, hide_gpus, use_device


def fake_tensorflow(gpus, started):
    def set_visible_devices(devices, kind):
        if started:
            raise RuntimeError("already initialized")
        assert kind == "GPU"
        gpus[:] = devices

    config = SimpleNamespace(
        set_visible_devices=set_visible_devices,
        get_visible_devices=lambda kind: gpus,
        list_physical_devices=lambda kind: gpus,
        experimental=SimpleNamespace(
            set_memory_growth=lambda gpu, on: gpus.append((gpu, on)) if len(gpus) < 2 else None
        ),
    )
    return SimpleNamespace(config=config, __spec__="found")


@pytest.fixture
def environment(monkeypatch):
    monkeypatch.setenv("CUDA_VISIBLE_DEVICES", "0")
    return monkeypatch


def test_hiding_hides_the_gpus(environment):
    gpus = ["gpu0"]
    environment.setitem(sys.modules, "tensorflow", fake_tensorflow(gpus, started=False))
    hide_gpus()
    assert gpus == []


def test_gpus_in_use_cannot_be_hidden(environment):
    environment.setitem(sys.modules, "tensorflow", fake_tensorflow(["gpu0"], started=True))
    with pytest.raises(ConfigError, match="already"):
        hide_gpus()
    environment.setitem(sys.modules, "tensorflow", fake_tensorflow([], started=True))
    hide_gpus()


def test_a_gpu_that_is_not_there_is_refused(environment):
    environment.setitem(sys.modules, "tensorflow", fake_tensorflow([], started=False))
    environment.setattr("keras.backend.backend", lambda: "tensorflow")
    with pytest.raises(ConfigError, match="no GPU"):
        use_device("gpu")


def test_the_memory_of_a_gpu_grows_as_needed(environment):
    gpus = ["gpu0"]
    environment.setitem(sys.modules, "tensorflow", fake_tensorflow(gpus, started=False))
    environment.setattr("keras.backend.backend", lambda: "tensorflow")
    use_device("gpu")
    assert gpus[1] == ("gpu0", True)


@pytest.mark.parametrize("name", ["tpu", "gpu:", "gpu:x", "", "GPU", "auto:1", "cpu:0"])
def test_an_unknown_device_is_refused(name):
    with pytest.raises(ConfigError, match="give auto, cpu"):
        use_device(name)


def test_gpus_are_chosen_by_number():
    assert choose_gpus("auto", None, []) == []
    assert choose_gpus("cpu", None, ["x"]) == []
    assert choose_gpus("gpu", None, ["x", "y"]) == ["x", "y"]
    assert choose_gpus("gpu:1", 1, ["x", "y"]) == ["y"]
    with pytest.raises(ConfigError, match="no GPU can be used"):
        choose_gpus("gpu", None, [])
    with pytest.raises(ConfigError, match="gpu:0 to gpu:1"):
        choose_gpus("gpu:2", 2, ["x", "y"])
