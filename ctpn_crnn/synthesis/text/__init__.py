"""The text of training images: `Corpus` draws lines, signs and phrases from text files and from templates."""

from ctpn_crnn.synthesis.text.corpus import Corpus

__all__ = ["Corpus"]
