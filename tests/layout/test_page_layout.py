"""Blocks of pages made by hand: what belongs together, and what it says."""

import time

import numpy as np
import pytest

from ctpn_crnn.geometry import Rotation, box_to_quad
from ctpn_crnn.layout import KINDS, Block, Cell, join_lines, lay_out
from ctpn_crnn.layout.marks import ends_sentence, is_marker, is_page_number, starts_like_section, starts_with_number
from ctpn_crnn.page import Page, TextLine

SIZE = 20  # pixels of a Chinese character


def line(text, left, top, right=None, height=SIZE, kind="text"):
    """A line as wide as its text: 1 em for Chinese, half of it for the rest."""
    if right is None:
        right = left + height * sum(1.0 if ord(char) > 0x2E7F else 0.5 for char in text)
    return TextLine(text, 0.9, box_to_quad(left, top, right, top + height), kind)


def rows(texts, left=100, top=200, pitch=30, **options):
    return [line(text, left, top + pitch * number, **options) for number, text in enumerate(texts)]


def blocks_of(*lines, width=1000, height=1400, slant=0.0, seed=0):
    """Lay out a page with its lines in any order; check that each is in one block."""
    turn = np.array([[np.cos(slant), np.sin(slant)], [-np.sin(slant), np.cos(slant)]])
    shuffled = [lines[index] for index in np.random.default_rng(seed).permutation(len(lines))]
    page = Page(width, height, [TextLine(a.text, a.confidence, a.quad @ turn, a.kind) for a in shuffled])
    blocks = lay_out(page)
    found = [id(member) for block in blocks for member in block.lines]
    assert sorted(found) == sorted(id(member) for member in page.lines)
    for block in blocks:
        assert block.kind in KINDS
        in_cells = [id(member) for row in block.rows for cell in row for member in cell.lines]
        assert sorted(in_cells) == sorted(id(member) for member in block.lines if block.kind == "table")
        assert len({len(row) for row in block.rows}) <= 1
    return [(block.kind, block.text) for block in blocks]


FULL = "文本检测与识别是文档数字化的基础环节其准确程度直接决定了后续检索"  # 32 characters


@pytest.mark.parametrize("degrees", [90, 180, 270])
def test_a_turned_page_has_the_same_blocks(degrees):
    """Header, heading, two columns, table, footer: all places depend on which way up the page is."""
    lines = [
        line("年度报告", 100, 40, height=12),
        line("第一章 总则", 100, 120, height=30),
        *rows([FULL[:16], FULL[16:], FULL[:7] + "。"], left=100, top=200),
        *rows([FULL[:16], FULL[16:], FULL[:7] + "。"], left=560, top=200),
        *(line(text, left, top) for top in (500, 530, 560) for text, left in (("收入", 100), ("1,234", 400))),
        line("12", 480, 1350, height=14),
    ]
    upright = Page(1000, 1400, lines)
    turn = Rotation(degrees, 1000, 1400)
    turned = Page(*turn.size, [TextLine(a.text, a.confidence, turn.to_turned(a.quad), a.kind) for a in lines])
    assert [(b.kind, b.text) for b in lay_out(turned)] == [(b.kind, b.text) for b in lay_out(upright)]
    assert {block.kind for block in lay_out(upright)} >= {"header", "heading", "paragraph", "table", "footer"}


class TestJoining:
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
    def test_lines(self, lines, joined):
        assert join_lines(lines) == joined


