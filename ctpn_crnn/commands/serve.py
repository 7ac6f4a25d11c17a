"""Serve a page in the browser and a REST interface, by which pictures and PDFs are read."""

from __future__ import annotations

import argparse
import os
import socket
import sys

from ctpn_crnn import Recognizer
from ctpn_crnn.commands.arguments import (
    add_networks,
    positive,
    positive_number,
    search_options,
    weights_choice,
)
from ctpn_crnn.errors import ConfigError
from ctpn_crnn.server import check_installed
from ctpn_crnn.server.settings import ServerSettings

TOKEN_VARIABLE = "CTPN_CRNN_TOKEN"
_SHUTDOWN_SECONDS = 30  # for the page that is being read

EPILOG = """\
examples:
  ctpn-crnn serve
  curl -F file=@letter.jpg http://127.0.0.1:8000/v1/read
  curl -F file=@report.pdf -F format=md http://127.0.0.1:8000/v1/read
  CTPN_CRNN_TOKEN=... ctpn-crnn serve --host 0.0.0.0 --allowed-host ocr.example.org

Needs the extra serve: pip install "ctpn_crnn[serve]". Ctrl-C stops the server; it finishes the page that it reads.

exit codes: 0 or 130 stopped, 2 bad usage, or the address is taken
"""


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the options of the command."""
    limits = ServerSettings()
    address = parser.add_argument_group("address")
    address.add_argument("--host", default="127.0.0.1", help="address to listen on; 0.0.0.0 is all of this machine's")
    address.add_argument("--port", type=_port, default=8000, help="port to listen on; 0 takes a free one")
    address.add_argument(
        "--allowed-host",
        action="append",
        metavar="NAME",
        help="a further name by which clients may address the server (None: only this machine's own names when --host "
        "is one of them, else any)",
    )
    address.add_argument(
        "--token", help=f"clients must send it as Authorization: Bearer TOKEN (None: that of {TOKEN_VARIABLE}, if set)"
    )
    group = parser.add_argument_group("limits")
    group.add_argument("--max-mb", type=positive_number, default=limits.max_bytes / 1e6, help="largest file, in MB")
    group.add_argument(
        "--max-megapixels", type=positive_number, default=limits.max_pixels / 1e6, help="largest picture"
    )
    group.add_argument("--max-pages", type=positive, default=limits.job_pages, help="most pages of a document")
    group.add_argument("--queue", type=positive, default=limits.queue, help="most documents waiting or being read")
    group.add_argument(
        "--read-seconds", type=positive_number, default=limits.read_seconds, help="until /v1/read gives up"
    )
    group.add_argument(
        "--keep-seconds", type=positive_number, default=limits.job_seconds, help="until finished jobs are forgotten"
    )
    add_networks(parser.add_argument_group("networks"))


def run(arguments: argparse.Namespace) -> int:
    """Serve until stopped; returns the exit code.

    Raises:
        ConfigError: A package of the extra is missing, or the address cannot be used.
        WeightsError: The weights cannot be used.
    """
    check_installed()
    import uvicorn  # here: only this command needs it

    from ctpn_crnn.server.app import make_app
    from ctpn_crnn.server.guard import LOOPBACK

    token = arguments.token or os.environ.get(TOKEN_VARIABLE) or None
    settings = _settings(arguments)
    hosts = allowed_hosts(arguments.host, arguments.allowed_host or [], LOOPBACK)
    with listen(arguments.host, arguments.port) as listening:
        recognizer = Recognizer(
            weights_choice(arguments), arguments.runtime, arguments.precision, **search_options(arguments)
        )
        app = make_app(recognizer, settings, token=token, hosts=hosts)
        config = uvicorn.Config(
            app,
            log_level="warning",
            server_header=False,
            limit_concurrency=settings.connections,
            timeout_graceful_shutdown=_SHUTDOWN_SECONDS,
        )
        _announce(arguments.host, listening.getsockname()[1], token, LOOPBACK)
        uvicorn.Server(config).run(sockets=[listening])
    return 0


def allowed_hosts(host: str, named: list[str], loopback: frozenset[str]) -> frozenset[str] | None:
    """Return the names by which clients may address the server; None for any.

    Args:
        host: The address that the server listens on.
        named: Further names that were given.
        loopback: This machine's names for itself.
    """
    if host in loopback or named:
        return loopback | {host} | {name.lower() for name in named}
    return None


def listen(host: str, port: int) -> socket.socket:
    """Open the address before the networks are loaded, so that a taken one is noticed at once.

    Raises:
        ConfigError: It cannot be used.
    """
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    try:
        return socket.create_server((host, port), family=family)
    except OSError as error:
        reason = error.strerror or str(error)
        raise ConfigError(f"cannot listen on {host}, port {port}: {reason}; choose another --host or --port") from error


def _settings(arguments: argparse.Namespace) -> ServerSettings:
    return ServerSettings(
        max_bytes=max(1, round(arguments.max_mb * 1e6)),
        max_pixels=max(1, round(arguments.max_megapixels * 1e6)),
        read_pages=min(ServerSettings.read_pages, arguments.max_pages),
        job_pages=arguments.max_pages,
        queue=arguments.queue,
        read_seconds=arguments.read_seconds,
        job_seconds=arguments.keep_seconds,
    )


def _announce(host: str, port: int, token: str | None, loopback: frozenset[str]) -> None:
    shown = f"[{host}]" if ":" in host else host
    print(f"http://{shown}:{port} - Ctrl-C stops the server", flush=True)
    if host not in loopback and token is None:
        message = "without --token, everyone who reaches this address can have files read"
        print(f"warning: {message}", file=sys.stderr)


def _port(value: str) -> int:
    """Parse the number of a port."""
    if not value.isdecimal() or int(value) > 65_535:
        raise argparse.ArgumentTypeError(f"{value!r} is not a port; give a number in 0..65535")
    return int(value)
