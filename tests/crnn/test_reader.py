import copy
import math
import pickle

import numpy as np
import pytest

from ctpn_crnn.crnn.charset import Charset
from ctpn_crnn.crnn.line_image import line_image
from ctpn_crnn.crnn.reader import LineReader, character_spans
from ctpn_crnn.crnn.second_reading import Variant
from ctpn_crnn.errors import ConfigError, ImageError, WeightsError
from ctpn_crnn.training.ngram_counting import NgramCounter


class ColumnNetwork:
    """Reads a line whose columns are painted in levels: each frame's class is the level of its pixels, times 10."""

    charset = "abcdefgh "
    config = {}

    def __init__(self):
        self.shapes = []

    def predict(self, batch):
        self.shapes.append(batch.shape)
        levels = batch[:, 16, ::4, 0].astype(int) // 10
        return (np.eye(len(self.charset) + 1)[levels].astype("float32") * 20,)


def painted(classes, frames_each=2, height=32):
    row = np.repeat(np.array(classes, np.uint8) * 10 + 5, 4 * frames_each)
    return np.tile(row, (height, 1))


def test_reads_in_the_order_given_whatever_the_batches():
    network = ColumnNetwork()
    reader = LineReader(network=network, batch_pixels=256)
    crops = [painted([0, 1, 0, 1, 2, 0]), painted([3, 0]), painted([4, 5, 0, 5, 0] * 6), painted([0, 6])]
    readings = reader.read(crops)
    assert [r.text for r in readings] == ["aab", "c", "dee" * 6, "f"]
    assert all(r.confidence > 0.99 for r in readings)
    assert all(shape[0] * shape[2] <= 256 for shape in network.shapes)


def test_chars_stand_where_the_text_is():
    (reading,) = LineReader(network=ColumnNetwork()).read([painted([0, 1, 0, 0, 2, 0])])
    assert [c.text for c in reading.chars] == ["a", "b"]
    a, b = reading.chars
    assert a.start < 1.5 / 6 < a.end
    assert b.start < 4.5 / 6 < b.end
    assert a.end == pytest.approx(b.start)
    assert 0 <= a.start and b.end <= 1


def test_spaces_inside_stay_and_at_the_ends_go():
    (reading,) = LineReader(network=ColumnNetwork()).read([painted([9, 0, 1, 9, 2, 0, 9])])
    assert reading.text == "a b"
    assert [c.text for c in reading.chars] == ["a", " ", "b"]


def test_beam_search_reads_the_same_sure_line():
    crop = painted([1, 1, 0, 1, 2, 3, 0])
    greedy = LineReader(network=ColumnNetwork()).read([crop])[0]
    beam = LineReader(network=ColumnNetwork(), beam_width=5).read([crop])[0]
    assert greedy.text == beam.text == "aabc"
    assert [c.start for c in beam.chars] == pytest.approx([c.start for c in greedy.chars], abs=0.15)


class UnsureNetwork(ColumnNetwork):
    """Every frame of a character shows it at 10 and the next one of the charset at 9.9."""

    def predict(self, batch):
        (logits,) = super().predict(batch)
        unsure = logits / 2 + np.roll(logits, 1, -1) * 0.495
        return (np.where(logits[..., :1] > 0, logits, unsure),)


def cab_model():
    counter = NgramCounter()
    counter.add("cab cab cab")
    return counter.model()


def test_a_language_model_changes_what_is_unsure(tmp_path):
    cab_model().save(tmp_path / "lm.npz")
    crop = painted([0, 3, 0, 1, 0, 1, 0], frames_each=1)
    options = {"network": UnsureNetwork(), "lm_weight": 1.0, "length_bonus": 3.0, "second_look": 0}
    assert LineReader(network=UnsureNetwork(), language_model=None, second_look=0).read([crop])[0].text == "caa"
    for model in (cab_model(), tmp_path / "lm.npz", str(tmp_path / "lm.npz")):
        assert LineReader(**options, language_model=model).read([crop])[0].text == "cab"
    (reading,) = LineReader(**options, language_model=cab_model()).read([crop])
    assert [char.text for char in reading.chars] == list("cab")
    assert reading.chars[2].confidence == pytest.approx(1 / (1 + math.exp(0.1)), abs=0.001)