class TestMarks:
    @pytest.mark.parametrize("text", ["•", "(1)", "（二）", "1.", "1、", "三、", "a)", "(iv)", "①", "-", "■", "12．"])
    def test_markers(self, text):
        assert is_marker(text)

    @pytest.mark.parametrize("text", ["", "1", "2024", "中", "1.5", "(2024)", "1, 2", "A", "•x", "（5,294百万"])
    def test_no_markers(self, text):
        assert not is_marker(text)

    @pytest.mark.parametrize("text", ["7", "- 7 -", "7 / 12", "第 7 页", "第7页 共12页", "Page 7 of 12", "iv", "P. 3"])
    def test_page_numbers(self, text):
        assert is_page_number(text)

    @pytest.mark.parametrize("text", ["", "12345", "Title", "7 apples", "第七章", "1.5"])
    def test_no_page_numbers(self, text):
        assert not is_page_number(text)

    def test_sections_and_ends(self):
        for text in ("第三章 方法", "一、概述", "（二）方法", "2.1 Results", "Chapter 4", "3、费用", "附录A"):
            assert starts_like_section(text) and starts_with_number(text), text
        for text in ("一个例子", "2024年", "results", "3.5 2.1", "第三者"):
            assert not starts_like_section(text), text
        assert ends_sentence("完了。”") and ends_sentence("Done.)") and not ends_sentence("标题")


class TestParagraphs:
    def test_indented_chinese(self):
        lines = [
            line(FULL[:30], 140, 200),
            line(FULL, 100, 230),
            line("到此结束。", 100, 260),
            line(FULL[:30], 140, 290),
            line(FULL, 100, 320),
            line("第二段。", 100, 350),
        ]
        assert blocks_of(*lines) == [
            ("paragraph", FULL[:30] + FULL + "到此结束。"),
            ("paragraph", FULL[:30] + FULL + "第二段。"),
        ]

    def test_full_last_line_before_an_indent(self):
        lines = [line(FULL[:30], 140, 200), line(FULL, 100, 230), line(FULL[:30], 140, 260), line(FULL, 100, 290)]
        assert [len(text) for _, text in blocks_of(*lines)] == [62, 62]

    def test_one_line_that_fills_its_paragraph(self):
        """Both lines are indented against the third: each begins a paragraph."""
        lines = [line(FULL[:29] + "。", 140, 200), line(FULL[:30], 140, 230), line(FULL, 100, 260)]
        assert [len(text) for _, text in blocks_of(*lines)] == [30, 62]

    def test_short_last_line_without_indent(self):
        lines = rows([FULL, FULL, "短。", FULL, FULL, "也短。"])
        assert blocks_of(*lines) == [("paragraph", FULL * 2 + "短。"), ("paragraph", FULL * 2 + "也短。")]

    def test_english_with_ragged_edge_and_a_hyphen(self):
        texts = [
            "The quick brown fox jumps over the lazy dog and runs into the recog-",
            "nition laboratory where several clever researchers seem",
            "understandably surprised at what has happened since then.",
        ]
        joined = texts[0][:-1] + " ".join(texts[1:])
        assert blocks_of(*rows(texts)) == [("paragraph", joined)]

    def test_a_divided_word_goes_on_though_there_was_room(self):
        texts = [
            "The quick brown fox jumps over the state-of-the-",
            "art dog and then over the lazy one that is asleep there.",
        ]
        assert blocks_of(*rows(texts)) == [("paragraph", "".join(texts))]

    def test_spaced_paragraphs(self):
        lines = rows([FULL, FULL], top=200) + rows([FULL, FULL], top=290)
        assert blocks_of(*lines) == [("paragraph", FULL * 2)] * 2

    @pytest.mark.parametrize("marker", ["•", "(1)", "1."])
    def test_list_items_with_hanging_markers(self, marker):
        lines = [line(marker, 100, 200), line(FULL[:28], 140, 200), line("续行", 140, 230)]
        lines += [line(marker, 100, 260), line("第二条", 140, 260)]
        assert blocks_of(*lines) == [("paragraph", f"{marker} {FULL[:28]}续行"), ("paragraph", f"{marker} 第二条")]

    def test_list_items_in_one_piece(self):
        texts = ["1.重新计量设定受益", "2.不能转损益的收益", "3.其他权益工具投资"]
        assert blocks_of(*rows(texts)) == [("paragraph", text) for text in texts]

    def test_boxes_of_uneven_height(self):
        """A box is higher for some characters in it; the print is the same by its width."""
        lines = [line(FULL[:30], 140, 200), line(FULL, 100, 226, right=740, height=28), line("完。", 100, 260)]
        assert blocks_of(*lines) == [("paragraph", FULL[:30] + FULL + "完。")]

    def test_a_line_found_in_pieces_is_no_table(self):
        lines = rows([FULL, FULL, FULL], top=260)
        lines += [line(FULL[:15], 100, 200), line(FULL[15:], 412, 200)]
        lines += [line(FULL[:20], 100, 230), line(FULL[20:], 511, 230)]
        assert blocks_of(*lines) == [("paragraph", FULL * 5)]

    def test_goes_on_in_the_next_column(self):
        left = rows([FULL[:15]] * 8, left=100)
        right = rows([FULL[:15]] * 7 + ["完。"], left=500)
        assert blocks_of(*left, *right) == [("paragraph", FULL[:15] * 15 + "完。")]

    def test_columns_with_paragraphs_of_their_own(self):
        left = rows([FULL[:15]] * 7 + ["完。"], left=100)
        right = rows([FULL[:15]] * 7 + ["也完。"], left=500)
        assert [text[-3:] for _, text in blocks_of(*left, *right)] == [FULL[14] + "完。", "也完。"]


