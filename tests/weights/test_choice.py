"""Which files a choice of weights means; wrong choices are tested with the recognizer."""

from ctpn_crnn.weights.choice import choose_weights


def test_a_folder_a_pair_and_one_of_the_two(tmp_path):
    for name in ("ctpn.h5", "crnn.h5"):
        (tmp_path / name).touch()
    assert choose_weights(None) == {"ctpn": None, "crnn": None}
    assert choose_weights(tmp_path) == {"ctpn": tmp_path / "ctpn.h5", "crnn": tmp_path / "crnn.h5"}
    assert choose_weights(("a", None)) == {"ctpn": "a", "crnn": None}
    assert choose_weights({"crnn": "b"}) == {"ctpn": None, "crnn": "b"}
