"""Rendered text lines for the reader."""
