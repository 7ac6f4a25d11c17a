import keras
import numpy as np
import pytest

from ctpn_crnn.ctpn.anchors import strips_of_quads
from ctpn_crnn.ctpn.network import CTPN, even_out_vgg16
from ctpn_crnn.geometry import box_to_quad
from ctpn_crnn.training.ctpn_heads import kept_features, split_at_features, train_head


@pytest.fixture(scope="module")
def built():
    keras.utils.set_random_seed(0)
    network = CTPN()
    return network, network.build_model()


def crop(seed):
    """A dark bar on white, and its strips."""
    top = int(np.random.default_rng(seed).integers(4, 36))
    image = np.full((64, 64, 3), 240, np.uint8)
    image[top : top + 18, 8:56] = 30
    return image, strips_of_quads([box_to_quad(8, top, 56, top + 18)], [1], (64, 64))


def test_the_two_parts_make_the_whole(built):
    _, model = built
    vgg16, head = split_at_features(model)
    image = np.stack([crop(0)[0]]).astype("float32")
    for mine, whole in zip(head(vgg16(image)), model(image)):
        np.testing.assert_allclose(mine, whole, atol=1e-5)


def test_features_are_those_of_the_network_and_truth_is_filled_up(built):
    vgg16, _ = split_at_features(built[1])
    (image, strips), (other, _) = crop(1), crop(2)
    batches = [(np.stack([image]), strips[None]), (np.stack([other]), strips[None, :1])]
    seen = []
    features, truth = kept_features(vgg16, iter(batches), seen.append)
    assert features.shape == (2, 4, 4, 512) and features.dtype == np.float16 and seen == [1, 2]
    np.testing.assert_allclose(features[1], vgg16(other[None].astype("float32"))[0], atol=1e-2)
    assert truth.shape == (2, len(strips), 7)
    assert (truth[1, 1:] == 0).all()


def test_the_head_learns_and_vgg16_stays(built):
    network, model = built
    vgg16, head = split_at_features(model)
    kept = [w.copy() for w in vgg16.get_weights()]
    batch = [crop(seed) for seed in range(4)]
    features, strips = kept_features(
        vgg16, iter([(np.stack([image for image, _ in batch]), np.stack([s for _, s in batch]))])
    )
    history = train_head(network, head, features, strips, epochs=12, batch_size=4, learning_rate=2e-3, samples=32)
    assert history["loss"][-1] < 0.7 * history["loss"][0]
    for before, after in zip(kept, vgg16.get_weights()):
        np.testing.assert_array_equal(before, after)


def test_evened_out_vgg16_has_the_same_features_but_for_one_factor():
    keras.utils.set_random_seed(3)
    model = CTPN().build_model()
    first = model.get_layer("block1_conv1")
    first.set_weights([first.get_weights()[0] * 300, first.get_weights()[1] + 5])
    images = np.stack([crop(seed)[0] for seed in range(2)])
    vgg16, _ = split_at_features(model)
    before = np.asarray(vgg16(images.astype("float32")))
    even_out_vgg16(model, images)
    after = np.asarray(vgg16(images.astype("float32")))
    assert np.sqrt(np.mean(after**2)) == pytest.approx(1, rel=1e-3)
    np.testing.assert_allclose(after * np.sqrt(np.mean(before**2)), before, rtol=1e-3, atol=1e-4 * before.max())
