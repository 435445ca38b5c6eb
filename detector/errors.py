"""What goes wrong by the user's hand or the world's, as one sentence: what, where, what to do."""

from __future__ import annotations


class UsageError(Exception):
    """Something asked for cannot be done. A command prints the sentence and exits with code 2."""


class CannotReadError(UsageError):
    """The footage cannot be read."""


class CannotWriteError(UsageError):
    """The result cannot be written."""
