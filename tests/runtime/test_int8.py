"""Convolutions in 8-bit integers compute what they do in float32, but for rounding."""

from __future__ import annotations

import shutil
from pathlib import Path

import cv2
import numpy as np
import pytest

from ctpn_crnn.crnn.definition import CRNN_DEFINITION
from ctpn_crnn.ctpn.definition import CTPN_DEFINITION
from ctpn_crnn.ctpn.detector import Detector
from ctpn_crnn.errors import WeightsError
from ctpn_crnn.export.ranges import BINS, best_end, fit_ranges
from ctpn_crnn.runtime import int8, load_network, onnx_network
from ctpn_crnn.runtime.int8 import Int8Layers, quantize
from ctpn_crnn.runtime.machine import has_int8_sums
from ctpn_crnn.runtime.onnx_graph import Graph
from ctpn_crnn.runtime.onnx_layers import FloatLayers
from ctpn_crnn.runtime.onnx_network import GraphRun, OnnxNetwork
from ctpn_crnn.weights import set_ranges

DEFINITIONS = {"crnn": CRNN_DEFINITION, "ctpn": CTPN_DEFINITION}
SIZES = {"crnn": ((30, 90), (32, 200), (48, 64)), "ctpn": ((64, 96), (48, 112))}


@pytest.fixture(params=[7, 8])
def kernel_bits(request, monkeypatch):
    """Bits of a kernel: 7 where pairs of products are added in 16 bits, 8 where they are added in 32.

    Both run on every processor whose arithmetic allows it, whatever `Int8Layers` would choose there.
    """
    if request.param == 8 and not has_int8_sums():
        pytest.skip("8-bit kernels overflow on this processor: it does not add products of 8 bits in 32 (VNNI)")
    monkeypatch.setattr(int8, "has_int8_sums", lambda: request.param == 8)
    return request.param


@pytest.fixture(params=["crnn", "ctpn"])
def ranged(request, tmp_path):
    """Kind, weights file with ranges, and the images that they were measured on."""
    kind = request.param
    path = tmp_path / "weights.h5"
    shutil.copy(request.getfixturevalue("reader" if kind == "crnn" else "detector")[1], path)
    random, images = np.random.default_rng(0), []
    for number, size in enumerate(SIZES[kind]):
        images.append(tmp_path / f"{number}.png")
        cv2.imwrite(str(images[-1]), random.integers(0, 256, (*size, 3), np.uint8))
    set_ranges(path, fit_ranges(path, images))
    return kind, path, images


def test_a_network_in_int8_computes_nearly_the_same(ranged, kernel_bits):
    kind, path, _ = ranged
    batch = np.random.default_rng(1).integers(0, 256, (2, 32, 96, 1 if kind == "crnn" else 3), np.uint8)
    exact, rounded = (load_network(DEFINITIONS[kind], path, "onnx", precision) for precision in ("float32", "int8"))
    assert (exact.precision, rounded.precision) == ("float32", "int8")
    for expected, found in zip(exact.predict(batch), rounded.predict(batch), strict=True):
        assert found.shape == expected.shape
        spread = expected - expected.mean((0, 1), keepdims=True)
        assert np.abs(found - expected).max() > 0  # it is not float32 after all
        assert np.linalg.norm(found - expected) < 0.3 * np.linalg.norm(spread)


def run(make_layers, image, build):
    graph = Graph("test")
    maps = make_layers(graph)
    shape = ("n", *image.shape[1:])
    graph.output("y", build(maps, graph.input("image", shape)), ("n", "c", "h", "w"))
    return GraphRun(graph, 1)(image)[0]


@pytest.mark.parametrize(
    ("kernel", "how"),
    [((3, 3, 4, 8), {}), ((2, 2, 4, 8), {"strides": (2, 1)}), ((3, 3, 4, 256), {})],
)
def test_a_convolution_is_off_by_its_roundings_only(kernel, how, kernel_bits):
    random = np.random.default_rng(2)
    image = random.integers(0, 256, (2, 4, 8, 12)).astype(np.float32)
    weights = random.normal(size=kernel).astype(np.float32)
    bias = random.normal(size=kernel[3]).astype(np.float32) * 100

    def build(maps, x):
        y = maps.convolution(maps.start(x, np.ones(4), np.zeros(4)), "only", weights, bias, **how)
        return maps.finish(maps.max_pool(y, (2, 2)))

    expected = run(FloatLayers, image, build)
    end = float(expected.max())
    found = run(lambda graph: Int8Layers(graph, {"only": end}), image, build)
    assert found.shape == expected.shape and (expected == 0).any()
    assert np.abs(found - expected).max() < 0.02 * end
    assert np.abs(run(lambda graph: Int8Layers(graph, {"only": end / 2}), image, build).max() - end / 2) < 1e-3 * end


