"""The base of every writer: pages go in one by one, and the file appears when it is complete."""

from __future__ import annotations

import abc
import os
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager, suppress
from pathlib import Path
from types import TracebackType
from typing import ClassVar, TextIO, TypeVar

import numpy as np

from ctpn_crnn.errors import OutputError
from ctpn_crnn.files import output_error, written_aside
from ctpn_crnn.page import Page
from ctpn_crnn.writers.packages import Package

Self = TypeVar("Self", bound="DocumentWriter")  # typing.Self came with Python 3.11


class DocumentWriter(abc.ABC):
    """Writes one document, page by page, in one format.

    The file appears under its name when `close` succeeds. Any exception, in `add`, in `close` or in the body of the
    `with` statement, discards what was written.

    Example:
        >>> from ctpn_crnn.writers import open_writer
        >>> with open_writer("hocr", "contract.hocr") as writer:      # doctest: +SKIP
        ...     for page in Recognizer().recognize_all("contract.pdf"):
        ...         writer.add(page)

    A subclass defines `suffix` and `_write_page`, and overrides `_finish` and `_abandon` if it needs to.

    Args:
        path: The file to write. Its folder must exist. A file that is there already is replaced.

    Attributes:
        suffix: Ending of file names in this format, such as ".hocr".
        needs_image: Whether `add` needs the image of the page.
        packages: What the format needs besides what reading needs.
        path: The file to write.
        pages: Number of pages added so far.
    """

    suffix: ClassVar[str]
    needs_image: ClassVar[bool] = False
    packages: ClassVar[tuple[Package, ...]] = ()

    def __init__(self, path: str | os.PathLike[str]) -> None:
        self.path = Path(path)
        self.pages = 0
        self._open = True

    @classmethod
    def check_installed(cls) -> None:
        """Check that the packages that the format needs are installed.

        Raises:
            ConfigError: A package is missing.
        """
        for package in cls.packages:
            package.load()

    def add(self, page: Page, image: np.ndarray | None = None) -> None:
        """Write the next page.

        Args:
            page: The page.
            image: The image that the page was read from, uint8 BGR (H, W, 3). Ignored if `needs_image` is False.

        Raises:
            OutputError: The page cannot be written, its image is missing, or the writer is closed.
        """
        if not self._open:
            raise OutputError(f"cannot add a page to {self.path}: its writer is closed; open a new one")
        with self._discarding_on_error():
            if self.needs_image and image is None:
                raise OutputError(f"cannot write a page to {self.path}: this format needs the image of the page too")
            self._write_page(page, image)
        self.pages += 1

    def close(self) -> None:
        """Complete the document and give it its name. Closing again does nothing.

        Raises:
            OutputError: The document cannot be completed. Then there is no file, or still the one that was there.
        """
        if not self._open:
            return
        with self._discarding_on_error():
            self._finish()
        self._open = False

    def discard(self) -> None:
        """Close without writing the document. A file that was there already stays as it was."""
        if self._open:
            self._open = False
            self._abandon()

    def __enter__(self: Self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        if kind is None:
            self.close()
        else:
            self.discard()

    @abc.abstractmethod
    def _write_page(self, page: Page, image: np.ndarray | None) -> None:
        """Write a page; `self.pages` is its number, from 0.

        Any error that it raises discards the document. An OSError becomes an `OutputError`.
        """

    def _finish(self) -> None:  # noqa: B027 - some formats have nothing to do here
        """Write what follows the last page, and give the file its name."""

    def _abandon(self) -> None:  # noqa: B027 - some formats have nothing to do here
        """Remove what was written; must not raise."""

    @contextmanager
    def _discarding_on_error(self) -> Iterator[None]:
        try:
            yield
        except BaseException as error:
            self.discard()
            if isinstance(error, OSError) and not isinstance(error, OutputError):
                raise output_error(self.path, error) from error
            raise


class FileWriter(DocumentWriter):
    """A document that is one file.

    A subclass writes to `self.aside`, which `close` renames to `self.path`. A file that it keeps open goes into
    `self.resources`, which is closed before the rename. A subclass that extends `_finish` does its own work first and
    then calls `super()._finish()`.

    Args:
        path: The file to write. Its folder must exist. A file that is there already is replaced.

    Attributes:
        aside: The temporary path to write to. It does not exist before the subclass makes it.
        resources: Closed, the last first, when the document is finished or abandoned.

    Raises:
        OutputError: The folder does not exist, or `path` is a folder.
    """

    def __init__(self, path: str | os.PathLike[str]) -> None:
        super().__init__(path)
        self._place = ExitStack()
        self.aside: Path = self._place.enter_context(written_aside(self.path))
        self.resources = ExitStack()

    def _finish(self) -> None:
        self.resources.close()
        self._place.close()

    def _abandon(self) -> None:
        for stack in (self.resources, self._place):
            close_quietly(stack)


class TextFileWriter(FileWriter):
    """A document that is UTF-8 text with Unix line ends; a subclass writes to `self.file`.

    Args:
        path: The file to write. Its folder must exist. A file that is there already is replaced.

    Attributes:
        encoding_errors: What becomes of lone surrogates, which a page made by hand may hold; see `open`.
        file: The open file.
    """

    encoding_errors: ClassVar[str] = "replace"

    def __init__(self, path: str | os.PathLike[str]) -> None:
        super().__init__(path)
        with self._discarding_on_error():
            self.file: TextIO = self.resources.enter_context(
                open(self.aside, "w", encoding="utf-8", errors=self.encoding_errors, newline="\n")
            )


def close_quietly(stack: ExitStack) -> None:
    """Close a stack as after an error, so that `written_aside` removes its files instead of renaming them."""
    reason = _AbandonedError()
    with suppress(Exception):  # `reason` itself comes back; and closing a file that could not be written fails again
        stack.__exit__(_AbandonedError, reason, None)


class _AbandonedError(Exception):
    """The error that `close_quietly` closes a stack with."""
