"""Lines joined to running text."""

import pytest

from ctpn_crnn.structure import join_lines


@pytest.mark.parametrize(
    ("lines", "joined"),
    [
        ([], ""),
        (["", "  "], ""),
        (["one", "two"], "one two"),
        (["中文", "继续"], "中文继续"),
        (["使用", "TensorFlow"], "使用TensorFlow"),
        (["TensorFlow", "框架"], "TensorFlow框架"),
        (["句子，", "and more"], "句子，and more"),
        (["recog-", "nition"], "recognition"),
        (["recog\u00ad", "nition"], "recognition"),
        (["Jean-", "Pierre"], "Jean-Pierre"),
        (["COVID-", "19"], "COVID-19"),
        (["state-of-the-", "art"], "state-of-the-art"),
        (["1990-", "1999"], "1990- 1999"),
        (["wait -", "then"], "wait - then"),
        (["and/", "or"], "and/or"),
        (["  two   spaces ", "end"], "two spaces end"),
        (["•", "条目"], "• 条目"),
        (["カタカナ", "ひらがな"], "カタカナひらがな"),
        (["한국어", "문장"], "한국어 문장"),
    ],
)
def test_lines_are_joined_as_their_scripts_and_hyphens_ask(lines, joined):
    assert join_lines(lines) == joined