def test_the_input_is_normalised_and_its_padding_is_zero(kernel_bits):
    random = np.random.default_rng(5)
    image = random.integers(0, 256, (1, 3, 5, 6)).astype(np.float32)
    image[..., :2] = 0
    kernel = random.normal(size=(3, 3, 3, 2)).astype(np.float32)
    factors, offsets = np.array([0.02, 0.018, 0.016]), np.array([2.1, 1.8, 2.4])

    def build(maps, x):
        return maps.finish(maps.convolution(maps.start(x, factors, offsets), "only", kernel, np.zeros(2, np.float32)))

    expected = run(FloatLayers, image, build)
    found = run(lambda graph: Int8Layers(graph, {"only": float(expected.max())}), image, build)
    assert np.abs(found - expected).max() < 0.02 * expected.max()


def test_projection(kernel_bits):
    random = np.random.default_rng(3)
    image = random.uniform(-1, 1, (1, 5, 7, 64)).astype(np.float32)
    kernel, bias = random.normal(size=(64, 9)).astype(np.float32), random.normal(size=9).astype(np.float32)
    arrays = {"only/kernel": kernel, "only/bias": bias}
    found = run(lambda graph: Int8Layers(graph, {}), image, lambda maps, x: maps.projection(x, arrays, "only"))
    expected = image @ kernel + bias
    assert np.abs(found - expected).max() < 0.02 * np.abs(expected).max()


def test_kernels_use_all_steps_of_each_channel():
    kernel = np.random.default_rng(4).normal(size=(3, 3, 5, 4)).astype(np.float32) * [1, 100, 0, 0.01]
    weights, scales = quantize(kernel.astype(np.float32), 127)
    assert weights.dtype == np.int8 and weights.shape == (4, 5, 3, 3)
    assert np.abs(weights).max((1, 2, 3)).tolist() == [127, 127, 0, 127]
    error = weights * scales[:, None, None, None] - kernel.transpose(3, 2, 0, 1)
    assert (np.abs(error).max((1, 2, 3)) <= scales / 2 * 1.0001).all()


@pytest.mark.parametrize(("adds_in_32_bits", "greatest"), [(True, 127), (False, 63)])
def test_kernels_have_the_bits_that_the_processor_can_add(monkeypatch, adds_in_32_bits, greatest):
    monkeypatch.setattr(int8, "has_int8_sums", lambda: adds_in_32_bits)
    graph = Graph("test")
    maps = Int8Layers(graph, {"only": 1.0})
    x = maps.start(graph.input("image", (1, 16, 8, 8)), np.ones(16), np.zeros(16))
    maps.convolution(x, "only", np.ones((3, 3, 16, 16), np.float32), np.zeros(16, np.float32))
    (weights,) = (array for array in graph.constants.values() if array.dtype == np.int8)
    assert np.abs(weights.astype(int)).max() == greatest


def test_auto_takes_it_where_processor_and_file_can(ranged, reader, detector, monkeypatch):
    kind, path, _ = ranged
    for flag in ("avx2", "avx_vnni", "asimddp", None):
        monkeypatch.setattr(onnx_network, "int8_flag", lambda flag=flag: flag)
        assert OnnxNetwork(DEFINITIONS[kind], path).precision == ("int8" if flag else "float32")
        assert OnnxNetwork(DEFINITIONS[kind], (reader if kind == "crnn" else detector)[1]).precision == "float32"


def test_a_file_without_ranges_says_what_to_do(reader):
    with pytest.raises(WeightsError, match=r"fit_int8\.py"):
        OnnxNetwork(CRNN_DEFINITION, reader[1], "int8")


def test_a_few_outliers_do_not_set_the_range():
    histogram = np.zeros(BINS)
    histogram[: BINS // 2] = 1000
    assert best_end(histogram, 8.0) == pytest.approx(4.0, rel=0.05)
    histogram[-1] = 1
    assert best_end(histogram, 8.0) == pytest.approx(4.0, rel=0.1)
    assert best_end(np.ones(BINS), 8.0) == pytest.approx(8.0, rel=0.02)


@pytest.fixture(scope="module")
def float32_regions():
    """The sample page, and what the shipped detector finds on it in float32."""
    page = cv2.imread(str(Path(__file__).parents[2] / "docs" / "sample.png"))
    return page, Detector(network=load_network(CTPN_DEFINITION, None, "onnx", "float32")).detect(page)


def test_the_shipped_detector_finds_the_same_lines_in_int8(float32_regions, kernel_bits):
    page, expected = float32_regions
    network = load_network(CTPN_DEFINITION, None, "onnx", "int8")
    assert network.precision == "int8"
    found = Detector(network=network).detect(page)
    assert len(found) == len(expected) > 5
    for region in expected:
        distances = [np.abs(region.quad - other.quad).max() for other in found if other.kind == region.kind]
        assert min(distances) < 3  # pixels
