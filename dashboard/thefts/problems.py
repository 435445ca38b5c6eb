"""One sentence about one piece of bad input, kept apart from the language it is said in."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field


@dataclass(frozen=True)
class Problem:
    """`text` is the English sentence with named places, `%(value)s`, for `values`."""

    text: str
    values: Mapping[str, object] = field(default_factory=dict)

    def said(self, translate: Callable[[str], str]) -> str:
        return translate(self.text) % self.values

    def __str__(self) -> str:
        return self.said(str)


class BadValueError(ValueError):
    """One value cannot be understood."""

    def __init__(self, text: str, **values: object) -> None:
        self.problem = Problem(text, values)
        super().__init__(str(self.problem))


class UploadRefusedError(Exception):
    """The whole file cannot be taken."""

    def __init__(self, text: str, **values: object) -> None:
        self.problem = Problem(text, values)
        super().__init__(str(self.problem))
