"""CTPN: finds text lines (Tian et al., ECCV 2016, arXiv 1609.03605)."""
