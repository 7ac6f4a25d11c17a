"""Levenshtein distance, and what was mistaken for what."""

from __future__ import annotations

import numpy as np


def edit_distance(a: str, b: str) -> int:
    """Return the least number of insertions, deletions and replacements of characters that turn `a` into `b`.

    Bit-parallel: one column of the dynamic program is two integers of ``len(a)`` bits, so that whole pages are
    compared in milliseconds (Myers, JACM 46(3), 1999, in the form of Hyyro, Nordic J. Computing 10, 2003).
    """
    if not a or not b:
        return len(a) + len(b)
    places: dict[str, int] = {}
    for i, character in enumerate(a):
        places[character] = places.get(character, 0) | 1 << i
    full, last = (1 << len(a)) - 1, 1 << (len(a) - 1)
    rises, falls, distance = full, 0, len(a)
    for character in b:
        equal = places.get(character, 0)
        diagonal = (((equal & rises) + rises) ^ rises) | equal | falls
        rises_across = falls | (full & ~(diagonal | rises))
        falls_across = rises & diagonal
        distance += bool(rises_across & last) - bool(falls_across & last)
        # The first row of the table grows by one a column: this shifts in a rise.
        rises_across = rises_across << 1 | 1
        falls_across <<= 1
        rises = full & (falls_across | ~(diagonal | rises_across))
        falls = full & rises_across & diagonal
    return distance


def edits(truth: str, reading: str) -> list[tuple[str, str]]:
    """Return one shortest list of edits from `truth` to `reading`, from left to right.

    Returns:
        Pairs ``(true character, read character)``: a replacement; one of the two is empty for a missed or an invented
        character.
    """
    rows, columns = len(truth), len(reading)
    table = _distances(truth, reading)
    found: list[tuple[str, str]] = []
    i, j = rows, columns
    while i or j:
        if i and j and table[i, j] == table[i - 1, j - 1] + (truth[i - 1] != reading[j - 1]):
            i, j = i - 1, j - 1
            if truth[i] != reading[j]:
                found.append((truth[i], reading[j]))
        elif i and table[i, j] == table[i - 1, j] + 1:
            i -= 1
            found.append((truth[i], ""))
        else:
            j -= 1
            found.append(("", reading[j]))
    return found[::-1]


def _distances(a: str, b: str) -> np.ndarray:
    """Return the table of the distances of all prefixes, int32 (len(a) + 1, len(b) + 1)."""
    steps = np.arange(len(b) + 1, dtype=np.int32)
    table = np.empty((len(a) + 1, len(b) + 1), np.int32)
    table[0] = steps
    other = np.array([ord(c) for c in b], np.int64)
    for i, character in enumerate(a, start=1):
        above = table[i - 1]
        row = above + 1
        row[1:] = np.minimum(row[1:], above[:-1] + (other != ord(character)))
        # An insertion costs one step to the right: the minimum over all starts, as a running minimum.
        table[i] = np.minimum.accumulate(row - steps) + steps
    return table
