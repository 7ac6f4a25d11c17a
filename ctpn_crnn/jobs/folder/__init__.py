"""Many documents read in one job: page by page, each to its files, able to go on where it stopped.

    documents, failures = expand(["scans"])
    output, done = Path("read"), {"formats": ["txt", "pdf"]}
    journal = Journal(output)
    plan = make_plan(documents, output, done, journal)
    FolderJob(Recognizer(), journal, done["formats"], output, done=done).run(plan.work)

Importing this package imports neither TensorFlow nor Keras.
"""

from __future__ import annotations

from ctpn_crnn.jobs.folder.documents import Document, expand, file_signature
from ctpn_crnn.jobs.folder.job import FolderJob, Watcher
from ctpn_crnn.jobs.folder.journal import Journal
from ctpn_crnn.jobs.folder.names import free_stem
from ctpn_crnn.jobs.folder.pages import PageOptions, count_pages
from ctpn_crnn.jobs.folder.plan import Plan, make_plan

__all__ = [
    "Document",
    "FolderJob",
    "Journal",
    "PageOptions",
    "Plan",
    "Watcher",
    "count_pages",
    "expand",
    "file_signature",
    "free_stem",
    "make_plan",
]
