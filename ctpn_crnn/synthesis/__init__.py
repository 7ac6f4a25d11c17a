"""Training images that we render ourselves: fonts, corpus, text lines, pages, degradation."""
