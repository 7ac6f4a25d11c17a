from importlib.resources import files

import pytest

from ctpn_crnn.crnn.charset import Charset
from ctpn_crnn.synthesis.fonts import Font, FontLibrary
from ctpn_crnn.synthesis.text import Corpus


@pytest.fixture(scope="session")
def charset():
    return Charset.default()


@pytest.fixture(scope="session")
def shipped_font():
    """The face that the package ships: tests must not depend on what is installed."""
    path = files("ctpn_crnn") / "assets" / "CtpnCrnnSans.woff2"
    return Font.open(str(path), 0, Charset.default().characters)


@pytest.fixture(scope="session")
def fonts(shipped_font):
    return FontLibrary([shipped_font])


@pytest.fixture(scope="session")
def corpus(charset, shipped_font):
    """Text that the shipped face can draw, but for hanzi: of these it has the frequent ones."""
    known = [c for c in charset.characters if shipped_font.covers(c) or "\u4e00" <= c <= "\u9fff"]
    return Corpus(None, Charset(known), traditional=0.0, rare=0.0)
