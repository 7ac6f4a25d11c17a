"""Probabilities worked out by hand from Witten and Bell's formula."""

import copy
import math
import pickle
from collections import Counter
from pathlib import Path

import numpy as np
import pytest

from ctpn_crnn.crnn.beam_search import beam_search
from ctpn_crnn.crnn.frame_probabilities import FrameProbabilities
from ctpn_crnn.crnn.language_model import LanguageModel, NgramLevel, PrefixScorer
from ctpn_crnn.errors import ConfigError, DatasetError, WeightsError
from ctpn_crnn.training.ngram_counting import NgramCounter, corpus_files, count_files

FLOAT16 = 2e-3
"""Relative precision of what is stored."""


def model_of(*lines, order=3, min_count=1):
    counter = NgramCounter(order)
    for line in lines:
        counter.add(line)
    return counter.model(min_count)


def probability(model, character, context=""):
    """Of a character: what the formulas below are about."""
    return math.exp(model.log_probability(character, context))


def test_unigrams_share_with_the_unknown():
    model = model_of("aab", order=1)
    # 3 characters of 2 types: (c + 2 * 1/3) / (3 + 2).
    assert probability(model, "a") == pytest.approx((2 + 2 / 3) / 5, rel=FLOAT16)
    assert probability(model, "b") == pytest.approx((1 + 2 / 3) / 5, rel=FLOAT16)
    assert probability(model, "z") == probability(model, "字") == pytest.approx((2 / 3) / 5, rel=FLOAT16)


def test_bigrams_are_interpolated_with_unigrams():
    model = model_of("aab", order=2)
    a, b = (2 + 2 / 3) / 5, (1 + 2 / 3) / 5
    # After "a": a once, b once, 2 types.
    assert probability(model, "a", "a") == pytest.approx((1 + 2 * a) / 4, rel=FLOAT16)
    assert probability(model, "b", "a") == pytest.approx((1 + 2 * b) / 4, rel=FLOAT16)
    assert probability(model, "z", "a") == pytest.approx(2 / 4 * (2 / 3) / 5, rel=FLOAT16)
    # Nothing was seen after "b", nor "z": the unigram.
    assert probability(model, "a", "b") == probability(model, "a", "z") == probability(model, "a")


def test_trigrams_back_off_through_the_bigram():
    model = model_of("abcabd", order=3)
    c = (1 + 4 * 1 / 5) / (6 + 4)
    after_b = (1 + 2 * c) / (2 + 2)
    assert probability(model, "c", "ab") == pytest.approx((1 + 2 * after_b) / (2 + 2), rel=FLOAT16)
    assert probability(model, "c", "xab") == probability(model, "c", "ab")
    assert probability(model, "c", "zb") == pytest.approx(after_b, rel=FLOAT16)


@pytest.mark.parametrize("min_count", [1, 2, 3])
@pytest.mark.parametrize("context", ["", "a", "b", "ca", "ab", "q"])
def test_probabilities_add_up_to_one(min_count, context):
    model = model_of("abacab cab", "bacba", min_count=min_count)
    total = sum(probability(model, c, context) for c in "abc ?")  # "?" stands for all unknown characters.
    assert total == pytest.approx(1, rel=4e-3)


def test_rare_ngrams_are_left_out():
    everything, pruned = model_of("abab ac"), model_of("abab ac", min_count=2)
    assert pruned.sizes[0] == everything.sizes[0] and pruned.sizes[1] < everything.sizes[1]
    assert probability(pruned, "c", "a") < probability(everything, "c", "a")


def test_lines_end_ngrams_and_white_space_is_one_space():
    assert model_of("ab\ncd").log_probability("c", "b") == model_of("ab", "cd").log_probability("c", "b")
    assert model_of("a \t\u3000b").sizes == model_of("a b").sizes
    assert model_of(" a b \r\n\n c ").sizes == model_of("a b", "c").sizes


def test_an_accented_letter_counts_as_a_plain_one():
    model = model_of("cafe cafe cafe")
    assert probability(model, "é", "caf") == pytest.approx(probability(model, "e", "caf") / 20, rel=FLOAT16)
    assert model.log_probability("s", "caf\u0113") == model.log_probability("s", "cafe")
    unknown = model.log_probability("字", "caf")
    assert model.log_probability("\u014d", "caf") == model.log_probability("Ж", "caf") == unknown  # no o either
    written = model_of("café cafe cafe")  # The accent that text happens to have is not preferred to others.
    assert written.log_probability("é", "caf") == written.log_probability("è", "caf")


