"""Numbers in cells of tables."""

import pytest

from ctpn_crnn.writers.cell_values import cell_value


@pytest.mark.parametrize(
    ("text", "number", "format_"),
    [
        ("0", 0, "0"),
        ("1250", 1250, "0"),
        ("1,234,567", 1234567, "#,##0"),
        ("1,234.50", 1234.5, "#,##0.00"),
        ("-0.75", -0.75, "0.00"),
        ("−3", -3, "0"),
        ("(1,234.5)", -1234.5, "#,##0.0;(#,##0.0)"),
        ("12%", 0.12, "0%"),
        ("+3.25%", 0.0325, "0.00%"),
        ("¥80", 80, '"¥"0'),
        ("￥１，２３４", 1234, '"¥"#,##0'),
        (" 7 ", 7, "0"),
    ],
)
def test_numbers(text, number, format_):
    value = cell_value(text)
    assert (value.number, value.format) == (pytest.approx(number), format_)
    assert isinstance(value.number, int) == isinstance(number, int)


@pytest.mark.parametrize(
    "text",
    [
        "",
        "—",
        "-",
        "007",
        "12,34",
        "1.234,50",
        "2024-11-28",
        "021-5888",
        "1 234",
        "6222021234567890",
        "(5",
        "(-5)",
        "1.2.3",
        "3m",
        "=1+1",
        "1e5",
        "第3",
        "٣",
        "²",
    ],
)
def test_texts(text):
    assert cell_value(text) is None
