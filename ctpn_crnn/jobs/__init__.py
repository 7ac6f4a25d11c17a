"""Jobs over many documents: `folder` reads documents to files, `windows` is the batch detector; `journal` serves both."""
