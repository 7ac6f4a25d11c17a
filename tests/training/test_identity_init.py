import keras
import numpy as np

from ctpn_crnn.training.identity_init import let_through


def test_output_is_a_multiple_of_the_input():
    keras.utils.set_random_seed(0)
    layers = [keras.layers.Bidirectional(keras.layers.LSTM(16, return_sequences=True)) for _ in range(2)]
    features = np.maximum(np.random.default_rng(0).normal(size=(3, 20, 32)), 0).astype("float32") * 7
    for layer in layers:
        layer.build((None, None, 32))
    factor = let_through(layers, features)
    output = features
    for layer in layers:
        output = np.asarray(layer(output))
    error = np.abs(output / factor - features).mean() / features.mean()
    assert error < 0.15
    head = np.random.default_rng(1).normal(size=(32, 40))
    same = ((features @ head).argmax(-1) == (output @ head).argmax(-1)).mean()
    assert same > 0.85


def test_all_zero_features_do_not_divide_by_zero():
    layer = keras.layers.Bidirectional(keras.layers.LSTM(2, return_sequences=True))
    layer.build((None, None, 4))
    let_through([layer], np.full((1, 3, 4), 1e-9, "float32"))
    assert all(np.isfinite(w).all() for w in layer.get_weights())