def test_no_digit_is_likelier_than_another():
    model = model_of("year 2019, year 2018")
    assert probability(model, "7", "20") == probability(model, "9", "21") == probability(model, "0", "85")
    assert probability(model, "5", "r ") > 0.5  # after "year ", of any digit
    model = model_of("In the inn")
    assert model.score("IN THE INN") == model.score("in the inn") == model.score("In The Inn")
    assert model.score("inn") > model.score("int")
    prices = model_of("1.5, 2.5, 3.5 and 4.5")
    assert probability(prices, ".", "7") == probability(prices, ",", "2") > 0.3
    assert probability(prices, "5", "1.") == probability(prices, "0", "8,")


def test_counting_in_parts_gives_the_same_model(monkeypatch):
    whole = model_of("the cat", "the hat", "a cat")
    for size in (1, 3, 4, 7):
        monkeypatch.setattr("ctpn_crnn.training.ngram_counting._COUNTED_AT_ONCE", size)
        parts = model_of("the cat", "the hat", "a cat")
        assert parts.sizes == whole.sizes
        assert parts.score("the bat") == whole.score("the bat")


def reference(lines, order, min_count):
    """Witten and Bell's formula by plain dictionaries: a function of a character and its context."""
    grams = Counter(line[i : i + n] for line in lines for n in range(1, order + 1) for i in range(len(line) - n + 1))
    letters = {g for g in grams if len(g) == 1}

    def p(w, h):
        if not h:
            total = sum(grams[c] for c in letters)
            return (grams[w] + len(letters) / (len(letters) + 1)) / (total + len(letters))
        after = {g: n for g, n in grams.items() if len(g) == len(h) + 1 and g.startswith(h)}
        if not after or (len(h) > 1 and grams[h] < min_count):
            return p(w, h[1:])
        kept = {g: n for g, n in after.items() if n >= min_count}
        below = len(after) + sum(after.values()) - sum(kept.values())
        return (kept.get(h + w, 0) + below * p(w, h[1:])) / (sum(after.values()) + len(after))

    return p


@pytest.mark.parametrize(("order", "min_count"), [(2, 1), (4, 1), (5, 2), (5, 3)])
def test_agrees_with_plain_dictionaries(order, min_count):
    rng = np.random.default_rng(order * 10 + min_count)
    lines = ["".join(rng.choice(list("人大中小"), int(rng.integers(1, 30)), p=[0.4, 0.3, 0.2, 0.1])) for _ in range(30)]
    model, p = model_of(*lines, order=order, min_count=min_count), reference(lines, order, min_count)
    for _ in range(300):
        context = "".join(rng.choice(list("人大中小"), int(rng.integers(0, order))))
        for character in "人大中小":
            expected = p(character, context)
            assert math.exp(model.log_probability(character, context)) == pytest.approx(expected, rel=4 * FLOAT16)


def test_score_is_the_sum_over_the_text():
    model = model_of("abcabd")
    parts = [("a", ""), ("b", "a"), ("d", "ab"), ("z", "bd")]
    assert model.score("abdz") == pytest.approx(sum(model.log_probability(c, h) for c, h in parts))
    assert model.score("") == 0


def test_nothing_to_count():
    for lines in ([], ["", "  \n "]):
        with pytest.raises(DatasetError, match="no text"):
            model_of(*lines)
    assert model_of("a").sizes == [1, 0, 0]
    assert probability(model_of("a"), "a", "aa") == probability(model_of("a"), "a")


def test_orders_are_checked():
    for order in (0, 9):
        with pytest.raises(ConfigError, match="order"):
            NgramCounter(order)
    with pytest.raises(ConfigError, match="levels"):
        LanguageModel("", [], -1.0)
    level = NgramLevel(np.uint16([0]), np.uint16([1]), np.float16([-1]), np.float16([0]))
    with pytest.raises(ConfigError, match="fit together"):
        LanguageModel("a", [level], -1.0)


def test_saved_and_loaded(tmp_path):
    model = model_of("甲方：中华 abc", "乙方：😀")
    model.save(tmp_path / "lm.npz")
    again = LanguageModel.load(tmp_path / "lm.npz")
    assert again.order == 3 and again.sizes == model.sizes
    for text in ("甲方：abc", "丙方：😀", "x"):
        assert again.score(text) == model.score(text)


