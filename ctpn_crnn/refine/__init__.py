"""What the papers do not have: pure image work around the two networks, which knows neither of them.

In the order of an image's way:

    skew.py             how far the lines of an image lean, and whether it is full of lines
    paper.py            whether an image is a page, how high its print is, where its content lies
    upright.py          the turn that sets an image upright
    scales.py           how large an image is shown to the network
    page_lines.py       found lines improved: fitted to ink on pages, given room in photographs
    ruled_lines.py      ruled lines erased before that
    ink/                lines fitted to their ink
    duplicates.py       lines that lie on each other become one
    formula_overlap.py  text in and beside formulas

Each file begins with a frozen dataclass that holds its tuned numbers.
"""