class TestHeadings:
    def test_by_size(self):
        lines = [line("年度报告", 100, 100, height=40), line("第二级标题", 100, 160, height=26), *rows([FULL] * 4)]
        blocks = lay_out(Page(1000, 1400, lines))
        assert [(block.kind, block.level) for block in blocks] == [("heading", 1), ("heading", 2), ("paragraph", 0)]

    def test_title_of_two_centred_lines(self):
        title = [line("关于文本检测与识别的", 250, 100, height=34), line("若干问题", 350, 146, height=34)]
        lines = [*title, *rows([FULL] * 4, top=250)]
        assert blocks_of(*lines)[0] == ("heading", "关于文本检测与识别的若干问题")

    @pytest.mark.parametrize("text", ["3、费用", "二、方法", "2.1 Results", "第三章 结论"])
    def test_numbered_in_the_size_of_the_text(self, text):
        lines = [*rows([FULL, FULL, "完。"]), line(text, 100, 320), *rows([FULL, FULL], top=380)]
        blocks = lay_out(Page(1000, 1400, lines))
        assert [(block.kind, block.level) for block in blocks] == [("paragraph", 0), ("heading", 3), ("paragraph", 0)]
        assert blocks[1].text == text

    def test_centred_in_the_size_of_the_text(self):
        lines = [*rows([FULL] * 3, top=200), line("结论与展望", 370, 340), *rows([FULL] * 3, top=420)]
        assert [kind for kind, _ in blocks_of(*lines)] == ["paragraph", "heading", "paragraph"]

    def test_no_headings(self):
        """A sentence, the items of a list, a number in large print."""
        large = [line("一句话。", 100, 320, height=30), line("88", 100, 400, height=40)]
        for more in (large, rows(["1、苹果", "2、橘子"], top=320)):
            assert {kind for kind, _ in blocks_of(*rows([FULL] * 3), *more)} == {"paragraph"}


TABLE = [
    ["项目", "2022年", "2021年"],
    ["现金", "1,024.00", "998.50"],
    ["短期投资", "88.00", "76.10"],
    ["合计", "1,112.00", "1,074.60"],
]


def table(cells, lefts=(100, 400, 600), top=300, pitch=40):
    return [
        line(text, left, top + pitch * number)
        for number, row in enumerate(cells)
        for text, left in zip(row, lefts)
        if text
    ]


def tabbed(cells):
    return "\n".join("\t".join(row).rstrip("\t") for row in cells)


