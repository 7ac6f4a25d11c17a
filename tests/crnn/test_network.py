import keras
import numpy as np
import pytest
from keras import ops

from ctpn_crnn.crnn.network import CRNN
from ctpn_crnn.crnn.spec import CRNNSpec
from ctpn_crnn.errors import ConfigError


@pytest.fixture(scope="module")
def network():
    crnn = CRNN(CRNNSpec(num_classes=11))
    return crnn, crnn.build_model()


def test_every_stage_has_the_shape_of_the_paper(network):
    """Table 1 of the paper and the document: (1, 32, 160) -> (512, 1, 40) -> 40 steps."""
    crnn = CRNN(CRNNSpec(num_classes=37))
    image = keras.Input((32, 160, 1))
    net_out = crnn.inference(image, name="crnn")
    probe = keras.Model(image, [layer.output for layer in map(keras.Model(image, net_out).get_layer, _STAGES)])
    features = [tuple(output.shape[1:]) for output in probe.outputs]
    assert features == list(_STAGES.values())
    assert tuple(net_out.shape) == (40, None, 37)
    assert tuple(crnn.raw_pred.shape) == (40, None)


_STAGES = {
    "relu1": (32, 160, 64), "pool1": (16, 80, 64), "relu2": (16, 80, 128), "pool2": (8, 40, 128), "relu3": (8, 40, 256),
    "relu4": (8, 40, 256), "pool4": (4, 40, 256), "relu5": (4, 40, 512), "relu6": (4, 40, 512), "pool6": (2, 40, 512),
    "relu7": (1, 40, 512), "map_to_sequence_module": (40, 512), "bilstm1": (40, 512), "bilstm2": (40, 512),
    "logits": (40, 37),
}  # fmt: skip


def test_parameter_count_follows_from_the_layers(network):
    """Worked out by hand from kernel sizes; batch normalisation only after convolutions 5 and 6."""
    conv = (9 * 1 * 64 + 64) + (9 * 64 * 128 + 128) + (9 * 128 * 256 + 256) + (9 * 256 * 256 + 256)
    conv += 9 * 256 * 512 + 4 * 512 + 9 * 512 * 512 + 4 * 512 + (4 * 512 * 512 + 512)
    lstm = 2 * 2 * 4 * 256 * (512 + 256 + 1)
    assert network[1].count_params() == conv + lstm + 512 * 11 + 11


def test_input_is_divided_by_255(network):
    crnn, model = network
    image = np.random.default_rng(0).uniform(0, 255, (1, 32, 32, 1)).astype("float32")
    scaled = keras.Model(model.input, model.get_layer("scale").output)(image)
    np.testing.assert_allclose(ops.convert_to_numpy(scaled), image / 255, rtol=1e-6)


def test_time_runs_along_the_width(network):
    """A change at the right end of the line changes the last frames of the features, not the first."""
    _, model = network
    features = keras.Model(model.input, model.get_layer("map_to_sequence_module").output)
    plain = np.zeros((1, 32, 160, 1), "float32")
    marked = plain.copy()
    marked[:, :, 152:] = 255
    change = np.abs(ops.convert_to_numpy(features(marked) - features(plain))).sum((0, 2))
    assert change[:24].max() == 0
    assert change[38:].min() > 0


def test_net_out_is_time_major_and_the_model_batch_major(network):
    crnn, model = network
    lines = np.random.default_rng(1).uniform(0, 255, (3, 32, 48, 1)).astype("float32")
    net_out = ops.convert_to_numpy(crnn.inference(lines, name="crnn", reuse=True))
    logits = ops.convert_to_numpy(model(lines))
    assert net_out.shape == (12, 3, 11)
    np.testing.assert_allclose(net_out.transpose(1, 0, 2), logits, atol=1e-5)
    np.testing.assert_array_equal(ops.convert_to_numpy(crnn.raw_pred), net_out.argmax(-1))


def test_any_width_and_lines_of_a_batch_do_not_mix(network):
    _, model = network
    lines = np.random.default_rng(2).uniform(0, 255, (2, 32, 64, 1)).astype("float32")
    together = ops.convert_to_numpy(model(lines))
    alone = ops.convert_to_numpy(model(lines[1:]))
    np.testing.assert_allclose(together[1:], alone, atol=1e-5)
    assert model(lines[:, :, :20]).shape == (2, 5, 11)


def test_reuse_follows_variable_scopes():
    crnn = CRNN(CRNNSpec(num_classes=3))
    image = np.random.default_rng(0).uniform(0, 255, (1, 32, 16, 1)).astype("float32")
    with pytest.raises(ConfigError, match="reuse"):
        crnn.inference(image, name="a", reuse=True)
    first = crnn.inference(image, name="a")
    with pytest.raises(ConfigError, match="reuse"):
        crnn.inference(image, name="a")
    np.testing.assert_array_equal(crnn.inference(image, name="a", reuse=True), first)
    assert not np.allclose(crnn.inference(image, name="b"), first)  # Weights of its own.


def test_keras_saves_and_loads_it(network, tmp_path):
    _, model = network
    model.save(tmp_path / "crnn.keras")
    loaded = keras.models.load_model(tmp_path / "crnn.keras")
    line = np.random.default_rng(3).uniform(0, 255, (1, 32, 24, 1)).astype("float32")
    np.testing.assert_allclose(loaded(line), model(line), atol=1e-6)
