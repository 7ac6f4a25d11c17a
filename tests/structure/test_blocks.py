"""Text of blocks."""

from handmade_pages import line

from ctpn_crnn.structure import Block, Cell


def test_tabs_and_line_breaks_in_cells_become_spaces():
    assert Block("table", [], rows=[[Cell([line("a\tb", 0, 0)]), Cell([line("c\nd", 0, 0)])]]).text == "a b\tc d"
