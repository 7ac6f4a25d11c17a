import numpy as np

from ctpn_crnn.synthesis.pages.tables import table_page
from ctpn_crnn.synthesis.pages.typesetting import LINE_EXTENT


def test_cells_of_a_row_stand_apart(kit):
    canvas = table_page(np.random.default_rng(11), kit, (400, 500))
    for a in canvas.regions:
        for b in canvas.regions:
            same_row = a is not b and abs(a.quad[0, 1] - b.quad[0, 1]) < 1
            if same_row and a.quad[0, 0] < b.quad[0, 0]:
                assert b.quad[0, 0] - a.quad[1, 0] >= 0.35 * (a.quad[3, 1] - a.quad[0, 1]) / LINE_EXTENT
