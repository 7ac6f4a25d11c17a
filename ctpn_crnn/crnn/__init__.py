"""CRNN (Shi et al., 2015, arXiv 1507.05717): reads the text of a line."""
