import keras
import numpy as np
import pytest

from ctpn_crnn.training.optimizers import averaged_weights, build_optimizer, steps_taken
from ctpn_crnn.training.options import TrainingOptions


def trained(steps, **options):
    """A single weight and a bias, trained to be large."""
    keras.utils.set_random_seed(0)
    x = keras.Input((1,))
    model = keras.Model(x, keras.layers.Dense(1, kernel_initializer="zeros", name="dense")(x))
    options = TrainingOptions(**{"learning_rate": 0.1, "warmup_steps": 0, "final_rate": 1.0, **options})
    model.compile(build_optimizer(options, model), loss="mse", run_eagerly=True)
    kernels = []
    for _ in range(steps):
        model.train_on_batch(np.ones((1, 1)), np.full((1, 1), 9.0))
        kernels.append(float(model.get_layer("dense").kernel[0, 0]))
    return model, kernels


def test_the_average_is_used_within_the_block_only():
    model, kernels = trained(3, ema=0.5)
    # Keras begins the average with the first weights that it sees.
    expected = 0.5 * (0.5 * kernels[0] + 0.5 * kernels[1]) + 0.5 * kernels[2]
    with averaged_weights(model):
        assert float(model.get_layer("dense").kernel[0, 0]) == pytest.approx(expected, rel=1e-5)
    assert float(model.get_layer("dense").kernel[0, 0]) == kernels[-1]
    assert steps_taken(model.optimizer) == 3


def test_the_weights_come_back_after_an_error():
    model, kernels = trained(2, ema=0.9)
    with pytest.raises(KeyError), averaged_weights(model):
        raise KeyError
    assert float(model.get_layer("dense").kernel[0, 0]) == kernels[-1]


def test_without_an_average_the_weights_stay():
    model, kernels = trained(2, ema=0.0)
    with averaged_weights(model):
        assert float(model.get_layer("dense").kernel[0, 0]) == kernels[-1]


def test_the_end_of_fit_leaves_the_weights_alone():
    model, _ = trained(1, ema=0.99)
    model.fit(np.ones((4, 1)), np.full((4, 1), 9.0), batch_size=1, verbose=0)
    kernel = float(model.get_layer("dense").kernel[0, 0])
    with averaged_weights(model):
        assert float(model.get_layer("dense").kernel[0, 0]) < 0.9 * kernel


@pytest.mark.parametrize("name", ["adamw", "sgd"])
def test_kernels_decay_and_biases_do_not(name):
    model, _ = trained(0, optimizer=name, weight_decay=0.5)
    layer = model.get_layer("dense")
    layer.set_weights([np.ones((1, 1)), np.ones(1)])
    zero = [np.zeros((1, 1), np.float32), np.zeros(1, np.float32)]
    model.optimizer.apply([keras.ops.convert_to_tensor(g) for g in zero], model.trainable_variables)
    kernel, bias = layer.get_weights()
    assert kernel[0, 0] == pytest.approx(1 - 0.1 * 0.5)
    assert bias[0] == 1.0


def test_the_norm_of_the_whole_gradient_is_clipped():
    model, _ = trained(0, optimizer="sgd", clip_norm=1.0, weight_decay=0.0, ema=0.0)
    gradient = [keras.ops.convert_to_tensor(np.float32([[30.0]])), keras.ops.convert_to_tensor(np.float32([40.0]))]
    model.optimizer.apply(gradient, model.trainable_variables)
    kernel, bias = model.get_layer("dense").get_weights()
    assert (kernel[0, 0], bias[0]) == (pytest.approx(-0.06), pytest.approx(-0.08))
