"""Reading order of layouts made by hand: the quads come in the order in which a person reads them, and are shuffled."""

import numpy as np
import pytest
from handmade_pages import calls_of

from ctpn_crnn.geometry import box_to_quad
from ctpn_crnn.layout.reading_order import reading_order


def check(boxes, slant=0.0, seed=0):
    quads = np.array([box_to_quad(*box) for box in boxes])
    angle = np.radians(slant)
    quads = quads @ np.array([[np.cos(angle), np.sin(angle)], [-np.sin(angle), np.cos(angle)]])
    shuffled = np.random.default_rng(seed).permutation(len(quads))
    found = [int(shuffled[index]) for index in reading_order(quads[shuffled])]
    assert found == list(range(len(boxes)))


def column(left, width, top, rows, pitch=30, height=20, last=0.4):
    """A paragraph: full lines and a short last one."""
    shares = [1.0] * (rows - 1) + [last]
    return [
        (left, top + row * pitch, left + width * share, top + row * pitch + height) for row, share in enumerate(shares)
    ]


def table(lefts, widths, top, rows, pitch=40, height=20):
    """Row by row, cells of varying width."""
    return [
        (left, top + row * pitch, left + width * (0.5 + 0.1 * ((row + cell) % 5)), top + row * pitch + height)
        for row in range(rows)
        for cell, (left, width) in enumerate(zip(lefts, widths))
    ]


LAYOUTS = {
    "paragraph": column(50, 900, 50, 8),
    "one row": [(10, 10, 50, 30), (60, 12, 100, 30), (110, 9, 180, 31)],
    "two columns": column(50, 400, 100, 10) + column(490, 400, 100, 10),
    "two staggered columns": column(50, 400, 100, 10) + column(490, 400, 112, 10),
    "title over two columns": [(200, 40, 740, 75)] + column(50, 400, 100, 10) + column(490, 400, 100, 10),
    "title, columns, footer": (
        [(200, 40, 740, 75)] + column(50, 400, 100, 10) + column(490, 400, 100, 7) + [(400, 900, 540, 920)]
    ),
    "columns, full-width paragraph, columns": (
        column(50, 400, 100, 6)
        + column(490, 400, 100, 6)
        + column(50, 840, 320, 4)
        + column(50, 400, 480, 6)
        + column(490, 400, 480, 6)
    ),
    "three columns": column(20, 280, 50, 9) + column(340, 280, 50, 9) + column(660, 280, 50, 9),
    "columns of several paragraphs": (
        column(50, 400, 100, 4) + column(50, 400, 220, 5) + column(490, 400, 100, 3) + column(490, 400, 190, 6)
    ),
    "table": table((50, 300, 450, 600), (200, 90, 90, 90), 50, 8),
    "two-column list of names and prices": table((50, 700), (400, 60), 50, 8),
    "table with wide labels": table((50, 500, 640, 780), (360, 90, 90, 90), 50, 12),
    "paragraph, table, paragraph": (
        column(50, 840, 50, 4) + table((50, 300, 450, 600), (200, 90, 90, 90), 200, 8) + column(50, 840, 560, 4)
    ),
    "form": [
        box
        for row in range(5)
        for box in ((50, 50 + 40 * row, 130, 70 + 40 * row), (200, 48 + 40 * row, 600, 72 + 40 * row))
    ],
    "heading beside a date": [(50, 50, 400, 90), (700, 62, 850, 80)] + column(50, 800, 120, 5),
    "text beside a staggered list": column(50, 500, 100, 10)
    + [(620, 110 + 47 * row, 700, 130 + 47 * row) for row in range(5)],
}


@pytest.mark.parametrize("name", LAYOUTS)
@pytest.mark.parametrize("slant", [0.0, 2.0, -3.0, 12.0])
def test_a_person_reads_the_lines_in_this_order(name, slant):
    for seed in range(3):
        check(LAYOUTS[name], slant, seed)


@pytest.mark.parametrize("name", LAYOUTS)
def test_the_order_holds_with_unsteady_quads(name):
    rng = np.random.default_rng(5)
    boxes = np.array(LAYOUTS[name]) + rng.uniform(-2, 2, (len(LAYOUTS[name]), 4))
    check(boxes)


def test_quads_that_touch_are_read_from_the_top():
    check([(50, 50 + 20 * row, 800, 73 + 20 * row) for row in range(10)])


def test_lines_at_a_steep_common_angle_keep_their_order():
    lines = [box_to_quad(0, 40 * row, 300, 40 * row + 25) for row in range(4)]
    angle = np.radians(28)
    turn = np.array([[np.cos(angle), np.sin(angle)], [-np.sin(angle), np.cos(angle)]])
    assert reading_order([quad @ turn for quad in lines]) == [0, 1, 2, 3]


def test_no_line_and_one_line_have_an_order():
    assert reading_order([]) == []
    assert reading_order([box_to_quad(0, 0, 5, 5)]) == [0]


@pytest.mark.parametrize("count", [2, 5, 40])
def test_degenerate_quads_give_a_permutation(count):
    rng = np.random.default_rng(3)
    assert sorted(reading_order(np.zeros((count, 4, 2)))) == list(range(count))
    assert sorted(reading_order(rng.normal(0, 100, (count, 4, 2)))) == list(range(count))


@pytest.mark.parametrize(("columns", "rows", "width"), [(20, 60, 90), (4, 150, 480)])
def test_the_work_on_a_dense_page_is_bounded(columns, rows, width):
    boxes = table(range(0, 2000, 2000 // columns), [width] * columns, 0, rows)
    assert calls_of(lambda: check(boxes)) < 1_000_000


def test_a_table_of_long_amounts_with_wrapped_labels_is_read_row_by_row():
    """Amounts of equal width are no prose, and labels in two lines do not stand beside their amounts."""
    boxes = []
    for row in range(9):
        top = 100 + 60 * row
        if row % 3 == 2:  # the label takes two lines, the amounts stand between them
            boxes += [
                (50, top - 12, 230, top + 8),
                (320, top, 480, top + 20),
                (560, top, 720, top + 20),
                (50, top + 12, 80, top + 32),
            ]
        else:
            boxes += [(50, top, 230, top + 20), (320, top, 480, top + 20), (560, top, 720, top + 20)]
    check([(50, 50, 700, 70), *boxes])


def test_headings_and_rows_below_a_table_with_long_cells_come_after_it():
    label = [(50, 300, 150, 320)]
    middle, right = column(250, 250, 100, 15), column(550, 250, 100, 7)
    after = [(50, 600, 250, 620), (780, 600, 795, 620), (50, 640, 250, 660), (780, 640, 795, 660), (50, 700, 300, 725)]
    check(label + middle + right + after)


def test_an_amount_may_stand_between_the_two_lines_of_its_label():
    """Labels as wide as prose, and two amounts, one of which stands beside no line: still read row by row."""
    labels = [(50, 100 + 30 * row, 450, 120 + 30 * row) for row in range(10)]
    # Beside the third label; between the seventh and the eighth.
    amounts = {2: (700, 160, 790, 180), 6: (700, 290, 790, 310)}
    boxes = [box for row, label in enumerate(labels) for box in (label, *([amounts[row]] if row in amounts else []))]
    check([(50, 50, 790, 70), *boxes])