def test_what_is_no_model_is_refused(tmp_path):
    path = tmp_path / "lm.npz"
    with pytest.raises(WeightsError, match="does not exist"):
        LanguageModel.load(path)
    model_of("abc").save(path)
    path.write_bytes(path.read_bytes()[:-200])
    with pytest.raises(WeightsError, match="damaged"):
        LanguageModel.load(path)
    path.write_text("no model")
    with pytest.raises(WeightsError, match="damaged"):
        LanguageModel.load(path)
    np.savez(path, weights=np.zeros(3))
    with pytest.raises(WeightsError, match="damaged"):
        LanguageModel.load(path)
    np.savez(path, format="another", version=1)
    with pytest.raises(WeightsError, match="no language model of this release"):
        LanguageModel.load(path)


def certain(classes, size=4, sure=0.94):
    rest = (1 - sure) / (size - 1)
    return np.array([[sure if c == k else rest for k in range(size)] for c in classes])


class TestFusion:
    CHARACTERS = ("c", "a", "o")

    def search(self, probabilities, beam_width, scorer=None, prune=1e-3):
        line = FrameProbabilities.from_probabilities(probabilities, prune)
        return beam_search([line], beam_width, prune, scorer, results=beam_width)[0]

    def factor(self, scorer, prefix, new):
        """Return the factor for class `new` after the classes `prefix`."""
        states = scorer.start[None]
        for c in prefix:
            _, states = scorer(states, np.array([c]))
        return scorer(states, np.array([new]))[0][0]

    def scorer(self, weight=1.0, bonus=0.0, lines=("cat cat cat cot",)):
        return PrefixScorer(model_of(*lines), self.CHARACTERS, weight, bonus)

    def test_factor_is_the_probability_to_a_power_and_the_bonus(self):
        scorer = self.scorer(0.5, 0.7)
        model = model_of("cat cat cat cot")
        inside, beginning = model.log_probability("a", "oc"), model.log_probability("a", " c")
        assert self.factor(scorer, (3, 1), 2) == pytest.approx(math.exp(0.5 * inside + 0.7))
        assert (
            self.factor(scorer, (1,), 2)
            == self.factor(scorer, (1,), 2)
            == pytest.approx(math.exp(0.5 * beginning + 0.7))
        )
        assert self.factor(scorer, (2, 1, 3, 1), 2) == self.factor(scorer, (3, 1), 2)

    def test_a_line_begins_as_a_word_does(self):
        assert self.factor(self.scorer(), (), 1) == pytest.approx(
            math.exp(model_of("cat cat cat cot").log_probability("c", " "))
        )

    def test_an_ambiguous_reading_is_decided(self):
        probabilities = certain([1, 0, 3])
        probabilities[2] = [0.02, 0.02, 0.46, 0.5]  # "a" or "o" after "c"
        assert self.search(probabilities, 8)[0][0] == [1, 3]
        assert self.search(probabilities, 8, self.scorer())[0][0] == [1, 2]
        assert self.search(probabilities, 8, self.scorer(0.0))[0][0] == [1, 3]

    def test_a_sure_reading_stays(self):
        assert self.search(certain([1, 0, 3, 0]), 8, self.scorer(0.3, 1.0))[0][0] == [1, 3]

    def test_doubled_letters_stay(self):
        scorer = self.scorer(0.3, 1.0, ("coca cocoa",))
        assert self.search(certain([1, 1, 0, 1, 3, 0, 3, 3]), 8, scorer)[0][0] == [1, 1, 3, 3]

    def test_the_score_is_that_of_the_label_times_its_factors(self):
        scorer = self.scorer(0.4, 0.2)
        probabilities = certain([1, 3, 2])
        alone = {tuple(label): score for label, score in self.search(probabilities, 200, None, 0.0)}
        for label, score in self.search(probabilities, 200, scorer, 0.0):
            factors = [self.factor(scorer, label[:i], c) for i, c in enumerate(label)]
            assert score == pytest.approx(alone[tuple(label)] + sum(map(math.log, factors)))

    def test_the_bonus_makes_up_for_the_length(self):
        probabilities = np.array([[0.55, 0.45, 0.0, 0.0]])
        assert self.search(probabilities, 4, self.scorer(0.3, 0.0))[0][0] == []
        assert self.search(probabilities, 4, self.scorer(0.3, 2.0))[0][0] == [1]

    def test_spaces_are_left_to_the_network_but_begin_words(self):
        model = model_of("the cat the tea", order=2)
        scorer = PrefixScorer(model, (" ", "t", "e"), 1.0, 3.0)
        assert self.factor(scorer, (2,), 1) == 1.0
        assert self.factor(scorer, (1,), 2) == pytest.approx(math.exp(model.log_probability("t", " ") + 3.0))

    def test_unknown_characters_cost_all_the_same(self):
        scorer = PrefixScorer(model_of("ab"), ("一", "丁", "a"), 0.3, 1.0)
        assert self.factor(scorer, (), 1) == self.factor(scorer, (), 2) == self.factor(scorer, (1,), 2) > 0

    def test_an_order_of_one_has_no_context(self):
        scorer = PrefixScorer(model_of("ab", order=1), ("a", "b"), 1.0, 0.0)
        assert self.factor(scorer, (1, 2, 1), 1) == self.factor(scorer, (), 1)