def test_the_shipped_model_is_for_those_who_do_not_choose(monkeypatch):
    monkeypatch.setattr("ctpn_crnn.crnn.reader.shipped_model", cab_model)
    crop = painted([0, 3, 0, 1, 0, 1, 0], frames_each=1)
    network = UnsureNetwork()
    network.charset = "abcd"  # three of four are known: less than nine in ten

    def text(**options):
        reader = LineReader(network=network, lm_weight=1.0, length_bonus=3.0, second_look=0, **options)
        return reader.read([crop])[0].text

    assert text() == "caa"
    network.charset = "abc"
    assert text() == text(language_model="auto") == "cab"
    assert text(language_model=None) == text(language_model="none") == text(beam_width=1) == "caa"


def test_a_language_model_keeps_what_is_sure():
    reader = LineReader(network=ColumnNetwork(), language_model=cab_model())
    crops = [painted([1, 1, 0, 1, 2, 3, 0]), painted([0, 0]), painted([8, 0, 8, 9, 7, 0])]
    assert [r.text for r in reader.read(crops)] == ["aabc", "", "hh g"]


def test_confidence_is_the_product_of_the_characters_to_the_calibrated_power():
    crop = painted([9, 0, 1, 0, 2, 0, 9], frames_each=1)
    network = UnsureNetwork()
    (plain,) = LineReader(network=network, language_model=None, second_look=0).read([crop])
    first, second = plain.chars  # Without the spaces at the ends.
    assert plain.confidence == pytest.approx(first.confidence * second.confidence)
    network.config = {"calibration": 0.25}
    (calibrated,) = LineReader(network=network, language_model=None, second_look=0).read([crop])
    assert calibrated.chars == plain.chars
    assert calibrated.confidence == pytest.approx(plain.confidence**0.25)


@pytest.mark.parametrize("value", [0, -1.0, float("inf"), float("nan"), "x", True])
def test_a_calibration_must_be_a_power(value):
    network = ColumnNetwork()
    network.config = {"calibration": value}
    with pytest.raises(WeightsError, match="calibration"):
        LineReader(network=network)


def test_empty_line_and_empty_list():
    reader = LineReader(network=ColumnNetwork())
    assert reader.read([]) == []
    (reading,) = reader.read([painted([0, 0, 0])])
    assert (reading.text, reading.confidence, reading.chars) == ("", 0.0, [])


@pytest.mark.parametrize("shape", [(1, 1), (1, 500), (500, 1), (32, 5)])
def test_odd_shapes_are_read_without_a_crash(shape):
    line = line_image(np.zeros(shape, np.uint8))
    assert line.shape[0] == 32 and line.shape[1] >= 16
    assert LineReader(network=ColumnNetwork()).read([np.zeros(shape, np.uint8)])[0].text == ""


@pytest.mark.parametrize("crop", [np.zeros((0, 4), np.uint8), np.zeros((4, 4, 4), np.uint8), np.zeros(7, np.uint8)])
def test_what_is_no_crop_is_refused(crop):
    with pytest.raises(ImageError, match="shape"):
        LineReader(network=ColumnNetwork()).read([crop])


class FussyNetwork(ColumnNetwork):
    """Reads "g", and that hardly, where there is a bright rim; else as `ColumnNetwork`."""

    def predict(self, batch):
        (logits,) = super().predict(batch)
        logits *= 0.25  # a probability of .95
        rimmed = (batch[:, 0] > 150).any(axis=(1, 2))
        logits[rimmed] = -0.5
        logits[rimmed, 2, 7] = 0.0
        return (logits,)


def test_an_unsure_line_is_looked_at_again_and_the_readings_vote():
    crop = painted([1, 1, 0, 1, 2, 3, 0], height=40)
    crop[0] = 255
    network = FussyNetwork()
    reader = LineReader(network=network, language_model=None, second_look=0)
    assert [r.text for r in reader.read([crop, crop[1:]])] == ["g", "aabc"]
    assert len(network.shapes) == 1
    reader = LineReader(network=network, language_model=None)
    assert [r.text for r in reader.read([crop, crop[1:]])] == ["aabc", "aabc"]
    # The sure line is not read again, the other one until two looks agree: "g", "aabc", and "g" again.
    assert [shape[0] for shape in network.shapes[1:]] == [2, 1, 1]