class TestTables:
    @pytest.mark.parametrize("slant", [0.0, 0.03, -0.05])
    def test_rows_and_columns(self, slant):
        for seed in range(3):
            assert blocks_of(*table(TABLE), slant=slant, seed=seed) == [("table", tabbed(TABLE))]

    def test_right_aligned(self):
        cells = [line(row[0], 100, 300 + 40 * number) for number, row in enumerate(TABLE)]
        for number, row in enumerate(TABLE):
            for text, right in zip(row[1:], (500, 700)):
                left = right - (line(text, 0, 0).quad[1, 0])
                cells.append(line(text, left, 300 + 40 * number))
        assert blocks_of(*cells) == [("table", tabbed(TABLE))]

    def test_missing_cells(self):
        cells = [["项目", "一季度", "二季度"], ["甲", "", "20.00"], ["乙", "10.00", ""], ["丙"], ["丁", "1.00", "2.00"]]
        assert blocks_of(*table(cells)) == [("table", tabbed(cells))]
        block = lay_out(Page(1000, 1400, table(cells)))[0]
        assert [[cell.text for cell in row] for row in block.rows][1] == ["甲", "", "20.00"]
        assert block.rows[1][1] == Cell()

    def test_heading_over_two_columns(self):
        lines = [line("本年与上年金额", 420, 260, 680), *table(TABLE)]
        assert blocks_of(*lines) == [("table", "\t本年与上年金额\n" + tabbed(TABLE))]
        assert [cell.span for cell in lay_out(Page(1000, 1400, lines))[0].rows[0]] == [1, 2, 1]

    @pytest.mark.parametrize("right", [430, 480])  # beside the second column, and over it
    def test_title_in_the_middle_is_no_row(self, right):
        cells = TABLE if right == 430 else [[*row, "注"] for row in TABLE]
        title = line("资产负债表", right - 100, 260)
        assert blocks_of(title, *table(cells, (100, 400, 600, 700))) == [
            ("paragraph", "资产负债表"),
            ("table", tabbed(cells)),
        ]

    def test_first_line_of_a_heading_in_the_middle_is_part_of_it(self):
        lines = [line("本年", 400, 278), *table(TABLE)]
        assert blocks_of(*lines) == [("table", tabbed(TABLE).replace("2022年", "本年2022年"))]

    def test_label_of_two_lines_around_its_amounts(self):
        lines = table([["项目", "金额", "比例"], ["甲", "1.00", "5%"], ["乙", "2.00", "6%"]])
        lines += [line("很长的一个名称第一行", 100, 420), line("第二行", 100, 445)]
        lines += [line("3.00", 400, 432), line("7%", 600, 432)]
        assert blocks_of(*lines)[0][1].splitlines()[-1] == "很长的一个名称第一行第二行\t3.00\t7%"

    def test_cells_of_several_lines(self):
        lines = table([["项目", "说明", "比例"]])
        lines += rows(["很长的说明", "写了三行", "才写完"], left=400, top=340, pitch=24)
        lines += [line("甲", 100, 364), line("5%", 600, 364), *table([["乙", "短", "6%"]], top=430)]
        assert blocks_of(*lines) == [("table", "项目\t说明\t比例\n甲\t很长的说明写了三行才写完\t5%\n乙\t短\t6%")]

    def test_between_paragraphs(self):
        lines = [*rows([FULL, "如下表："]), *table(TABLE), *rows([FULL, FULL], top=520)]
        assert blocks_of(*lines) == [
            ("paragraph", FULL + "如下表："),
            ("table", tabbed(TABLE)),
            ("paragraph", FULL * 2),
        ]

    def test_two_tables_with_a_heading_between(self):
        other = [["名称", "数量", "单价", "合计"], ["笔", "2", "3.00", "6.00"], ["纸", "1", "9.00", "9.00"]]
        lines = [*table(TABLE), line("2、明细", 100, 480), *table(other, (100, 280, 500, 800), top=540)]
        assert blocks_of(*lines) == [("table", tabbed(TABLE)), ("heading", "2、明细"), ("table", tabbed(other))]

    def test_a_label_and_its_amount(self):
        assert blocks_of(line("合计", 100, 300), line("88.00", 500, 300)) == [("table", "合计\t88.00")]

    def test_unit_above_a_table_is_no_row(self):
        lines = [line("单位：元", 600, 260), *table(TABLE)]
        assert blocks_of(*lines) == [("paragraph", "单位：元"), ("table", tabbed(TABLE))]

    def test_tabs_and_line_breaks_in_cells(self):
        assert Block("table", [], rows=[[Cell([line("a\tb", 0, 0)]), Cell([line("c\nd", 0, 0)])]]).text == "a b\tc d"