class TestCorpus:
    def test_files_of_a_folder(self, tmp_path):
        (tmp_path / "inner").mkdir()
        for name in ("b.txt", "a.txt", "inner/c.txt", "d.md"):
            (tmp_path / name).write_text("x")
        names = [str(path.relative_to(tmp_path)) for path in corpus_files(tmp_path)]
        assert names == ["a.txt", "b.txt", str(Path("inner") / "c.txt")]
        assert corpus_files(tmp_path / "d.md") == [tmp_path / "d.md"]

    def test_nothing_to_read(self, tmp_path):
        with pytest.raises(DatasetError, match="no .txt files"):
            corpus_files(tmp_path)
        with pytest.raises(DatasetError, match="no such file"):
            corpus_files(tmp_path / "none")

    @pytest.mark.parametrize("block", [1, 5, 1 << 20])
    def test_blocks_do_not_show(self, tmp_path, monkeypatch, block):
        text = "\ufeff甲方\r\nthe cat\n\n乙方"
        (tmp_path / "a.txt").write_bytes(text.encode())
        # A line of more than a block is cut, so lines must fit.
        monkeypatch.setattr("ctpn_crnn.training.ngram_counting._BLOCK", max(block, 12))
        counter, sizes = NgramCounter(), []
        count_files([tmp_path / "a.txt"], counter, sizes.append)
        assert sum(sizes) == len(text.encode())
        assert counter.model().score("甲方the") == model_of("甲方", "the cat", "乙方").score("甲方the")

    def test_a_long_line_is_read_in_parts(self, tmp_path, monkeypatch):
        monkeypatch.setattr("ctpn_crnn.training.ngram_counting._BLOCK", 8)
        (tmp_path / "a.txt").write_text("ab" * 40)
        counter = NgramCounter()
        count_files([tmp_path / "a.txt"], counter)
        assert probability(counter.model(), "b", "a") > 0.9

    def test_not_utf8(self, tmp_path):
        for data in ("甲方".encode("gb18030"), "甲方".encode()[:-1]):
            (tmp_path / "a.txt").write_bytes(data)
            with pytest.raises(DatasetError, match="not UTF-8"):
                count_files([tmp_path / "a.txt"], NgramCounter())


class TestTool:
    @pytest.fixture
    def tool(self, load_tool):
        return load_tool("build_language_model")

    def test_builds_a_model(self, tool, tmp_path, capsys):
        (tmp_path / "a.txt").write_text("the cat\nthe hat\n")
        arguments = [str(tmp_path), str(tmp_path / "lm.npz"), "--order", "2", "--min-count", "1"]
        assert tool.main(arguments) == 0
        assert "6 of 1," in capsys.readouterr().out  # a, c, e, h, t and the space
        model = LanguageModel.load(tmp_path / "lm.npz")
        assert model.score("the") == model_of("the cat", "the hat", order=2).score("the")

    def test_one_sentence_for_what_goes_wrong(self, tool, tmp_path, capsys):
        (tmp_path / "empty.txt").write_text("")
        for corpus, output in (
            (tmp_path / "none", "lm.npz"),
            (tmp_path / "empty.txt", "lm.npz"),
            (tmp_path / "empty.txt", "no/lm.npz"),
        ):
            assert tool.main([str(corpus), str(tmp_path / output)]) == 2
            assert capsys.readouterr().err.count("\n") == 1
        with pytest.raises(SystemExit, match="2"):
            tool.main([str(tmp_path), "lm.npz", "--order", "9"])


def test_a_model_is_pickled_as_its_file(tmp_path):
    made = model_of("abcabd", "abx")
    made.save(tmp_path / "lm.npz")
    loaded = LanguageModel.load(tmp_path / "lm.npz")
    data = pickle.dumps(loaded)
    assert b"lm.npz" in data and len(data) < 500
    for model in (pickle.loads(data), pickle.loads(pickle.dumps(made)), copy.deepcopy(made)):
        assert model.score("abc") == made.score("abc")
