"""Fixtures that several rooms' tests share."""

from __future__ import annotations

import json
import socket

import pytest


@pytest.fixture
def worker_configs() -> list[str]:
    """TF_CONFIG of each of two worker processes on this machine."""
    with socket.create_server(("localhost", 0)) as first, socket.create_server(("localhost", 0)) as second:
        workers = [f"localhost:{held.getsockname()[1]}" for held in (first, second)]
    tasks = [{"type": "worker", "index": index} for index in range(2)]
    return [json.dumps({"cluster": {"worker": workers}, "task": task}) for task in tasks]