def test_a_look_that_agrees_is_the_last():
    crop = painted([1, 1, 0, 1, 2, 3, 0], height=40)
    network = FussyNetwork()
    (reading,) = LineReader(network=network, language_model=None, second_look=1).read([crop])
    assert reading.text == "aabc"
    assert len(network.shapes) == 2
    crop[2] = 255  # the rim of the closer look, which reads "g": no surer
    (reading,) = LineReader(network=network, language_model=None, second_look=1).read([crop])
    assert reading.text == "aabc"
    assert len(network.shapes) == 2 + 3


def test_a_reading_aslant_has_its_places_in_the_crop(monkeypatch):
    class Aslant(ColumnNetwork):
        """Is sure only of lines with more room at their ends."""

        def predict(self, batch):
            (logits,) = super().predict(batch)
            return (logits if batch.shape[2] > crop.shape[1] else logits / 10,)

    crop = painted([0, 1, 0, 0, 2, 0, 0, 0])
    monkeypatch.setattr("ctpn_crnn.crnn.reader.VARIANTS", (Variant(shear=1.0),))
    (plain,) = LineReader(network=ColumnNetwork(), language_model=None).read([crop])
    (aslant,) = LineReader(network=Aslant(), language_model=None, second_look=1).read([crop])
    assert aslant.text == plain.text == "ab" and aslant.chars[0].confidence > 0.9
    for one, other in zip(aslant.chars, plain.chars):
        assert one.start + one.end == pytest.approx(other.start + other.end, abs=0.08)


def test_characters_meet_halfway_between_their_peaks():
    assert character_spans([(0.1, 0.2), (0.4, 0.5)]) == [
        (pytest.approx(0), pytest.approx(0.3)),
        (pytest.approx(0.3), pytest.approx(0.6)),
    ]
    assert character_spans([]) == []


def test_arguments_are_checked():
    with pytest.raises(ConfigError, match="beam_width"):
        LineReader(network=ColumnNetwork(), beam_width=0)
    with pytest.raises(ConfigError, match="language model needs"):
        LineReader(network=ColumnNetwork(), beam_width=1, language_model=cab_model())
    for options in ({"lm_weight": -1.0}, {"lm_weight": math.nan}, {"length_bonus": math.inf}):
        with pytest.raises(ConfigError, match="finite"):
            LineReader(network=ColumnNetwork(), language_model=cab_model(), **options)
    with pytest.raises(WeightsError, match="does not exist"):
        LineReader(network=ColumnNetwork(), language_model="none.npz")
    network = ColumnNetwork()
    network.charset = None
    with pytest.raises(WeightsError, match="charset"):
        LineReader(network=network)


def test_charset_of_the_weights_is_the_readers():
    assert LineReader(network=ColumnNetwork()).charset == Charset(ColumnNetwork.charset)


def test_a_charset_of_another_size_is_refused():
    network = ColumnNetwork()
    network.config = {"num_classes": len(network.charset)}
    with pytest.raises(WeightsError, match="another charset"):
        LineReader(network=network)


def test_a_network_with_frames_of_another_width_is_refused():
    network = ColumnNetwork()
    convolutions = [{"filters": 8, "pool": [32, 2]}]
    network.config = {"convolutions": convolutions}
    with pytest.raises(WeightsError, match="frames of 2 px"):
        LineReader(network=network)


def test_one_array_is_one_crop():
    reader = LineReader(network=ColumnNetwork())
    crop = painted([0, 1, 0, 2])
    for image in (crop, crop[..., None], np.repeat(crop[..., None], 3, axis=2)):
        assert [reading.text for reading in reader.read(image)] == ["ab"]
    assert [reading.text for reading in reader.read(np.stack([crop, crop]))] == ["ab", "ab"]


def test_a_reader_that_was_given_a_network_is_pickled_with_it():
    reader = LineReader(network=ColumnNetwork(), beam_width=1)
    crop = painted([0, 1, 0, 2])
    for again in (pickle.loads(pickle.dumps(reader)), copy.copy(reader), copy.deepcopy(reader)):
        assert again.read(crop) == reader.read(crop)
