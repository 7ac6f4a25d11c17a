"""Read many documents in one job: page by page, each to its files, continuing where an earlier run stopped.

    documents, failures = expand(["scans"])
    output, done = Path("read"), {"formats": ["txt", "pdf"]}
    with Journal(output / JOURNAL_NAME) as journal:
        records = DocumentRecords(journal)
        plan = make_plan(documents, output, done, records)
        FolderJob(Recognizer(), records, done["formats"], output, done=done).run(plan.work)

Importing this package imports neither TensorFlow nor Keras.
"""

from __future__ import annotations

from ctpn_crnn.jobs.folder.documents import Document, expand, file_signature
from ctpn_crnn.jobs.folder.job import FolderJob, JobMonitor
from ctpn_crnn.jobs.folder.pages import PageOptions, count_pages
from ctpn_crnn.jobs.folder.plan import Plan, make_plan
from ctpn_crnn.jobs.folder.records import JOURNAL_NAME, DocumentRecords

__all__ = [
    "JOURNAL_NAME",
    "Document",
    "DocumentRecords",
    "FolderJob",
    "JobMonitor",
    "PageOptions",
    "Plan",
    "count_pages",
    "expand",
    "file_signature",
    "make_plan",
]
