"""Jobs over many files: `folder` reads documents to files, `windows` is the batch detector; both keep a `journal`."""
