"""Anything readable to images, page by page: files, folders, PDF, TIFF, decoding, prefetch."""
