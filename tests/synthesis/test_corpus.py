import re

import numpy as np
import pytest

from ctpn_crnn.crnn.charset import Charset
from ctpn_crnn.errors import SynthesisError
from ctpn_crnn.synthesis.corpus import Corpus, code, date, money, number


def test_lines_fit_the_length_and_the_charset(corpus, charset):
    rng = np.random.default_rng(0)
    for _ in range(300):
        length = int(rng.integers(1, 40))
        line = corpus.line(rng, length)
        assert 1 <= len(line) <= length
        assert line == line.strip() and charset.covers(line)


def test_the_same_seed_gives_the_same_text(corpus):
    draw = [[corpus.line(np.random.default_rng((5, i)), 20) for i in range(30)] for _ in range(2)]
    assert draw[0] == draw[1] and len(set(draw[0])) > 20


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
    assert len(seen) > 1200  # The built-in sentences alone hold about 200.


def test_templates_have_the_forms_of_print():
    rng = np.random.default_rng(2)
    numbers = [number(rng) for _ in range(300)]
    assert any(re.fullmatch(r"\d{1,3}(,\d{3})+\.\d+", n) for n in numbers)
    assert any(re.fullmatch(r"\([\d,.]+\)", n) for n in numbers)
    assert any(n.endswith("%") for n in numbers)
    assert any(re.fullmatch(r"\d{4}年\d+月\d+日", date(rng)) for _ in range(100))
    assert all(re.search(r"\d[\d,]*\.\d\d", money(rng)) for _ in range(50))
    assert all(code(rng) for _ in range(100))


def test_traditional_text(tmp_path):
    pytest.importorskip("opencc", reason="OpenCC (extra: train) converts to traditional characters")
    (tmp_path / "a.txt").write_text("国会经济发展问题\n" * 20, encoding="utf-8")
    corpus = Corpus(tmp_path, Charset.default(), traditional=1.0, rare=0.0)
    assert "國" in "".join(corpus.running(np.random.default_rng(i), 8) for i in range(20))


def test_tempered_frequencies_lie_between_print_and_equality() -> None:
    from ctpn_crnn.synthesis.corpus import tempered_frequencies

    characters = np.array(["的", "龘", "國"])
    texts = ["的" * 900_000 + "国" * 100_000]
    tempered = tempered_frequencies(characters, texts, [lambda c: c.replace("国", "國")], power=0.5)
    assert tempered.sum() == pytest.approx(1)
    # "國" counts half of what the converted text has (50 000); "龘" never occurs: once in a million.
    expected = np.sqrt([900_000 / 950_000 + 1e-6, 1e-6, 50_000 / 950_000 + 1e-6])
    np.testing.assert_allclose(tempered, expected / expected.sum(), rtol=1e-6)
