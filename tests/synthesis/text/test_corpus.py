import re

import numpy as np
import pytest

from ctpn_crnn.crnn.charset import Charset
from ctpn_crnn.errors import SynthesisError
from ctpn_crnn.synthesis.text import Corpus
from ctpn_crnn.synthesis.text.corpus import TextStyle
from ctpn_crnn.synthesis.text.short_text import mark


def test_lines_fit_the_length_and_the_charset(corpus, charset):
    """A length counts hanzi; letters and digits, narrower by 1.8, may be so many more."""
    rng = np.random.default_rng(0)
    for _ in range(300):
        length = int(rng.integers(1, 40))
        line = corpus.line(rng, length)
        assert 1 <= len(line) <= 1.8 * length
        assert line == line.strip() and charset.covers(line)


def test_marks_stand_alone(corpus, charset):
    marks = [mark(np.random.default_rng((8, i))) for i in range(300)]
    assert all(m and charset.covers(m) for m in marks)
    # A dash stands for nothing far more often than a hyphen does.
    assert 0.2 < np.mean([m == "–" for m in marks]) < 0.35 and 0 < np.mean([m == "-" for m in marks]) < 0.15
    assert any("□" in m and " " in m for m in marks)
    lines = [corpus.line(np.random.default_rng((9, i)), 20) for i in range(600)]
    assert any(line in ("–", "—", "-") for line in lines)


@pytest.mark.parametrize("kind", ["line", "sign"])
def test_the_same_seed_gives_the_same_text(corpus, kind):
    draw = [[getattr(corpus, kind)(np.random.default_rng((5, i)), 20) for i in range(30)] for _ in range(2)]
    assert draw[0] == draw[1] and len(set(draw[0])) > 15


def test_lines_hold_numbers_and_english_among_the_chinese(corpus):
    """Of four lines one is English or numbers, by the shares in `line`, besides what running text has of them."""
    lines = [corpus.line(np.random.default_rng((6, i)), 20) for i in range(400)]
    assert 0.05 < np.mean([not re.search(r"[A-Za-z]{4}", x) and len(re.findall(r"\d", x)) > 5 for x in lines]) < 0.3
    assert 0.2 < np.mean([x.isascii() for x in lines]) < 0.6
    assert 0.4 < np.mean([bool(re.search("[\u4e00-\u9fff]", x)) for x in lines]) < 0.8


@pytest.mark.parametrize("length", [1, 2, 6, 11, 30])
def test_signs_fit_the_length_and_the_charset(charset, length):
    corpus = Corpus(None, charset, traditional=0, rare=0.4)
    for seed in range(150):
        text = corpus.sign(np.random.default_rng(seed), length)
        assert 1 <= len(text) <= length
        assert text == text.strip() and charset.covers(text)


def test_signs_of_a_charset_without_letters(charset):
    corpus = Corpus(None, Charset("0123456789.,-"), traditional=0, rare=0)
    texts = [
        make(np.random.default_rng(seed)) for seed in range(50) for make in (lambda r: corpus.sign(r, 8), corpus.phrase)
    ]
    assert all(text and corpus.charset.covers(text) for text in texts)


def test_signs_are_one_english_word_or_hanzi(corpus):
    """A third of them by design is a word, of every length, in capitals more often than not; more have hanzi."""
    texts = [corpus.sign(np.random.default_rng((7, i)), 11) for i in range(600)]
    words = [text for text in texts if re.fullmatch(r"[A-Za-z]+", text)]
    assert 0.25 < len(words) / len(texts) < 0.45
    assert 0.35 < np.mean([word.isupper() for word in words]) < 0.65
    assert 0.45 < np.mean([bool(re.search("[\u4e00-\u9fff]", text)) for text in texts]) < 0.65
    assert np.mean([bool(re.search(r"\d", text)) for text in texts]) > 0.04
    lengths = np.array([len(text) for text in texts])
    assert 3 <= np.median(lengths) <= 7
    assert (lengths <= 2).mean() > 0.05 and (lengths >= 8).mean() > 0.1


def test_text_files_are_read_and_cleaned(tmp_path):
    (tmp_path / "a.txt").write_text("甲乙丙―丁\u3000戊\n\n\n" * 50, encoding="utf-8")
    corpus = Corpus(tmp_path, Charset("甲乙丙丁— "), traditional=0, rare=0)
    rng = np.random.default_rng(0)
    text = "".join(corpus.running(rng, 6) for _ in range(50))
    assert set(text) <= set("甲乙丙丁— ") and "—" in text


def test_an_empty_folder_is_an_error(tmp_path):
    with pytest.raises(SynthesisError, match="txt"):
        Corpus(tmp_path)


