"""Rendered pages and scenes for the detector."""
