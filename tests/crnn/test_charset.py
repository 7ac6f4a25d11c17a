import pytest

from ctpn_crnn.crnn.charset import Charset
from ctpn_crnn.errors import CharsetError


def test_default_holds_what_a_reader_needs():
    charset = Charset.default()
    hanzi = [c for c in charset.characters if "\u4e00" <= c <= "\u9fff"]
    assert len(hanzi) > 6763  # GB 2312-80 has 6763; the traditional ones come on top.
    assert charset.covers("啊齄 座 國們會說 AZaz09~!“”‘’，。、；：？！…—《》（）【】￥¥€%‰℃①⑩ⅠⅫＡｚ０９αΩ·")
    assert charset.num_classes == len(charset) + 1


def test_indices_start_after_the_blank_and_round_trip():
    charset = Charset("甲乙a ")
    assert charset.encode("a甲 乙") == [3, 1, 4, 2]
    assert charset.decode([0, 3, 0, 1, 4, 2, 0]) == "a甲 乙"
    assert charset.decode([1, 1]) == "甲甲"


@pytest.mark.parametrize("characters", ["", "abca", ["ab"], ["a", ""], "a\n"])
def test_bad_charsets_are_refused(characters):
    with pytest.raises(CharsetError):
        Charset(characters)


def test_errors_name_the_character_and_the_index():
    charset = Charset("ab")
    with pytest.raises(CharsetError, match="'中'"):
        charset.encode("a中")
    with pytest.raises(CharsetError, match="3"):
        charset.decode([3])
    assert charset.missing("a中b文中") == "中文"


def test_file_round_trip(tmp_path):
    path = tmp_path / "charset.txt"
    Charset(" #中\u3000").save(path)
    assert path.read_text(encoding="utf-8") == " \n#\n中\n\u3000\n"
    assert Charset.load(path) == Charset(" #中\u3000")


def test_file_errors_name_the_line(tmp_path):
    path = tmp_path / "charset.txt"
    path.write_text("a\nbc\n", encoding="utf-8")
    with pytest.raises(CharsetError, match="line 2"):
        Charset.load(path)
    path.write_bytes(b"\xff\xfe\xff")
    with pytest.raises(CharsetError, match="UTF-8"):
        Charset.load(path)
    with pytest.raises(CharsetError, match="missing"):
        Charset.load(tmp_path / "missing.txt")
