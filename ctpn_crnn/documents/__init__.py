"""From files, folders, PDFs, TIFFs and data in memory to images, page by page."""
