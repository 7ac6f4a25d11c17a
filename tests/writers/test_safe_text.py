"""Text that may stand in a file."""

from ctpn_crnn.writers.safe_text import empty_tag, one_line, printable, start_tag, xml_text


def test_control_characters_and_surrogates_are_left_out():
    assert printable("a\0\x0b\x85\ud800\ufffe中\t\n") == "a中\t\n"


def test_white_space_becomes_one_space():
    assert one_line(" a\t\n b\0 ") == "a b"


def test_markup_is_escaped():
    assert xml_text("a<b & c\0") == "a&lt;b &amp; c"
    assert start_tag("p", class_="x", xml__lang=None, title='"') == '<p class="x" title=\'"\'>'
    assert empty_tag("SP", WIDTH=3, xml__lang="zh") == '<SP WIDTH="3" xml:lang="zh"/>'
