"""Training images that are rendered.

`text` draws what is written, `fonts` the faces. `lines` renders text lines for the reader, `pages` whole pages for the
detector; `degradation` makes both look printed, scanned and compressed. `sets` writes samples to disk.
"""
