import pytest

from ctpn_crnn.synthesis.pages.backgrounds import Photos
from ctpn_crnn.synthesis.pages.page_sample import PageKit
from ctpn_crnn.synthesis.text import Corpus


@pytest.fixture(scope="session")
def corpus():
    """Text of the whole charset: pages leave out what their face lacks."""
    return Corpus()


@pytest.fixture(scope="session")
def kit(fonts, corpus):
    return PageKit(fonts, corpus, Photos())
