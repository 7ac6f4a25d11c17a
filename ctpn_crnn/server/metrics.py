"""Figures about the server's work, in the text format of Prometheus."""

from __future__ import annotations

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram, generate_latest

PAGE_SECONDS = (0.1, 0.25, 0.5, 1.0, 2.0, 4.0, 8.0, 16.0, 32.0, 64.0)
"""Upper bounds of the histogram's bins."""


class Metrics:
    """Counters of one server; two servers in a process do not share them.

    Attributes:
        requests: Answered requests, by method, route and status.
        pages: Pages read, by outcome: "read" or "failed".
        page_seconds: Time to load and read a page.
        unfinished: Documents that are waiting or being read.
        kept: Finished jobs whose results can still be fetched.
    """

    def __init__(self) -> None:
        self._registry = registry = CollectorRegistry()
        self.requests = Counter(
            "ctpn_crnn_requests", "Answered requests.", ["method", "route", "status"], registry=registry
        )
        self.pages = Counter("ctpn_crnn_pages", "Pages, by outcome.", ["outcome"], registry=registry)
        self.page_seconds = Histogram(
            "ctpn_crnn_page_seconds", "Time to load and read a page.", buckets=PAGE_SECONDS, registry=registry
        )
        self.unfinished = Gauge(
            "ctpn_crnn_unfinished_documents", "Documents that are waiting or being read.", registry=registry
        )
        self.kept = Gauge("ctpn_crnn_kept_jobs", "Finished jobs that are kept.", registry=registry)

    def text(self) -> bytes:
        """Return all figures in the text format of Prometheus."""
        return generate_latest(self._registry)