def test_rare_characters_are_drawn_on_purpose(charset):
    corpus = Corpus(None, charset, traditional=0, rare=1.0)
    rng = np.random.default_rng(1)
    seen = set("".join(corpus.line(rng, 30) for _ in range(300)))
    assert len(seen) > 1100  # The built-in sentences alone hold about 200.


def test_romanised_text_bears_tones(charset):
    corpus = Corpus(None, charset, traditional=0.0, rare=0.0)
    lines = [corpus.line(np.random.default_rng((4, i)), 14) for i in range(800)]
    toned = [line for line in lines if re.search("[āáǎàâēéěèêīíǐìîōóǒòôūúǔùû]", line)]
    assert 0.02 < len(toned) / len(lines) < 0.08
    assert any(re.search("[\u4e00-\u9fff]", line) for line in toned)


def test_traditional_text(tmp_path):
    pytest.importorskip("opencc", reason="OpenCC (extra: train) converts to traditional characters")
    (tmp_path / "a.txt").write_text("国会经济发展问题\n" * 20, encoding="utf-8")
    corpus = Corpus(tmp_path, Charset.default(), traditional=1.0, rare=0.0)
    assert "國" in "".join(corpus.running(np.random.default_rng(i), 8) for i in range(20))


def test_symbols_of_the_charset_are_put_in(charset):
    corpus = Corpus(charset=charset, traditional=0.0)
    drawn = [corpus.with_symbols(np.random.default_rng((3, i)), "测量 12 次") for i in range(6000)]
    symbols = {c for line in drawn for c in line} - set("测量 12 次")
    wanted = {c for c in charset.characters if not "\u4e00" <= c <= "\u9fff" and not (c.isascii() and c.isalnum())}
    wanted -= set(" (),-.:[]{}")  # running text and lines of programs have them
    # All but the wide letters and digits, which print hardly has and which stand for those of ASCII.
    assert {c for c in wanted - symbols if not "\uff10" <= c <= "\uff5a"} == set()
    assert {"〔", "〕", "①", "Ⅱ", "±", "≤", "α", "→"} <= symbols and not symbols & set("ＡＺａｚ０９")
    for line in drawn:
        assert re.sub("[^测量12次]", "", line) == "测量12次"


def test_brackets_put_in_come_in_pairs(charset):
    corpus = Corpus(charset=charset, traditional=0.0)
    enclosed = [corpus.with_symbols(np.random.default_rng((4, i)), "关于印发的通知") for i in range(400)]
    pairs = [line for line in enclosed if re.search("〔[^〔〕]*〕", line)]
    assert len(pairs) >= 5


def test_lines_hold_symbols_now_and_then(charset):
    corpus = Corpus(charset=charset, traditional=0.0)
    rare = set("〔〕①②③ⅡⅢ±≤≥α→§№")
    lines = [corpus.line(np.random.default_rng((5, i)), 20) for i in range(1500)]
    assert 10 < sum(bool(rare & set(line)) for line in lines) < 150


def test_marks_of_ascii_are_as_frequent_as_those_of_text(charset):
    """Of 30 000 lines two had a "<" once, and "&&" was read as "se"."""
    corpus = Corpus(charset=charset, traditional=0.0)
    drawn = "".join(corpus.line(np.random.default_rng((6, i)), 12) for i in range(3000))
    assert {c: drawn.count(c) for c in "!\"#$%&'*+/;<=>?@[\\]^_`{|}~" if drawn.count(c) < 3} == {}
    assert drawn.count("①") + drawn.count("→") + drawn.count("±") >= 3  # common ones more often than each of 200 others


def test_shares_of_the_style_decide_what_lines_are(charset):
    """With a share of 1 all lines are of that kind; with all shares 0 the rest, English, is all there is."""
    none = dict.fromkeys(("romanised", "program", "running", "numbers", "phrases", "symbols", "spaced_numbers"), 0)

    def lines(**shares):
        corpus = Corpus(None, charset, traditional=0, rare=0, style=TextStyle(**none | shares))
        return [corpus.line(np.random.default_rng((8, i)), 12) for i in range(60)]

    assert all(line.isascii() for line in lines())
    assert np.mean([bool(re.search(r"\d|[–—-]|[□☐☑■√]", line)) for line in lines(numbers=1)]) > 0.9
    assert np.mean([bool(re.search("[\u4e00-\u9fff]", line)) for line in lines(running=1)]) > 0.7


def test_numbers_put_between_words_cut_no_word_and_no_number() -> None:
    corpus = Corpus()
    text = "Flight 1234 leaves at noon"
    for seed in range(40):
        drawn = corpus.with_spaced_numbers(np.random.default_rng(seed), text)
        assert len(drawn) > len(text)
        for word in text.split():
            assert word in drawn, drawn