class TestMargins:
    def test_page_number_and_running_title(self):
        lines = [line("某某公司年度报告", 600, 60, height=16), *rows([FULL] * 8), line("- 12 -", 480, 1340, height=16)]
        assert blocks_of(*lines) == [("header", "某某公司年度报告"), ("paragraph", FULL * 8), ("footer", "- 12 -")]

    def test_a_slanted_page(self):
        lines = [*rows([FULL] * 8), line("第 3 页", 480, 1340)]
        assert blocks_of(*lines, slant=0.04)[-1] == ("footer", "第 3 页")

    def test_text_up_to_the_edge_is_no_margin(self):
        lines = rows([FULL] * 44, top=20)
        assert blocks_of(*lines) == [("paragraph", FULL * 44)]

    def test_title_at_the_top_is_a_heading(self):
        lines = [line("年度报告", 400, 60, height=40), *rows([FULL] * 8)]
        assert blocks_of(*lines)[0] == ("heading", "年度报告")

    def test_few_lines_have_no_margins(self):
        assert blocks_of(line("7", 500, 30), line(FULL, 100, 500)) == [("paragraph", "7"), ("paragraph", FULL)]


class TestFormulas:
    def test_displayed_with_its_number(self):
        formula = [line("", 300, 270, 600, 40, "formula"), line("(1)", 700, 280)]
        lines = [*rows([FULL, FULL]), *formula, *rows([FULL], top=330)]
        assert blocks_of(*lines) == [("paragraph", FULL * 2), ("formula", "(1)"), ("paragraph", FULL)]

    def test_within_a_sentence(self):
        lines = [line(FULL, 100, 200), line(FULL[:10], 100, 230), line("", 305, 228, 395, 24, "formula")]
        lines += [line(FULL[:17], 400, 230), line("完。", 100, 260)]
        assert blocks_of(*lines) == [("paragraph", FULL + FULL[:10] + FULL[:17] + "完。")]


class TestDegenerate:
    def test_nothing(self):
        assert lay_out(Page(100, 100)) == []

    def test_one_line_and_lines_without_text(self):
        assert blocks_of(line("一", 0, 0)) == [("paragraph", "一")]
        assert blocks_of(line("", 0, 0, 50), line("", 0, 40, 50)) == [("paragraph", "")]

    def test_a_line_along_the_margin(self):
        upright = line("arXiv:1507.05717", 0, 0)
        turned = TextLine(upright.text, 0.9, upright.quad @ np.array([[0, -1], [1, 0]]) + (20, 700))
        assert blocks_of(*rows([FULL] * 5), turned) == [("paragraph", FULL * 5), ("paragraph", upright.text)]

    @pytest.mark.parametrize("count", [2, 30])
    def test_any_quads(self, count):
        rng = np.random.default_rng(4)
        for spread in (0, 1, 500):
            blocks_of(*(TextLine("文字 ab", 0.5, rng.normal(300, spread, (4, 2))) for _ in range(count)))

    def test_a_page_of_200_lines_is_quick(self):
        cells = [[f"项目{number}", *(["12.00"] * 9)] for number in range(20)]
        lines = table(cells, range(0, 2000, 200), top=100) + [*rows([FULL] * 2, top=20)]
        page = Page(2000, 1400, lines)
        seconds = []
        for _ in range(3):
            start = time.thread_time()  # of this thread: others of the process may wait by spinning
            lay_out(page)
            seconds.append(time.thread_time() - start)
        assert min(seconds) < 0.5  # a tenth of that where nothing else runs
