import sys
from types import SimpleNamespace

import keras  # noqa: F401 - imported while TensorFlow is the real one
import pytest

from ctpn_crnn.errors import ConfigError
from ctpn_crnn.jobs.windows.device import use_cpu, use_gpu


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


def test_cpu_hides_the_gpus(environment):
    gpus = ["gpu0"]
    environment.setitem(sys.modules, "tensorflow", fake_tensorflow(gpus, started=False))
    use_cpu()
    assert gpus == []


def test_cpu_when_a_gpu_is_in_use(environment):
    environment.setitem(sys.modules, "tensorflow", fake_tensorflow(["gpu0"], started=True))
    with pytest.raises(ConfigError, match="already"):
        use_cpu()
    environment.setitem(sys.modules, "tensorflow", fake_tensorflow([], started=True))
    use_cpu()


def test_gpu_that_is_not_there(environment):
    environment.setitem(sys.modules, "tensorflow", fake_tensorflow([], started=False))
    environment.setattr("keras.backend.backend", lambda: "tensorflow")
    with pytest.raises(ConfigError, match="no GPU"):
        use_gpu()


def test_gpu_that_is_there_grows_its_memory(environment):
    gpus = ["gpu0"]
    environment.setitem(sys.modules, "tensorflow", fake_tensorflow(gpus, started=False))
    environment.setattr("keras.backend.backend", lambda: "tensorflow")
    use_gpu()
    assert gpus[1] == ("gpu0", True)
