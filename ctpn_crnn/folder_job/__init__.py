"""Many documents read in one job: page by page, each to its files, able to go on where it stopped.

    documents, failures = expand(["scans"])
    output, done = Path("read"), {"formats": ["txt", "pdf"]}
    journal = Journal(output)
    plan = make_plan(documents, output, done, journal)
    FolderJob(Recognizer(), journal, done["formats"], output, done=done).run(plan.work)

Importing this package imports neither TensorFlow nor Keras.
"""

from __future__ import annotations

from ctpn_crnn.folder_job.documents import Document, expand, file_signature
from ctpn_crnn.folder_job.job import FolderJob, Watcher
from ctpn_crnn.folder_job.journal import Journal
from ctpn_crnn.folder_job.names import free_stem
from ctpn_crnn.folder_job.pages import PageOptions, count_pages
from ctpn_crnn.folder_job.plan import Plan, make_plan

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
